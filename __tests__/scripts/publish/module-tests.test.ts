import {
  formatModuleTests,
  groupIndependent,
  refuseBeyondLimits,
  formatRun,
} from "../../../scripts/publish/module-tests";
import { SETTINGS, defaultValue, followsProfile, type Setting } from "../../../stacks/contract/settings";

describe("module tests", () => {
  const settings: readonly Setting[] = SETTINGS;
  const tests = formatModuleTests(["aws_region"]);
  const optimizations = tests["tests/optimizations.tftest.hcl"]!;
  const refused = tests["tests/refused.tftest.hcl"]!;

  /** A run block's text, by its name. */
  function block(text: string, name: string): string {
    const found = new RegExp(`^run "${name}" {[\\s\\S]*?^}$`, "m").exec(text)?.[0];
    if (found === undefined) throw new Error(`There is no run ${name}`);
    return found;
  }

  test("every optimization of the profiles is flipped once, to its value in the baseline", () => {
    const differing = settings.filter(
      (setting) => followsProfile(setting) && defaultValue(setting, "optimized") !== defaultValue(setting, "baseline"),
    );
    expect(differing.length).toBeGreaterThan(5);
    for (const setting of differing)
      expect(block(optimizations, `${setting.name}_taken_away`)).toMatch(
        new RegExp(`^ {4}${setting.name} += ${String(defaultValue(setting, "baseline"))}$`, "m"),
      );
  });

  test("a flip asserts that its own setting changed and every other stayed", () => {
    const flip = block(optimizations, "memory_size_taken_away");
    expect(flip.match(/^ {2}assert {/gm)).toHaveLength(settings.filter(followsProfile).length);
    expect(flip).toContain("condition     = aws_lambda_function.worker_function.memory_size == 1024");
    expect(flip).toContain("condition     = aws_lambda_function.worker_function.reserved_concurrent_executions == 50");
  });

  test("the cache is flipped together with its cluster, without which it is refused", () => {
    const flip = block(optimizations, "cache_cluster_enabled_taken_away");
    expect(flip).toContain("    cache_cluster_enabled = false\n    cache_enabled         = false\n");
    expect(flip).toContain("!(aws_api_gateway_method_settings.live_status_method.settings[0].caching_enabled)");
  });

  test("a number beyond its limits and a wrong string are refused at each variable that the module has", () => {
    const numbers = settings.filter(({ type }) => type === "number");
    for (const { name } of numbers)
      expect(refused.match(new RegExp(`^ {4}var\\.${name},$`, "gm"))?.length).toBeGreaterThanOrEqual(2);
    const strings = settings.filter(
      ({ type, sensitive, name }) => type === "string" && !sensitive && name !== "aws_region",
    );
    for (const { name } of strings) expect(refused).toMatch(new RegExp(`^ {4}${name} += "§ no"$`, "m"));
    expect(refused).not.toContain("aws_region ");
    expect(refused).not.toContain("var.aws_region");
  });
});

describe("tftest", () => {
  const settings: readonly Setting[] = SETTINGS;

  test("no rule of a group reads another setting of it, and every setting is in a group", () => {
    const groups = groupIndependent(settings, settings);
    expect(
      groups
        .flat()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(settings.map(({ name }) => name).sort());
    expect(groups.length).toBeGreaterThan(1);
    for (const group of groups) {
      for (const { name, rules = [] } of group) {
        const others = group.filter(
          (other) =>
            other.name !== name &&
            rules.some(({ condition, message }) => new RegExp(`\\bvar\\.${other.name}\\b`).test(condition + message)),
        );
        expect(others).toEqual([]);
      }
    }
  });

  test("two settings that depend on each other by a third are in two groups, even where the third is in none", () => {
    const text = (name: string, read?: string): Setting => ({
      name,
      type: "string",
      description: "S.",
      value: "",
      effect: "in place",
      ...(read && { rules: [{ condition: `var.${read} != null`, message: "allowed: so" }] }),
    });
    const [email, own, topic] = [text("email", "own"), text("own", "topic"), text("topic")];
    expect(groupIndependent([email, topic], [email, own, topic])).toEqual([[email], [topic]]);
  });

  test("a run has its variables, expected failures and asserts, as terraform fmt writes them", () => {
    const text = formatRun("a_flip", {
      variables: { a: 1, longer: ["x", { y: null }] },
      failures: ["var.a"],
      asserts: { 'It is not "1".': "var.a == 1" },
    });
    expect(text).toBe(`run "a_flip" {
  command = plan

  variables {
    a      = 1
    longer = ["x", { "y" = null }]
  }

  expect_failures = [
    var.a,
  ]

  assert {
    condition     = var.a == 1
    error_message = "It is not \\"1\\"."
  }
}
`);
  });

  test("a number is tried one step beyond its limits, a fraction half a step; a free or secret string is not", () => {
    const number = {
      name: "n",
      type: "number",
      unit: "MiB",
      description: "N.",
      value: 1,
      minimum: 1,
      maximum: 9,
      effect: "in place",
    } as const;
    const text = refuseBeyondLimits([
      number,
      { ...number, name: "f", fractional: true },
      { name: "free", type: "string", description: "S.", value: "", effect: "in place" },
      {
        name: "secret",
        type: "string",
        description: "S.",
        value: "",
        sensitive: true,
        allowed: ["a"],
        effect: "in place",
      },
      { name: "chosen", type: "string", description: "S.", value: "a", allowed: ["a"], effect: "in place" },
    ]).join("");
    expect([...text.matchAll(/^ {4}(\w+ += .*)$/gm)].map(([, line]) => line)).toEqual([
      "n = 0",
      "f = 0.5",
      "n = 10",
      "f = 9.5",
      'chosen = "§ no"',
    ]);
  });
});
