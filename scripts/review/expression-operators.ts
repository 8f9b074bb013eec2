import { Unknown } from "./plan-json";

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

const isUnknown = (value: unknown): boolean => value instanceof Unknown;

/** Terraform's functions that the stacks' policies, API bodies and trust use (Terraform language, "Functions"). */
const FUNCTIONS: Readonly<Record<string, (...values: readonly unknown[]) => unknown>> = {
  coalesce: (...values) => values.find((value) => value !== null && value !== "") ?? null,
  concat: (...lists) => (lists.some(isUnknown) ? new Unknown() : lists.flat(1)),
  join: (separator, list) =>
    Array.isArray(list) && !isUnknown(separator)
      ? list.length === 1
        ? (list as unknown[])[0]
        : list.map(String).join(String(separator))
      : new Unknown(),
  jsonencode: (value) => (value instanceof Unknown ? new Unknown() : JSON.stringify(value)),
  length: (list) => (Array.isArray(list) || typeof list === "string" ? list.length : new Unknown()),
  lookup: (map, key, otherwise) =>
    isUnknown(map) || isUnknown(key)
      ? new Unknown()
      : ((map as Readonly<Record<string, unknown>>)[String(key)] ?? otherwise),
  max: (...numbers) => (numbers.some(isUnknown) ? new Unknown() : Math.max(...numbers.map(Number))),
  merge: (...maps) => (maps.some(isUnknown) ? new Unknown() : Object.assign({}, ...maps)),
  nonsensitive: (value) => value,
  one: (list) => (Array.isArray(list) ? ((list as unknown[])[0] ?? null) : new Unknown()),
  toset: (list) => list,
  tostring: (value) => (isUnknown(value) || value === null ? value : String(value)),
  trimprefix: (text, prefix) =>
    typeof text === "string" && typeof prefix === "string"
      ? text.startsWith(prefix)
        ? text.slice(prefix.length)
        : text
      : new Unknown(),
};

/** What a function gives; {@link Unknown} for one that is not known here. */
export function callFunction(name: string, values: readonly unknown[]): unknown {
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]!(...values) : new Unknown();
}
