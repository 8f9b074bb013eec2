import { independent, limitRefusals, run } from "../../../scripts/reports/tftest";
import { SETTINGS, type Setting } from "../../../stacks/settings";

const settings: readonly Setting[] = SETTINGS;

test("settings are grouped so that no rule reads another of its group, and none is lost", () => {
  const groups = independent(settings, settings);
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

test("two settings that a third's rule ties together are tried apart, also where the third is not tried at all", () => {
  const text = (name: string, read?: string): Setting => ({
    name,
    type: "string",
    description: "S.",
    value: "",
    effect: "in place",
    ...(read && { rules: [{ condition: `var.${read} != null`, message: "allowed: so" }] }),
  });
  const [email, own, topic] = [text("email", "own"), text("own", "topic"), text("topic")];
  expect(independent([email, topic], [email, own, topic])).toEqual([[email], [topic]]);
});

test("a run is written as terraform fmt has it: what it gives, what must fail, what must hold", () => {
  const text = run("a_flip", {
    variables: { a: 1, longer: ["x", { y: null }] },
    failures: ["var.a"],
    asserts: [{ condition: "var.a == 1", message: 'It is not "1".' }],
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

test("a number is tried one step beyond each limit, a fraction half a step; a free or secret string is not tried", () => {
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
  const text = limitRefusals([
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
