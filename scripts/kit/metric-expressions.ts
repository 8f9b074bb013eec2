import type { NamedStatistic } from "./metric-data";
import { canonical } from "./value-text";

/** The value of an expression in one period, given the values of metrics by id. Undefined is no data. */
type Expression = (period: Period) => number | undefined;
type Period = (id: string) => number | undefined;

const TOKEN = /[A-Za-z_]\w*|\d+(?:\.\d+)?|>=|<=|[-+*/()[\],<>]/g;

/**
 * Reads CloudWatch metric math as far as alarms and dashboard use it: numbers, ids, `+ - * / >= > < <=`, FILL, IF, MAX
 * over a list, and SERVICE_QUOTA. Only FILL makes a value of no data; IF without a third argument has no data where its
 * condition is false (CloudWatch user guide, "Using math expressions"). Throws on anything else.
 * @param serviceQuota value of SERVICE_QUOTA. Default: no data
 */
export function parseMetricMath(text: string, serviceQuota?: number): Expression {
  if (text.replaceAll(TOKEN, "").trim() !== "")
    throw new Error(`${text} has characters that metric math does not have.`);
  return new Parser(text, serviceQuota).parse();
}

/** Operators by how strongly they bind, the weakest first. */
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
  private readonly tokens: readonly string[];
  private position = 0;

  constructor(
    private readonly text: string,
    private readonly serviceQuota: number | undefined,
  ) {
    this.tokens = text.match(TOKEN) ?? [];
  }

  parse(): Expression {
    const expression = this.parseOperators(0);
    if (this.position < this.tokens.length)
      throw new Error(`${this.text} goes on with "${this.tokens[this.position]}" where it should end.`);
    return expression;
  }

  private parseOperators(level: number): Expression {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.parseTerm();
    let left = this.parseOperators(level + 1);
    for (;;) {
      const operator = operators[this.tokens[this.position] ?? ""];
      if (operator === undefined) return left;
      this.position += 1;
      left = applyOperator(operator, left, this.parseOperators(level + 1));
    }
  }

  private parseTerm(): Expression {
    const token = this.next();
    if (token === "(") {
      const inner = this.parseOperators(0);
      this.expect(")");
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (this.accept("(")) return this.parseCall(token);
    if (!/^[a-z]/.test(token))
      throw new Error(`${this.text} has "${token}" where an id belongs, which begins with a lower-case letter.`);
    return (period) => period(token);
  }

  private parseCall(name: string): Expression {
    const isList = this.accept("[");
    const parts = [this.parseOperators(0)];
    while (this.accept(",")) parts.push(this.parseOperators(0));
    if (isList) this.expect("]");
    this.expect(")");
    const [first, second, third] = parts as [Expression, Expression?, Expression?];
    if (name === "FILL" && second) return (period) => first(period) ?? second(period);
    if (name === "IF" && second)
      return (period) => {
        const condition = first(period);
        if (condition === undefined) return undefined;
        return condition !== 0 ? second(period) : third?.(period);
      };
    if (name === "MAX" && isList)
      return (period) => {
        const values = parts.map((part) => part(period)).filter((value) => value !== undefined);
        return values.length === 0 ? undefined : Math.max(...values);
      };
    if (name === "SERVICE_QUOTA") return () => this.serviceQuota;
    throw new Error(`${this.text} calls ${name} with ${parts.length} arguments, which is not supported here.`);
  }

  private accept(token: string): boolean {
    const isNext = this.tokens[this.position] === token;
    if (isNext) this.position += 1;
    return isNext;
  }

  private expect(token: string): void {
    const found = this.next();
    if (found !== token) throw new Error(`${this.text} has "${found}" where "${token}" belongs.`);
  }

  private next(): string {
    const token = this.tokens[this.position];
    if (token === undefined) throw new Error(`${this.text} ends too early.`);
    this.position += 1;
    return token;
  }
}

function applyOperator(
  operator: (left: number, right: number) => number,
  left: Expression,
  right: Expression,
): Expression {
  return (period) => {
    const [a, b] = [left(period), right(period)];
    const value = a === undefined || b === undefined ? NaN : operator(a, b);
    return Number.isFinite(value) ? value : undefined;
  };
}

/**
 * Evaluates metric math in each period. Without a value of any metric there is no result, because FILL only fills gaps.
 * @param valuesById values of metrics by the begin of their period
 * @throws Error where the expression is not supported, or names another id
 */
export function evaluateMath(
  text: string,
  valuesById: ReadonlyMap<string, ReadonlyMap<number, number>>,
  periodsMs: readonly number[],
): [ms: number, value: number][] {
  const evaluatePeriod = parseMetricMath(text);
  const used = [...new Set(text.match(/\b[a-z]\w*\b/g) ?? [])];
  const unknown = used.filter((id) => !valuesById.has(id));
  if (unknown.length > 0)
    throw new Error(
      `${text} names ${unknown.join(", ")}; allowed: ids of metrics beside it (${[...valuesById.keys()].join(", ")}).`,
    );
  if (used.every((id) => valuesById.get(id)?.size === 0)) return [];
  return periodsMs.flatMap((ms): [number, number][] => {
    const value = evaluatePeriod((id) => valuesById.get(id)?.get(ms));
    return value === undefined ? [] : [[ms, value]];
  });
}

/** A SEARCH expression, read. */
interface Search {
  readonly namespace: string;
  /** A metric must have exactly these dimensions. */
  readonly dimensions: readonly string[];
  /** Values that dimensions, or MetricName, must have. */
  readonly terms: Readonly<Record<string, string>>;
  readonly statistic: string;
}

export const isSearch = (expression: string): boolean => expression.startsWith("SEARCH(");

/**
 * Reads `SEARCH('{Namespace,Dimension,…} Name="value" …', 'Statistic')`, the only form that the dashboard uses
 * (CloudWatch user guide, "Search expression syntax"). Throws on any other form.
 */
export function parseSearch(expression: string): Search {
  const [, schema, terms = "", statistic] =
    /^SEARCH\('\{([^{}']+)\}((?:\s+[\w.]+="[^"']*")*)\s*',\s*'([\w.()%:]+)'\s*\)$/.exec(expression) ?? [];
  const [namespace, ...dimensions] = schema?.split(",").map((part) => part.trim().replace(/^"(.*)"$/, "$1")) ?? [];
  if (namespace === undefined || statistic === undefined)
    throw new Error(
      `${expression} is not supported here; allowed: SEARCH('{Namespace,Dimension} Name="value"', 'Statistic').`,
    );
  return {
    namespace,
    dimensions,
    statistic,
    terms: Object.fromEntries([...terms.matchAll(/([\w.]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!])),
  };
}

/** Whether a search finds a metric. */
export function isFoundBy(
  { namespace, dimensions, terms }: Search,
  metric: Pick<NamedStatistic, "namespace" | "metric" | "dimensions">,
): boolean {
  return (
    metric.namespace === namespace &&
    canonical(Object.keys(metric.dimensions).sort()) === canonical([...dimensions].sort()) &&
    Object.entries(terms).every(
      ([name, value]) => ({ MetricName: metric.metric, Namespace: namespace, ...metric.dimensions })[name] === value,
    )
  );
}

/** The series that a search finds, ordered by their dimensions. */
export function findSeries<Series extends NamedStatistic & { readonly periodSeconds: number }>(
  search: Search,
  periodSeconds: number,
  series: readonly Series[],
): readonly Series[] {
  const isFound = (each: Series) =>
    each.statistic === search.statistic && each.periodSeconds === periodSeconds && isFoundBy(search, each);
  const orderKey = (each: Series) => canonical([each.dimensions, each.metric]);
  return series.filter(isFound).sort((left, right) => (orderKey(left) < orderKey(right) ? -1 : 1));
}

/** Fills in what a search's label names of a metric: `${PROP('Dim.Agent')}` is the agent's name. */
export const fillLabel = (label: string, dimensions: NamedStatistic["dimensions"]): string =>
  label.replaceAll(/\$\{PROP\('Dim\.(\w+)'\)\}/g, (whole, name: string) => dimensions[name] ?? whole);
