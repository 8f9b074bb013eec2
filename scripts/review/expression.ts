import { applyOperator, applySign, callFunction, OPERATORS, readEach, readStep } from "./expression-operators";
import { type Path, Unknown } from "./plan-json";

/** What the names in an expression mean. */
export interface Scope {
  /**
   * Value of `var.<name>`, `local.<name>`, or an attribute such as `aws_sns_topic.alarm_topic[0].arn`; {@link Unknown}
   * where it is not known.
   */
  readonly lookUp: (path: Path) => unknown;
}

/**
 * Evaluates a value of Terraform's JSON syntax, whose texts and keys of objects are templates. A value that is not
 * known, or that uses syntax or a function that is not evaluated here, becomes {@link Unknown}.
 */
export function evaluate(value: unknown, scope: Scope): unknown {
  if (typeof value === "string") return evaluateTemplate(value, scope);
  if (Array.isArray(value)) return value.map((part) => evaluate(part, scope));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [String(evaluateTemplate(key, scope)), evaluate(part, scope)]),
  );
}

function evaluateTemplate(text: string, scope: Scope): unknown {
  if (!text.includes("${") && !text.includes("%{")) return text;
  try {
    return new Evaluator(text, scope).evaluateTemplate();
  } catch (error) {
    if (error instanceof NotSupported) return new Unknown();
    throw error;
  }
}

/** The text has syntax that is not evaluated here. */
class NotSupported extends Error {}

/** A place in the text of an expression, which only moves forward. */
class Cursor {
  protected at = 0;

  constructor(protected readonly text: string) {}

  protected skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at += 1;
  }

  protected sees(sign: string): boolean {
    this.skipSpace();
    return this.text.startsWith(sign, this.at);
  }

  protected match(pattern: RegExp): string | undefined {
    this.skipSpace();
    return pattern.exec(this.text.slice(this.at))?.[0];
  }

  /** Moves past a match of a pattern that begins with `^`. */
  protected read(pattern: RegExp): string {
    const found = this.match(pattern);
    if (found === undefined) throw new NotSupported();
    this.at += found.length;
    return found;
  }

  protected readWord(): string {
    return this.read(/^[A-Za-z_][\w-]*/);
  }

  /** Moves past a sign, if it is next. In a template white space counts, so none is skipped before `${` and a slash. */
  protected skip(sign: string): boolean {
    if (!sign.endsWith("{") && sign !== "\\") this.skipSpace();
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  protected demand(sign: string): void {
    if (!this.skip(sign)) throw new NotSupported();
  }
}

/** Evaluates one expression while it reads it from left to right (Terraform language, "Expressions"). */
class Evaluator extends Cursor {
  /** Variables of `for`, by name. */
  private variables: Readonly<Record<string, unknown>> = {};

  constructor(
    text: string,
    private readonly scope: Scope,
  ) {
    super(text);
  }

  /** Text with `${…}` in it, up to the end or to a closing quote. A single expression keeps its type. */
  evaluateTemplate(end = ""): unknown {
    const parts: unknown[] = [];
    let plain = "";
    while (this.at < this.text.length && (end === "" || this.text[this.at] !== end)) {
      if (this.skip("$${")) plain += "${";
      else if (this.skip("${")) {
        if (plain !== "") parts.push(plain);
        plain = "";
        parts.push(this.evaluateExpression());
        this.demand("}");
      } else if (this.text.startsWith("%{", this.at)) throw new NotSupported();
      else if (end !== "" && this.skip("\\")) plain += ESCAPES[this.text[this.at++] ?? ""] ?? "";
      else plain += this.text[this.at++];
    }
    if (plain !== "" || parts.length === 0) parts.push(plain);
    return parts.length === 1 ? parts[0] : parts.map(String).join("");
  }

  private evaluateExpression(): unknown {
    const condition = this.evaluateBinary(0);
    if (!this.skip("?")) return condition;
    const then = this.evaluateExpression();
    this.demand(":");
    const otherwise = this.evaluateExpression();
    return condition instanceof Unknown ? new Unknown() : condition === true ? then : otherwise;
  }

  private evaluateBinary(level: number): unknown {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.evaluateUnary();
    let left = this.evaluateBinary(level + 1);
    for (;;) {
      const operator = operators.find((sign) => this.skip(sign));
      if (operator === undefined) return left;
      left = applyOperator(operator, left, this.evaluateBinary(level + 1));
    }
  }

  private evaluateUnary(): unknown {
    const sign = this.match(/^(!(?!=)|-)/);
    if (sign !== "!" && sign !== "-") return this.evaluateOperand();
    this.demand(sign);
    return applySign(sign, this.evaluateUnary());
  }

  private evaluateOperand(): unknown {
    if (this.match(/^[A-Za-z_]/) === undefined) return this.evaluateSteps(this.evaluateLiteral());
    const word = this.readWord();
    if (Object.hasOwn(CONSTANTS, word)) return CONSTANTS[word];
    if (this.sees("(")) {
      const values = this.evaluateList("(", ")");
      return this.evaluateSteps(values instanceof Unknown ? values : callFunction(word, values));
    }
    return Object.hasOwn(this.variables, word)
      ? this.evaluateSteps(this.variables[word])
      : this.evaluateReference(word);
  }

  /** `var.a`, `local.b`, `aws_c.d[0].e`: the part that names something, then steps into its value. */
  private evaluateReference(first: string): unknown {
    const path: (string | number)[] = [first];
    const longest = first === "var" || first === "local" ? 2 : 64;
    while (path.length < longest && (this.sees(".") || this.sees("["))) {
      if (this.skip("[*]"))
        return readEach(this.scope.lookUp([...path, "*"]), this.skip(".") ? this.readWord() : undefined);
      path.push(this.readStepKey());
    }
    return this.evaluateSteps(this.scope.lookUp(path));
  }

  private evaluateSteps(value: unknown): unknown {
    let result = value;
    while (this.sees(".") || this.sees("[")) result = readStep(result, this.readStepKey());
    return result;
  }

  /** `.word` or `[expression]` */
  private readStepKey(): string | number {
    if (this.skip(".")) return this.readWord();
    this.demand("[");
    const key = this.evaluateExpression();
    this.demand("]");
    if (typeof key === "string" || typeof key === "number") return key;
    throw new NotSupported();
  }

  private evaluateLiteral(): unknown {
    if (this.skip('"')) {
      const text = this.evaluateTemplate('"');
      this.demand('"');
      return text;
    }
    if (this.skip("(")) {
      const value = this.evaluateExpression();
      this.demand(")");
      return value;
    }
    if (this.sees("[")) return this.evaluateList("[", "]");
    if (this.sees("{")) return this.evaluateObject();
    return Number(this.read(/^\d+(\.\d+)?/));
  }

  private evaluateList(open: string, close: string): unknown[] | Unknown {
    this.demand(open);
    if (this.match(/^for\s/)) return this.evaluateFor(close);
    const values: unknown[] = [];
    while (!this.skip(close)) {
      values.push(this.evaluateExpression());
      if (!this.sees(close)) this.demand(",");
    }
    return values;
  }

  private evaluateObject(): unknown {
    this.demand("{");
    if (this.match(/^for\s/)) return this.evaluateFor("}");
    const entries: [string, unknown][] = [];
    while (!this.skip("}")) {
      const key = this.match(/^[A-Za-z_]/) ? this.readWord() : String(this.evaluateLiteral());
      if (!this.skip("=")) this.demand(":");
      entries.push([key, this.evaluateExpression()]);
      this.skip(",");
    }
    return Object.fromEntries(entries);
  }

  /** `for key, value in values : key => value if condition`, up to its closing bracket. Reads the body once a value. */
  private evaluateFor(close: string): Unknown | never[] {
    this.readWord();
    const names = [this.readWord(), ...(this.skip(",") ? [this.readWord()] : [])];
    if (this.readWord() !== "in") throw new NotSupported();
    const values = this.evaluateExpression();
    this.demand(":");
    const [start, outer, found] = [this.at, this.variables, [] as unknown[]];
    if (values instanceof Unknown || typeof values !== "object" || values === null) return this.skipPast(close);
    const isObject = close === "}";
    for (const [key, value] of Object.entries(values)) {
      this.at = start;
      const pair = [Array.isArray(values) ? Number(key) : key, value];
      const bound = names.length > 1 ? pair : [value];
      this.variables = { ...outer, ...Object.fromEntries(names.map((name, index) => [name, bound[index]])) };
      const first = this.evaluateExpression();
      if (isObject) this.demand("=>");
      const made = isObject ? [String(first), this.evaluateExpression()] : first;
      const condition = this.sees("if") ? this.readWord() && this.evaluateExpression() : true;
      if (condition instanceof Unknown) return this.skipPast(close);
      if (condition === true) found.push(made);
    }
    this.variables = outer;
    this.at = start;
    this.skipPast(close);
    return (isObject ? Object.fromEntries(found as [string, unknown][]) : found) as never[];
  }

  /** Moves past the bracket that closes what is being read. */
  private skipPast(close: string): Unknown {
    for (let depth = 1; depth > 0; ) {
      const sign = this.text[this.at++];
      if (sign === undefined) throw new NotSupported();
      if (sign === '"') {
        this.evaluateTemplate('"');
        this.demand('"');
      }
      depth += "([{".includes(sign) ? 1 : ")]}".includes(sign) ? -1 : 0;
    }
    if (this.text[this.at - 1] !== close) throw new NotSupported();
    return new Unknown();
  }
}

const CONSTANTS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };
