import fc from "fast-check";
import { nameField, parseStrictly } from "../../handlers/strict-json";
import { anyCharacter } from "../support/any-character";

test("a plain document has no problems", () => {
  expect(parseStrictly('{"a":{"a":1},"b":[{"a":2},{"a":3}],"c":"\\"a\\":{["}')).toEqual({
    value: { a: { a: 1 }, b: [{ a: 2 }, { a: 3 }], c: '"a":{[' },
    problems: [],
  });
});

test.each(["", "{", '{"a":1,}', "\ufeff{}", "canary", "{'a':1}", "NaN"])(
  "%j is not JSON, and is not repeated",
  (text) => {
    expect(parseStrictly(text)).toEqual({ value: undefined, problems: ["the body is not valid JSON"] });
  },
);

test.each([
  ['{"prompt":1,"prompt":2}', "the key prompt is given twice"],
  ['{"prompt":1,"pro\\u006dpt":2}', "the key prompt is given twice"],
  ['{"a":{"b":1,"b":2}}', "the key b is given twice"],
  ['[{"b":[],"b":{}}]', "the key b is given twice"],
  ['{"__proto__":{"admin":true}}', "the key __proto__ is not allowed"],
  ['{"a":{"constructor":1}}', "the key constructor is not allowed"],
  ['{"\\u0070rototype":1}', "the key prototype is not allowed"],
  [`${"[".repeat(9)}${"]".repeat(9)}`, "the body is nested deeper than 8 levels"],
])("%s has the problem: %s", (text, problem) => {
  expect(parseStrictly(text).problems).toEqual([problem]);
});

test("eight levels are not too deep", () => {
  expect(parseStrictly(`${"[".repeat(8)}${"]".repeat(8)}`).problems).toEqual([]);
});

test("very deep and very long texts are told of", () => {
  expect(parseStrictly("[".repeat(32_000) + "]".repeat(32_000)).problems).toHaveLength(1);
  expect(parseStrictly(JSON.stringify("\\".repeat(30_000))).problems).toEqual([]);
  expect(parseStrictly(`"${"\\".repeat(65_000)}`).problems).toEqual(["the body is not valid JSON"]);
});

test("whatever JSON.stringify writes of plain values is read back as it was", () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small", maxDepth: 6 },
      fc.string({ unit: anyCharacter }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      tie("list"),
      tie("map"),
    ),
    list: fc.array(tie("value"), { maxLength: 4 }),
    map: fc.dictionary(
      fc.string().map((key) => `k${key}`),
      tie("value"),
      { maxKeys: 4 },
    ),
  })).value;
  fc.assert(
    fc.property(plain, (value) => {
      const text = JSON.stringify(value);
      expect(parseStrictly(text)).toEqual({ value: JSON.parse(text) as unknown, problems: [] });
    }),
  );
});

test("a key that is given twice is always found, however it is written and wherever it stands", () => {
  const escaped = (key: string) =>
    `"${[...key].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.jsonValue({ maxDepth: 2 }),
      fc.boolean(),
      fc.nat(5),
      (key, value, escape, levels) => {
        const twice = `{"${key}":${JSON.stringify(value)},${escape ? escaped(key) : `"${key}"`}:1}`;
        const text = `${"[".repeat(levels)}${twice}${"]".repeat(levels)}`;
        expect(parseStrictly(text).problems).toContain(`the key ${key} is given twice`);
      },
    ),
  );
});

test("a name that is no plain name is not shown", () => {
  expect(["top_p", "a.b-c", "<script>", "", "x".repeat(65)].map(nameField)).toEqual([
    "top_p",
    "a.b-c",
    ...Array<string>(3).fill("(name not shown)"),
  ]);
});
