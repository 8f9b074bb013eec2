import { callFunction, OPERATORS, calculated, inside, negated, spread } from "./expression-operators";
import { Unknown } from "./plan-json";

/** The text of an expression holds what is not understood here. */
export class NotUnderstood extends Error {}

/** A place in the text of an expression, which only goes on. */
export class Cursor {
  protected at = 0;

  constructor(protected readonly text: string) {}

  protected isFor(): boolean {
    this.peek();
    return /^for\s/.test(this.text.slice(this.at));
  }

  protected word(): string {
    this.peek();
    const word = /^[A-Za-z_][\w-]*/.exec(this.text.slice(this.at))?.[0];
    if (word === undefined) throw new NotUnderstood();
    this.at += word.length;
    return word;
  }

  protected peek(): string {
    while (/\s/.test(this.text[this.at] ?? "")) this.at += 1;
    return this.text[this.at] ?? "";
  }

  protected sees(sign: string): boolean {
    this.peek();
    return this.text.startsWith(sign, this.at);
  }

  /** Takes it where it stands next; in a template white space counts, so none is skipped before `${`. */
  protected takes(sign: string): boolean {
    if (!sign.endsWith("{") && sign !== "\\") this.peek();
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  protected demand(sign: string): true {
    if (!this.takes(sign)) throw new NotUnderstood();
    return true;
  }
}

/** What the names in an expression mean. */
export interface Scope {
  /**
   * Value of `var.<name>`, `local.<name>`, or an attribute such as `aws_sns_topic.alarm_topic[0].arn`. Where it is not
   * known: {@link Unknown}.
   */
  readonly lookUp: (path: readonly (string | number)[]) => unknown;
}

/**
 * Evaluates a value of Terraform's JSON syntax: its texts are templates, the keys of its objects too. What is not
 * known, and what is not understood here (`for`, most functions), becomes {@link Unknown}.
 */
export function evaluated(value: unknown, scope: Scope): unknown {
  if (typeof value === "string") return template(value, scope);
  if (Array.isArray(value)) return value.map((part) => evaluated(part, scope));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [String(template(key, scope)), evaluated(part, scope)]),
  );
}

function template(text: string, scope: Scope): unknown {
  if (!text.includes("${") && !text.includes("%{")) return text;
  try {
    return new Reader(text, scope).template();
  } catch (error) {
    if (error instanceof NotUnderstood) return new Unknown();
    throw error;
  }
}

/**
 * Reads one expression from left to right, and evaluates it while it reads. Grammar: Terraform language, "Expressions".
 */
class Reader extends Cursor {
  /** What `for` has named, by name. */
  private bound: Readonly<Record<string, unknown>> = {};

  constructor(
    text: string,
    private readonly scope: Scope,
  ) {
    super(text);
  }

  /** Text with `${…}` in it, up to the end of all or to a closing quote. One alone keeps its type. */
  template(end = ""): unknown {
    const parts: unknown[] = [];
    let plain = "";
    while (this.at < this.text.length && (end === "" || this.text[this.at] !== end)) {
      if (this.takes("$${")) plain += "${";
      else if (this.takes("${")) {
        if (plain !== "") parts.push(plain);
        plain = "";
        parts.push(this.expression());
        this.demand("}");
      } else if (this.text.startsWith("%{", this.at)) throw new NotUnderstood();
      else if (end !== "" && this.takes("\\")) plain += ESCAPES[this.text[this.at++] ?? ""] ?? "";
      else plain += this.text[this.at++];
    }
    if (plain !== "" || parts.length === 0) parts.push(plain);
    return parts.length === 1 ? parts[0] : parts.map(String).join("");
  }

  private expression(): unknown {
    const condition = this.binary(0);
    if (!this.sees("?")) return condition;
    const [, then] = [this.demand("?"), this.expression()];
    const [, otherwise] = [this.demand(":"), this.expression()];
    return condition instanceof Unknown ? new Unknown() : condition === true ? then : otherwise;
  }

  private binary(level: number): unknown {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (
      let operator = operators.find((sign) => this.sees(sign));
      operator !== undefined;
      operator = operators.find((sign) => this.sees(sign))
    ) {
      this.demand(operator);
      left = calculated(operator, left, this.binary(level + 1));
    }
    return left;
  }

  private unary(): unknown {
    if (this.sees("!") && !this.sees("!=")) return negated(this.demand("!") && this.unary(), (value) => value !== true);
    if (this.sees("-")) return negated(this.demand("-") && this.unary(), (value) => -Number(value));
    return this.postfix();
  }

  private postfix(): unknown {
    const start = /[A-Za-z_]/.test(this.peek()) ? this.word() : undefined;
    if (start === undefined) return this.steps(this.primary());
    if (start in WORDS) return WORDS[start];
    if (this.sees("(")) return this.steps(this.called(start));
    if (Object.hasOwn(this.bound, start)) return this.steps(this.bound[start]);
    return this.reference(start);
  }

  private called(name: string): unknown {
    const values = this.list("(", ")");
    return values instanceof Unknown ? values : name === "parentheses" ? values[0] : callFunction(name, values);
  }

  /** `var.a`, `local.b`, `aws_c.d[0].e`: as far as it names something, then into its value. */
  private reference(first: string): unknown {
    const path: (string | number)[] = [first];
    const wanted = first === "var" || first === "local" ? 2 : 64;
    while (path.length < wanted && (this.sees(".") || this.sees("["))) {
      if (this.takes("[*]")) return spread(this.scope.lookUp([...path, "*"]), this.splatted());
      if (this.takes(".")) path.push(this.word());
      else path.push(this.index());
    }
    return this.steps(this.scope.lookUp(path));
  }

  private splatted(): string | undefined {
    return this.takes(".") ? this.word() : undefined;
  }

  private index(): string | number {
    this.demand("[");
    const key = this.expression();
    this.demand("]");
    if (typeof key === "string" || typeof key === "number") return key;
    throw new NotUnderstood();
  }

  private steps(value: unknown): unknown {
    let result = value;
    while (this.sees(".") || this.sees("[")) result = inside(result, this.takes(".") ? this.word() : this.index());
    return result;
  }

  private primary(): unknown {
    if (this.takes('"')) {
      const text = this.template('"');
      this.demand('"');
      return text;
    }
    if (this.sees("(")) return this.called("parentheses");
    if (this.sees("[")) return this.list("[", "]");
    if (this.sees("{")) return this.object();
    const number = /^\d+(\.\d+)?/.exec(this.text.slice(this.at))?.[0];
    if (number === undefined) throw new NotUnderstood();
    this.at += number.length;
    return Number(number);
  }

  private list(open: string, close: string): unknown[] | Unknown {
    this.demand(open);
    if (this.isFor()) return this.comprehension(close);
    const values: unknown[] = [];
    while (!this.sees(close)) {
      values.push(this.expression());
      if (!this.sees(close)) this.demand(",");
    }
    this.demand(close);
    return values;
  }

  private object(): unknown {
    this.demand("{");
    if (this.isFor()) return this.comprehension("}");
    const entries: [string, unknown][] = [];
    while (!this.sees("}")) {
      const key = /[A-Za-z_]/.test(this.peek()) ? this.word() : String(this.primary());
      if (!this.takes("=")) this.demand(":");
      entries.push([key, this.expression()]);
      this.takes(",");
    }
    this.demand("}");
    return Object.fromEntries(entries);
  }

  /**
   * `for key, value in values : key => value if condition`, up to its closing bracket; the body is read once a value.
   */
  private comprehension(close: string): Unknown | never[] {
    this.word();
    const names = [this.word(), ...(this.takes(",") ? [this.word()] : [])];
    if (this.word() !== "in") throw new NotUnderstood();
    const values = this.expression();
    this.demand(":");
    const [start, outer, found] = [this.at, this.bound, [] as unknown[]];
    if (values instanceof Unknown || typeof values !== "object" || values === null) return this.beyond(close);
    const isObject = close === "}";
    for (const [key, value] of Object.entries(values)) {
      this.at = start;
      this.bound = {
        ...outer,
        ...(names.length > 1
          ? { [names[0]!]: Array.isArray(values) ? Number(key) : key, [names[1]!]: value }
          : { [names[0]!]: value }),
      };
      const first = this.expression();
      const made = isObject && this.demand("=>") ? [String(first), this.expression()] : first;
      const holds = this.sees("if") ? this.word() && this.expression() : true;
      if (holds instanceof Unknown) return this.beyond(close);
      if (holds === true) found.push(made);
    }
    this.bound = outer;
    this.at = start;
    this.beyond(close);
    return (isObject ? Object.fromEntries(found as [string, unknown][]) : found) as never[];
  }

  /** Leaves behind what cannot be evaluated, up to the bracket that closes it. */
  private beyond(close: string): Unknown {
    for (let depth = 1; depth > 0; ) {
      const sign = this.text[this.at++];
      if (sign === undefined) throw new NotUnderstood();
      if (sign === '"') {
        this.template('"');
        this.demand('"');
      }
      depth += "([{".includes(sign) ? 1 : ")]}".includes(sign) ? -1 : 0;
    }
    if (this.text[this.at - 1] !== close) throw new NotUnderstood();
    return new Unknown();
  }
}

const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };
