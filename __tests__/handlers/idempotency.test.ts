import fc from "fast-check";
import { idempotencyKeyOf, requestIdOf } from "../../handlers/idempotency";
import { invokeEvent } from "./fixtures";

const RULE = "Idempotency-Key must be 1 to 255 visible ASCII characters without spaces, bare or in double quotes.";
const keyIn = (...values: string[]) =>
  idempotencyKeyOf(invokeEvent({}, { multiValueHeaders: { "Idempotency-Key": values } }));
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
});
const quote = (key: string) => `"${key.replaceAll(/["\\]/g, "\\$&")}"`;

test("without the header there is no key", () => {
  expect(idempotencyKeyOf(invokeEvent({}))).toBeUndefined();
});

test("any key comes back as it was sent, bare or quoted", () => {
  fc.assert(
    fc.property(visible, (key) => {
      expect(keyIn(quote(key))).toBe(key);
      if (!key.startsWith('"')) expect(keyIn(` ${key}\t`)).toBe(key);
    }),
  );
});

test.each([
  [""],
  [" "],
  ['""'],
  ["a b"],
  ['"a b"'],
  ["ä"],
  ["a\nb"],
  ["a\u0000"],
  ["a\u007f"],
  ['"a'],
  ['"a"b"'],
  ['"a\\x"'],
  ['"a";q=1'],
  ["x".repeat(256)],
  [`"${"x".repeat(256)}"`],
])("the key %j is refused by the rule, and not repeated", (value) => {
  expect(() => keyIn(value)).toThrow(expect.objectContaining({ status: 400, code: "invalid_request", message: RULE }));
});

test("two headers are refused, even the same", () => {
  expect(() => keyIn("a", "a")).toThrow(
    expect.objectContaining({ status: 400, message: "Send the header Idempotency-Key once." }),
  );
});

test("the same owner and key make the same UUID, of version 8", () => {
  const id = requestIdOf("key:k", "a");
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(requestIdOf("key:k", "a")).toBe(id);
});

test("it is the same in every release: a repetition may meet a newer one", () => {
  expect(requestIdOf("anonymous", "order-1")).toBe("85719fc2-87fb-82bb-853a-11d7b5eb46eb");
});

test("other owners and other keys make other ids, wherever the line between the two is", () => {
  fc.assert(
    fc.property(visible, visible, visible, visible, (owner, key, otherOwner, otherKey) => {
      fc.pre(owner !== otherOwner || key !== otherKey);
      expect(requestIdOf(owner, key)).not.toBe(requestIdOf(otherOwner, otherKey));
    }),
  );
  expect(requestIdOf("key:a", "bc")).not.toBe(requestIdOf("key:ab", "c"));
});
