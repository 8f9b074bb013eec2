/** The metrics of one period by id; undefined = no data. */
export type Period = (id: string) => number | undefined;

type Value = number | undefined;
/** What an expression is worth in a period; undefined = no data. */
export type Expression = (period: Period) => Value;

/**
 * CloudWatch metric math as far as alarms and dashboard use it: numbers, ids, `+ - * / >= > < <=`, FILL, IF, MAX over a
 * list, and SERVICE_QUOTA. No data stays no data, but for FILL; IF without a third argument gives none where its
 * condition is false (CloudWatch user guide, "Using math expressions"). Throws on anything else: an expression that is
 * not understood proves nothing.
 * @param quota what SERVICE_QUOTA gives; undefined where nobody knows it, which is no data
 */
export function metricMath(text: string, quota: number | undefined): Expression {
  const parser = new Parser(text.match(/[A-Za-z_]\w*|\d+(?:\.\d+)?|>=|<=|[-+*/()[\],<>]/g) ?? [], quota);
  if (text.replaceAll(/[A-Za-z_]\w*|\d+(?:\.\d+)?|>=|<=|[-+*/()[\],<>]|\s/g, "") !== "")
    throw new Error(`${text}: characters that metric math does not have`);
  return parser.whole();
}

const OPERATORS: readonly Readonly<Record<string, (left: number, right: number) => number>>[] = [
  {
    ">=": (a, b) => Number(a >= b),
    "<=": (a, b) => Number(a <= b),
    ">": (a, b) => Number(a > b),
    "<": (a, b) => Number(a < b),
  },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => a / b },
];

class Parser {
  private at = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly quota: number | undefined,
  ) {}

  whole(): Expression {
    const expression = this.binary(0);
    if (this.at < this.tokens.length)
      throw new Error(`${this.tokens.join(" ")}: "${this.tokens[this.at]}" is one too many`);
    return expression;
  }

  private binary(level: number): Expression {
    const operators = OPERATORS[level];
    if (!operators) return this.term();
    let left = this.binary(level + 1);
    for (
      let operator = operators[this.tokens[this.at] ?? ""];
      operator;
      operator = operators[this.tokens[this.at] ?? ""]
    ) {
      this.at += 1;
      const [before, after, apply] = [left, this.binary(level + 1), operator];
      left = (period) => {
        const [a, b] = [before(period), after(period)];
        const value = a === undefined || b === undefined ? undefined : apply(a, b);
        return value === undefined || Number.isFinite(value) ? value : undefined;
      };
    }
    return left;
  }

  private term(): Expression {
    const token = this.next();
    if (token === "(") return this.closed(this.binary(0), ")");
    if (/^\d/.test(token)) return () => Number(token);
    if (this.tokens[this.at] === "(") return this.call(token);
    if (!/^[a-z]\w*$/.test(token)) throw new Error(`"${token}" is no id; CloudWatch wants a lower-case letter first`);
    return (period) => period(token);
  }

  private call(name: string): Expression {
    this.at += 1;
    const list = this.tokens[this.at] === "[";
    if (list) this.at += 1;
    const parts = [this.binary(0)];
    while (this.tokens[this.at] === ",") {
      this.at += 1;
      parts.push(this.binary(0));
    }
    if (list) this.closed(parts[0]!, "]");
    this.closed(parts[0]!, ")");
    const [first, second, third] = parts as [Expression, Expression?, Expression?];
    if (name === "FILL" && second) return (period) => first(period) ?? second(period);
    if (name === "IF" && second)
      return (period) =>
        first(period) === undefined ? undefined : first(period) !== 0 ? second(period) : third?.(period);
    if (name === "MAX" && list)
      return (period) =>
        parts
          .map((part) => part(period))
          .reduce((a, b) => (a === undefined ? b : b === undefined ? a : Math.max(a, b)));
    if (name === "SERVICE_QUOTA") return () => this.quota;
    throw new Error(`${name} with ${parts.length} arguments is not known here`);
  }

  private closed(expression: Expression, by: string): Expression {
    const token = this.next();
    if (token !== by) throw new Error(`"${token}" where "${by}" belongs`);
    return expression;
  }

  private next(): string {
    const token = this.tokens[this.at];
    if (token === undefined) throw new Error(`${this.tokens.join(" ")}: ends too early`);
    this.at += 1;
    return token;
  }
}
