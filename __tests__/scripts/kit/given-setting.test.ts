import {
  parseDurationSeconds,
  parseNumber,
  parseNumberFromZero,
  parseTimeMs,
  suggestName,
  findMisfits,
  parseShape,
} from "../../../scripts/kit/given-setting";
import { SILENT } from "../../../scripts/kit/context";
import { refuseGiven } from "../../../scripts/kit/prepared-terraform";
import { SETTINGS } from "../../../stacks/contract/settings";
import { AGENTS_TYPE } from "../../../stacks/contract/settings/agents";

describe("option values", () => {
  test.each([
    ["90s", 90],
    ["30m", 1_800],
    ["2h", 7_200],
    ["1d", 86_400],
  ])("%s is %i seconds", (text, seconds) => expect(parseDurationSeconds("window", text)).toBe(seconds));

  test.each(["", "0m", "30", "m", "1.5h", "-5m", "30 m", "1w", "9999999s"])(
    "a duration of %j is refused, with what is allowed",
    (text) => {
      expect(() => parseDurationSeconds("window", text)).toThrow(
        `--window is ${JSON.stringify(text)}; allowed: a whole number above 0 and its unit, such as 90s, 30m, 2h ` +
          "or 1d.",
      );
    },
  );

  test("a time has a zone", () => {
    expect(parseTimeMs("end", "2026-11-21T13:00:00+01:00")).toBe(Date.parse("2026-11-21T12:00:00Z"));
    for (const text of ["2026-11-21T12:00:00", "2026-11-21", "yesterday", "2026-13-40T12:00:00Z", "1795000000"])
      expect(() => parseTimeMs("end", text)).toThrow(
        `--end is ${JSON.stringify(text)}; allowed: a time with its zone, such as 2026-11-21T12:00:00Z.`,
      );
  });

  test("a ratio is above 0, a price may be 0, and what is not given is the default", () => {
    expect([
      parseNumber("max-cost-ratio", undefined, 1.1),
      parseNumber("max-cost-ratio", "1.5", 1.1),
      parseNumberFromZero("token-price-in", "0", 1),
    ]).toEqual([1.1, 1.5, 0]);
    for (const text of ["", "0", "-1", "much", "Infinity"])
      expect(() => parseNumber("max-cost-ratio", text, 1)).toThrow(
        `--max-cost-ratio is ${JSON.stringify(text)}; allowed: a number above 0.`,
      );
  });
});

describe("given setting", () => {
  const NAMES = [...SETTINGS.map(({ name }) => name), "canary_note"];
  const refused = (text: string): string | undefined => {
    try {
      refuseGiven({ environment: {}, progress: SILENT }, { vars: [text] }, { names: NAMES, settings: SETTINGS });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each([
    [
      "a name with a slip",
      "memory_sise=2048",
      "--var memory_sise: there is no such setting. Did you mean memory_size?",
    ],
    [
      "a name that is like none",
      "colour=red",
      "--var colour: there is no such setting. The table in docs/settings.md has them all.",
    ],
    [
      "no value",
      "memory_size",
      '--var "memory_size" gives no value; allowed: <name>=<value>, such as memory_size=2048.',
    ],
    [
      "a number beyond its limits",
      "memory_size=64",
      '--var memory_size is "64"; allowed: a whole number from 128 to 10240 (MiB). Default: 1024 (baseline), ',
    ],
    ["a number that is none", "memory_size=", '--var memory_size is ""; allowed: a whole number'],
    [
      "a value that is not on the list",
      "log_retention_in_days=2",
      '--var log_retention_in_days is "2"; allowed: one of 1, 3, 5',
    ],
    ["a flag that is none", "cache_enabled=yes", '--var cache_enabled is "yes"; allowed: true or false. Default: '],
    ["a text of another form", "name=A", '--var name is "A"; allowed: 2 to 24 lower-case letters'],
    [
      "an attribute with a slip",
      'agents=[{"name":"a","kind":"scripted","targt":"1ms x"}]',
      "--var agents[0].targt: there is no such attribute. Did you mean target?\n--var agents[0] has no target",
    ],
    ["a list that is none", 'api_key_names={"a":1}', '--var api_key_names is {"a":1}; allowed: a list'],
    [
      "a profile that is none",
      "profile=fast",
      '--var profile is "fast"; allowed: one of baseline, optimized, low_latency. Default: ',
    ],
  ])("refuses %s with what is allowed and usual", (_, text, message) => expect(refused(text)).toContain(message));

  test.each([
    "memory_size=2048",
    "cache_enabled=true",
    "live_version=null",
    'agents=[{ name = "a" }]',
    "canary_note=x",
    "tags={}",
    "environment=prod",
  ])("lets %s pass", (text) => expect(refused(text)).toBeUndefined());

  test("the nearest of two equally near names is always the same, and a far one is none", () => {
    expect(suggestName("ab", ["ac", "aa"])).toBe("Did you mean aa?");
    expect(suggestName("throttling", ["memory_size"], "none")).toBe("none");
    expect(suggestName("profil", ["profile"])).toBe("Did you mean profile?");
  });
});

describe("type shape", () => {
  const AGENT = { name: "a", kind: "scripted", target: "1ms done" };

  test("reads every type that a setting has", () => {
    for (const setting of SETTINGS)
      if (setting.type === "structured") expect(() => parseShape(setting.terraformType)).not.toThrow();
    expect(parseShape('object({ a = optional(map(string), { b = "}" }), c = list(number) })')).toEqual({
      kind: "object",
      attributes: {
        a: { shape: { kind: "map", of: { kind: "string" } }, isOptional: true },
        c: { shape: { kind: "list", of: { kind: "number" } }, isOptional: false },
      },
    });
  });

  test.each([["tuple([string])"], ["list"], ["object({ a string })"]])("%s is none that is known", (type) =>
    expect(() => parseShape(type)).toThrow(type),
  );

  test("every default has the shape of its setting", () => {
    for (const setting of SETTINGS)
      if (setting.type === "structured")
        expect(findMisfits(setting.value, parseShape(setting.terraformType), setting.name)).toEqual([]);
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
        "agents[0].colour: there is no such attribute. Allowed: name, kind, target, timeout_seconds, " +
          "instructions, secret_arn, phases.",
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
  ])("%s", (_, value, wanted) => expect(findMisfits(value, parseShape(AGENTS_TYPE), "agents")).toEqual(wanted));

  test("of a map each value is looked at", () =>
    expect(findMisfits({ a: "true", b: "yes" }, parseShape("map(bool)"), "m")).toEqual([
      'm.b is "yes"; allowed: true or false',
    ]));
});
