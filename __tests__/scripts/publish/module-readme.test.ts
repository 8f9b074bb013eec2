import { formatExamples, formatReadme } from "../../../scripts/publish/module-readme";
import { SETTINGS } from "../../../stacks/contract/settings";
import { outputsTable, settingsTable } from "../../../scripts/publish/tables";

describe("module examples", () => {
  const examples = formatExamples({ terraform: ">= 1.11.0", aws: ">= 5.100.0, < 7.0.0" });

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
});

describe("module readme", () => {
  const EXAMPLE = formatExamples({ terraform: ">= 1.11.0", aws: ">= 5.100.0, < 7.0.0" })["examples/basic/main.tf"]!;

  test("the inputs are the settings without those that the module has not", () => {
    const readme = formatReadme(["aws_region"], EXAMPLE);
    const removed = settingsTable()
      .split("\n")
      .filter((line) => !readme.includes(`${line}\n`));
    expect(removed).toHaveLength(1);
    expect(removed[0]).toMatch(/^\| `aws_region` \|/);
  });

  test("the README has the outputs, and the example's call from where a folder was copied to", () => {
    const readme = formatReadme(["aws_region"], EXAMPLE);
    expect(readme).toContain(outputsTable());
    expect(readme).toContain('module "agent_api" {\n  source = "./modules/agent-api"\n\n  name        = "support"\n');
    expect(readme).not.toContain('"../.."');
  });

  test("an example without a call is refused, with what it is", () => {
    expect(() => formatReadme([], "variable {}\n")).toThrow('The example has no module block; it is "variable {}\\n"');
  });
});
