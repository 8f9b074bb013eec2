import fc from "fast-check";
import { differences, explain } from "../successor";

/** A value as a file has it: -0 is written as 0. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);

test("a document does not differ from its own copy, whatever is in it and in whatever order", () => {
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned);
    return typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([name, each]) => [name, turned(each)]),
        )
      : value;
  };
  fc.assert(fc.property(json, (document) => expect(differences(document, turned(document))).toEqual([])));
});

test("two documents have a difference exactly where their text differs, the same from both sides", () => {
  const text = (value: unknown): string =>
    Array.isArray(value)
      ? `[${value.map(text).join()}]`
      : typeof value === "object" && value !== null
        ? `{${Object.entries(value)
            .map(([name, each]) => `${JSON.stringify(name)}:${text(each)}`)
            .sort()
            .join()}}`
        : JSON.stringify(value);
  fc.assert(
    fc.property(json, json, (one, other) => {
      const found = differences(one, other);
      expect(found.length > 0).toBe(text(one) !== text(other));
      const turned = differences(other, one).map(({ path, before, after }) => ({ path, before: after, after: before }));
      expect(found.map(({ path }) => path).sort()).toEqual(turned.map(({ path }) => path).sort());
    }),
  );
});

test("a difference is named as deep as it can be", () => {
  const before = {
    resource: { aws_lambda_alias: { live: { name: "live", routing_config: [{ weights: { "2": 0.1 } }] } } },
  };
  const after = {
    resource: { aws_lambda_alias: { live: { name: "live", routing_config: [{ weights: { "2": 0.2, "3": 1 } }] } } },
  };
  const at = "resource.aws_lambda_alias.live.routing_config.0.weights";
  expect(differences(before, after)).toEqual([
    { path: `${at}.2`, before: 0.1, after: 0.2 },
    { path: `${at}.3`, before: undefined, after: 1 },
  ]);
});

test.each([
  [{ a: null }, {}, { path: "a", before: null, after: undefined }],
  [{ a: [] }, { a: {} }, { path: "a", before: [], after: {} }],
  [{ a: "1" }, { a: 1 }, { path: "a", before: "1", after: 1 }],
  [[1], [1, 2], { path: "1", before: undefined, after: 2 }],
])("%j and %j are not the same", (before, after, expected) => {
  expect(differences(before, after)).toEqual([expected]);
});

test("only the library's version is explained; a version elsewhere is not", () => {
  const stack = (version: string) => ({ "//": { metadata: { version, stackName: version } }, terraform: { version } });
  const { explained, unexplained } = explain(differences(stack("0.21.0"), stack("0.24.0")));
  expect(explained).toEqual([
    {
      path: "//.metadata.version",
      before: "0.21.0",
      after: "0.24.0",
      reason: expect.stringContaining("its own version") as string,
    },
  ]);
  expect(unexplained.map(({ path }) => path)).toEqual(["//.metadata.stackName", "terraform.version"]);
});
