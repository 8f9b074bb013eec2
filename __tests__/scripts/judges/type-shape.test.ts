import { misfits, shapeOf } from "../../../scripts/judges/type-shape";
import { SETTINGS } from "../../../stacks/settings";
import { AGENTS_TYPE } from "../../../stacks/settings/agent-rules";

const AGENT = { name: "a", kind: "scripted", target: "1ms done" };

test("reads every type that a setting has", () => {
  for (const setting of SETTINGS)
    if (setting.type === "structured") expect(() => shapeOf(setting.terraformType)).not.toThrow();
  expect(shapeOf('object({ a = optional(map(string), { b = "}" }), c = list(number) })')).toEqual({
    kind: "object",
    attributes: {
      a: { shape: { kind: "map", of: { kind: "string" } }, isOptional: true },
      c: { shape: { kind: "list", of: { kind: "number" } }, isOptional: false },
    },
  });
});

test.each([["tuple([string])"], ["list"], ["object({ a string })"]])("%s is none that is known", (type) =>
  expect(() => shapeOf(type)).toThrow(type),
);

test("every default has the shape of its setting", () => {
  for (const setting of SETTINGS)
    if (setting.type === "structured")
      expect(misfits(setting.value, shapeOf(setting.terraformType), setting.name)).toEqual([]);
});

test.each<[string, unknown, readonly string[]]>([
  ["what fits", [{ ...AGENT, phases: [1, "2"], timeout_seconds: "30" }], []],
  ["null, as terraform takes it", [{ ...AGENT, instructions: null }], []],
  [
    "an attribute with a slip",
    [AGENT, { ...AGENT, taget: "x" }],
    ["agents[1].taget: there is no such attribute. Did you mean target?"],
  ],
  [
    "one that is like none",
    [{ ...AGENT, colour: 1 }],
    [
      "agents[0].colour: there is no such attribute. Allowed: name, kind, target, timeout_seconds, instructions, secret_arn, phases.",
    ],
  ],
  ["what is missing", [{ name: "a", kind: "scripted" }], ["agents[0] has no target"]],
  ["an object for a list", AGENT, [`agents is ${JSON.stringify(AGENT)}; allowed: a list`]],
  ["a text for an object", ["a"], ['agents[0] is "a"; allowed: an object']],
  [
    "a text for a number",
    [{ ...AGENT, timeout_seconds: "soon" }],
    ['agents[0].timeout_seconds is "soon"; allowed: a number'],
  ],
  ["a list for a text", [{ ...AGENT, name: [] }], ["agents[0].name is []; allowed: a text"]],
])("%s", (_, value, wanted) => expect(misfits(value, shapeOf(AGENTS_TYPE), "agents")).toEqual(wanted));

test("of a map each value is looked at", () =>
  expect(misfits({ a: "true", b: "yes" }, shapeOf("map(bool)"), "m")).toEqual([
    'm.b is "yes"; allowed: true or false',
  ]));
