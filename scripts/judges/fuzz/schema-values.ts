import type { Schema } from "../openapi/document";

/** A value, and what is wrong with it. */
export interface Violation {
  readonly what: string;
  readonly value: unknown;
}

const OF_TYPE: Readonly<Record<string, unknown>> = {
  null: null,
  boolean: true,
  number: 1.5,
  string: "text",
  array: ["text"],
  object: { a: "text" },
};

/** Texts that are long, odd or made for another place; which of them break a schema, the schema says. */
const ODD_TEXTS = [
  "",
  " ",
  "../x",
  "a#b",
  "a b",
  "*",
  "%00",
  "{request_id}",
  "é",
  "a,b",
  "0",
  "null",
  "-1",
  "x".repeat(65),
  "x".repeat(300),
  "a'b",
  "<b>",
  "a\\b",
  "a;b=1",
  "a|b",
];

/**
 * Values that break a schema, each in one way; what the schema does not forbid is not among them.
 * @param valid a value that keeps it: objects are changed a property at a time
 * @param resolve follows a `$ref`
 */
export function violations(schema: Schema, valid: unknown, resolve: (schema: Schema) => Schema): Violation[] {
  const rules = resolve(schema);
  const wrongTypes = Object.entries(OF_TYPE)
    .filter(([type]) => type !== rules.type)
    .map(([type, value]): Violation => ({ what: `a ${type} for a ${rules.type ?? "value"}`, value }));
  return [
    ...wrongTypes,
    ...(rules.type === "string" ? textViolations(rules) : []),
    ...(rules.type === "object" ? objectViolations(rules, valid, resolve) : []),
  ];
}

/** Texts that break a schema of strings. */
export function textViolations({ minLength = 0, maxLength, pattern, enum: values }: Schema): Violation[] {
  const breaks = (text: string) =>
    text.length < minLength ||
    (maxLength !== undefined && text.length > maxLength) ||
    (pattern !== undefined && !new RegExp(pattern).test(text)) ||
    (values !== undefined && !values.includes(text));
  const tooLong = maxLength === undefined ? [] : ["y".repeat(maxLength + 1)];
  return [...ODD_TEXTS, ...tooLong].filter(breaks).map((value) => ({
    what: value.length > 40 ? `a text of ${value.length} characters` : `the text ${JSON.stringify(value)}`,
    value,
  }));
}

function objectViolations(
  { properties = {}, required = [], additionalProperties }: Schema,
  valid: unknown,
  resolve: (schema: Schema) => Schema,
): Violation[] {
  const whole = valid as Readonly<Record<string, unknown>>;
  const without = (name: string) => Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name));
  return [
    ...required.map((name) => ({ what: `no ${name}`, value: without(name) })),
    ...(additionalProperties === false
      ? ["model", "max_tokens", "temperature", "callback_url", "request_id"].map((name) => ({
          what: `the further field ${name}`,
          value: { ...whole, [name]: 1 },
        }))
      : []),
    ...Object.entries(properties).flatMap(([name, property]) =>
      violations(property, whole[name], resolve).map(({ what, value }) => ({
        what: `${name}: ${what}`,
        value: { ...whole, [name]: value },
      })),
    ),
  ];
}
