import Ajv from "ajv";
import { textViolations, violations } from "../mutation";
import type { Schema } from "../../../../scripts/publish/openapi-schemas";

const schema: Schema = {
  type: "object",
  required: ["a"],
  additionalProperties: false,
  properties: { a: { type: "string", minLength: 1, maxLength: 5 }, b: { type: "integer" } },
};

test("each value breaks the schema, in one way", () => {
  const validate = new Ajv().compile(schema);
  const found = violations(schema, { a: "x", b: 1 }, (given) => given);
  expect(found.length).toBeGreaterThan(20);
  expect(found.filter(({ value }) => validate(value))).toEqual([]);
  expect(found.map(({ what }) => what)).toEqual(
    expect.arrayContaining(["no a", 'a: the text ""', 'a: the text "yyyyyy"', "b: a number for a integer"]),
  );
});

test("a text that the schema allows is not among those that break it", () => {
  const values = textViolations({ type: "string", pattern: "^[a-z]*$", maxLength: 300 }).map(({ value }) => value);
  expect(values).toContain("../x");
  expect(values).not.toContain("null");
  expect(values).toContain("y".repeat(301));
  expect(textViolations({ type: "string", enum: ["null"] }).map(({ value }) => value)).not.toContain("null");
});
