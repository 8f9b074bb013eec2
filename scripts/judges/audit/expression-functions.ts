import { Unknown } from "./unknown";

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
