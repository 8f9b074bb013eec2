import { Unknown } from "./unknown";

/** Binary operators by how strongly they bind, the weakest first. */
export const OPERATORS = [["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"]] as const;

/** What a sign before a value makes of it. */
export function negated(value: unknown, negate: (value: unknown) => unknown): unknown {
  return value instanceof Unknown ? new Unknown() : negate(value);
}

/** A value's part, by name or number. */
export function inside(value: unknown, key: string | number): unknown {
  if (value instanceof Unknown && value.source !== undefined)
    return new Unknown(typeof key === "number" ? `${value.source}[${key}]` : `${value.source}.${key}`);
  if (value instanceof Unknown || value === null || typeof value !== "object") return new Unknown();
  const found = (value as Readonly<Record<string | number, unknown>>)[key];
  return found === undefined ? new Unknown() : found;
}

/** `[*].attribute` of a list. */
export function spread(values: unknown, attribute: string | undefined): unknown {
  if (!Array.isArray(values)) return new Unknown();
  return attribute === undefined ? values : values.map((value) => inside(value, attribute));
}

/** `left operator right` */
export function calculated(operator: (typeof OPERATORS)[number][number], left: unknown, right: unknown): unknown {
  if (left instanceof Unknown || right instanceof Unknown) return new Unknown();
  if (operator === "==" || operator === "!=")
    return (JSON.stringify(left) === JSON.stringify(right)) === (operator === "==");
  if (operator === "&&") return left === true && right === true;
  if (operator === "||") return left === true || right === true;
  const [a, b] = [Number(left), Number(right)];
  return {
    "<": a < b,
    ">": a > b,
    "<=": a <= b,
    ">=": a >= b,
    "+": a + b,
    "-": a - b,
    "*": a * b,
    "/": a / b,
    "%": a % b,
  }[operator];
}
