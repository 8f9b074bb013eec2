import { Unknown } from "./plan-json";

/** Binary operators by how strongly they bind, the weakest first. */
export const OPERATORS = [["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"]] as const;

/** `!value` or `-value` */
export function applySign(sign: "!" | "-", value: unknown): unknown {
  if (value instanceof Unknown) return new Unknown();
  return sign === "!" ? value !== true : -Number(value);
}

/** `value.name` or `value[number]` */
export function readStep(value: unknown, key: string | number): unknown {
  if (value instanceof Unknown && value.source !== undefined)
    return new Unknown(typeof key === "number" ? `${value.source}[${key}]` : `${value.source}.${key}`);
  if (value instanceof Unknown || value === null || typeof value !== "object") return new Unknown();
  const found = (value as Readonly<Record<string | number, unknown>>)[key];
  return found === undefined ? new Unknown() : found;
}

/** `[*].attribute` of a list. */
export function readEach(values: unknown, attribute: string | undefined): unknown {
  if (!Array.isArray(values)) return new Unknown();
  return attribute === undefined ? values : values.map((value) => readStep(value, attribute));
}

/** `left operator right` */
export function applyOperator(operator: (typeof OPERATORS)[number][number], left: unknown, right: unknown): unknown {
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

/** Terraform's functions that the stacks use in policies, API bodies and trust (Terraform language, "Functions"). */
const FUNCTIONS: Readonly<Record<string, (...values: readonly unknown[]) => unknown>> = {
  coalesce: (...values) => values.find((value) => value !== null && value !== "") ?? null,
  concat: (...lists) => (lists.some(isUnknown) ? new Unknown() : lists.flat(1)),
  join: (separator, list) => {
    if (!Array.isArray(list) || isUnknown(separator)) return new Unknown();
    return list.length === 1 ? (list as unknown[])[0] : list.map(String).join(String(separator));
  },
  jsonencode: (value) => (isUnknown(value) ? new Unknown() : JSON.stringify(value)),
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
  trimprefix: (text, prefix) => {
    if (typeof text !== "string" || typeof prefix !== "string") return new Unknown();
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  },
};

/** The result of a function; {@link Unknown} for one that is not in the table. */
export function callFunction(name: string, values: readonly unknown[]): unknown {
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]!(...values) : new Unknown();
}
