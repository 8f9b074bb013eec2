import { moduleExamples } from "../../../scripts/reports/module-examples";
import { SETTINGS } from "../../../stacks/settings";

const examples = moduleExamples({ terraform: ">= 1.11.0", aws: ">= 5.100.0, < 7.0.0" });

test("each example asks for the versions of the module, and calls it where it stands", () => {
  expect(Object.keys(examples)).toEqual(["examples/basic/main.tf", "examples/two-teams/main.tf"]);
  for (const example of Object.values(examples)) {
    expect(example).toContain('required_version = ">= 1.11.0"');
    expect(example).toContain('version = ">= 5.100.0, < 7.0.0"');
    expect(example).toMatch(/ source += "\.\.\/\.\."\n/);
  }
});

test("the examples set nothing but settings that the module has", () => {
  const known = new Set<string>([
    ...SETTINGS.map(({ name }) => name).filter((name) => name !== "aws_region"),
    "source",
    "for_each",
  ]);
  for (const example of Object.values(examples)) {
    const call = /^module "[\s\S]*?^}\n/m.exec(example)?.[0] ?? "";
    const set = [...call.matchAll(/^ {2}(\w+) *=/gm)].map(([, name]) => name!);
    expect(set.length).toBeGreaterThan(3);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
  }
});
