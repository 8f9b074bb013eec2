import fc from "fast-check";
import { canonical, valueDifferences, differenceText } from "../../../scripts/kit/value-text";

describe("value diff", () => {
  test("a value inside is named by its path, with what it was and is", () => {
    expect(valueDifferences({ a: { b: [1, { c: "x" }] }, same: 1 }, { a: { b: [1, { c: "y" }] }, same: 1 })).toEqual([
      { path: "a.b[1].c", before: "x", after: "y" },
    ]);
  });

  test("what comes or goes has nothing on the other side", () => {
    expect(valueDifferences({ gone: 1 }, { come: null })).toEqual([
      { path: "come", before: undefined, after: null },
      { path: "gone", before: 1, after: undefined },
    ]);
  });

  test("JSON in a string is compared as what it holds: white space and the order of keys are no difference", () => {
    const policy = (action: string) => ({ policy: `{"Statement":[{"Effect":"Allow","Action":"${action}"}]}` });
    expect(
      valueDifferences(policy("s3:GetObject"), {
        policy: '{ "Statement": [ { "Action": "s3:GetObject", "Effect": "Allow" } ] }',
      }),
    ).toEqual([]);
    expect(valueDifferences(policy("s3:GetObject"), policy("s3:*"))).toEqual([
      { path: "policy.Statement[0].Action", before: "s3:GetObject", after: "s3:*" },
    ]);
  });

  test("what only begins like JSON is a text", () => {
    expect(valueDifferences("{not json", "[not json")).toEqual([{ path: "", before: "{not json", after: "[not json" }]);
  });

  test("an item put before the others is one difference, and one taken out is one", () => {
    const [a, b, c] = [{ sid: "a" }, { sid: "b" }, { sid: "c" }];
    expect(valueDifferences([a, b], [c, a, b], "list")).toEqual([{ path: "list[0]", before: undefined, after: c }]);
    expect(valueDifferences([a, b, c], [a, c], "list")).toEqual([{ path: "list[1]", before: b, after: undefined }]);
  });

  const value = fc.jsonValue({ maxDepth: 3 });

  test("there is a difference exactly where two values are not the same", () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        // A text that holds JSON says the same as what it holds, on purpose.
        const read = (given: unknown): unknown =>
          JSON.parse(JSON.stringify(given, (_, part: unknown) => (typeof part === "string" ? `t${part}` : part)));
        expect(valueDifferences(read(one), read(other)).length === 0).toBe(
          canonical(read(one)) === canonical(read(other)),
        );
      }),
    );
  });

  test("an item put into a list, wherever and whatever the others are, is one difference", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 8 }), fc.nat(8), fc.nat(3), (list, at, item) => {
        const longer = list.toSpliced(at, 0, item);
        expect(valueDifferences(list, longer)).toEqual([
          { path: expect.any(String) as unknown, before: undefined, after: item },
        ]);
        expect(valueDifferences(longer, list)).toEqual([
          { path: expect.any(String) as unknown, before: item, after: undefined },
        ]);
      }),
    );
  });
});

describe("value text", () => {
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
});
