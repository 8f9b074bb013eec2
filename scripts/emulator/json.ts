import { types } from "node:util";
import type { StateResource } from "../kit/state";

/** A JSON object whose fields nobody has checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value where it is an object; undefined for arrays, null and everything else. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The value where it is an array; an empty one for everything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value where it is a text that is not empty. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** One text, or a list of texts, as a list; undefined for everything else. */
export function asTextList(value: unknown): readonly string[] | undefined {
  const values = typeof value === "string" ? [value] : asList(value);
  const texts = values.filter((each) => typeof each === "string");
  return values.length > 0 && texts.length === values.length ? texts : undefined;
}

/** Whether the value is a number, and neither infinite nor NaN. */
export function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** The entries of an object whose values are texts; other entries are left out. */
export function asTexts(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(asObject(value) ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** The value as a number, or the fallback where it is none. Terraform providers write some numbers as texts. */
export function numberOr<T>(value: unknown, fallback: T): number | T {
  const parsed = asText(value) === undefined ? value : Number(value);
  return isNumber(parsed) ? parsed : fallback;
}

/** Parses a text that should hold a JSON object; undefined where it does not. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined; // Each caller says what an invalid text means.
  }
}

/** The message of an exception, whatever was thrown and in whichever realm. */
export function messageOf(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}

/** The first object of a Terraform block list, such as `settings`, `routing_config`, `scaling_config`. */
export function firstBlock(value: unknown): JsonObject | undefined {
  return asObject(asList(value)[0]);
}

/** A text that the resource must have. @throws Error that names the resource and the attribute */
export function requireText(resource: Pick<StateResource, "address" | "values">, attribute: string): string {
  const text = asText(resource.values[attribute]);
  if (text !== undefined) return text;
  throw new Error(
    `${resource.address} has no ${attribute} in the applied state ` +
      `(given: ${JSON.stringify(resource.values[attribute])}). ` +
      "Apply the stack, then run `terraform show -json` again.",
  );
}
