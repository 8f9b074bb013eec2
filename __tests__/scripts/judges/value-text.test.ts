import { differenceText } from "../../../scripts/judges/value-text";

test("old and new stand side by side, and a text differs from a number", () => {
  expect(differenceText({ path: "memory_size", before: 1024, after: "1024" })).toBe('memory_size: 1024 -> "1024"');
});

test("what comes has a plus, what goes a minus", () => {
  expect(differenceText({ path: "a", before: undefined, after: null })).toBe("a: + null");
  expect(differenceText({ path: "a", before: { b: 1 }, after: undefined })).toBe('a: - {"b":1}');
});

test("of long values the part around the first difference is shown", () => {
  const [before, after] = [`${"x".repeat(500)}old`, `${"x".repeat(500)}new${"y".repeat(500)}`];
  const text = differenceText({ path: "p", before, after });
  expect(text).toMatch(/^p: …x+old" -> …x+newy+…$/);
  expect(text.length).toBeLessThan(200);
});

test("a value as a whole has no name before it", () =>
  expect(differenceText({ path: "", before: 1, after: 2 })).toBe("1 -> 2"));
