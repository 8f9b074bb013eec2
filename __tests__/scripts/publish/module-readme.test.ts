import { formatAgentApiPages, formatPartFiles } from "../../../scripts/publish/module-readme";
import { PART_PAGES } from "../../../scripts/publish/modules";
import { outputsTable, settingsTable } from "../../../scripts/publish/tables";
import { SETTINGS } from "../../../stacks/contract/settings";

const FACTS = { terraform: ">= 1.11.0", aws: ">= 5.100.0, < 7.0.0", dropped: ["aws_region"] };

describe("agent-api", () => {
  const { "README.md": readme = "", ...examples } = formatAgentApiPages(FACTS);

  test("each example asks for the module's versions, and calls the module by its relative path", () => {
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

  test("the README's inputs are the settings that the module has", () => {
    const removed = settingsTable()
      .split("\n")
      .filter((line) => !readme.includes(`${line}\n`));
    expect(removed).toHaveLength(1);
    expect(removed[0]).toMatch(/^\| `aws_region` \|/);
  });

  test("the README has the outputs, and the example's call from beside a copied folder", () => {
    expect(readme).toContain(outputsTable());
    expect(readme).toContain('module "agent_api" {\n  source = "./modules/agent-api"\n\n  name        = "support"\n');
    expect(readme).not.toContain('"../.."');
  });
});

const cases = PART_PAGES.map((pages) => ({
  name: pages.part.name,
  pages,
  files: formatPartFiles(pages, FACTS),
  known: pages.part.settings.map(({ name }) => name).filter((name) => name !== "aws_region"),
}));

describe.each(cases)("$name", ({ name, pages, files, known }) => {
  test("has a README, an example and tests", () => {
    expect(Object.keys(files)).toEqual([
      "README.md",
      "examples/basic/main.tf",
      "tests/behaviour.tftest.hcl",
      "tests/refused.tftest.hcl",
    ]);
  });

  test("the README has its settings without the region, its outputs, and the call from beside a copied folder", () => {
    const readme = files["README.md"]!;
    expect(readme).toContain(settingsTable(pages.part.settings.filter((setting) => setting.name !== "aws_region")));
    expect(readme).toContain(outputsTable(pages.part.outputs));
    expect(readme).toMatch(new RegExp(`^  source = "\\./modules/${name}"$`, "m"));
    expect(readme).not.toContain("| `aws_region` |");
  });

  test("the example asks for the module's versions, sets every required variable, and no unknown one", () => {
    const example = files["examples/basic/main.tf"]!;
    expect(example).toContain('required_version = ">= 1.11.0"');
    expect(example).toContain('version = ">= 5.100.0, < 7.0.0"');
    const call = /^module "[\s\S]*?^}\n/m.exec(example)?.[0] ?? "";
    const given = [...call.matchAll(/^ {2}(\w+) *=/gm)].map(([, each]) => each!);
    expect(given.filter((each) => each !== "source" && !known.includes(each))).toEqual([]);
    const needed = pages.part.settings.filter((setting) => "required" in setting).map((setting) => setting.name);
    expect(needed.filter((each) => !given.includes(each))).toEqual([]);
  });

  test("a number below or above its limits and a wrong string are refused at their variable", () => {
    const refused = files["tests/refused.tftest.hcl"]!;
    for (const setting of pages.part.settings.filter((each) => each.name !== "aws_region")) {
      if (setting.type === "number")
        expect(refused.match(new RegExp(`^ {4}var\\.${setting.name},$`, "gm"))?.length).toBeGreaterThanOrEqual(2);
      if (setting.type === "string") expect(refused).toMatch(new RegExp(`^ {4}${setting.name} += "§ no"$`, "m"));
    }
    expect(refused).not.toMatch(/^ +aws_region += |var\.aws_region/m);
  });

  test("every setting that has a rule beside its limits is refused by a run of its own", () => {
    const tried = pages.refusals.join("");
    expect(
      pages.part.settings
        .filter(({ rules = [] }) => rules.length > 0)
        .map((setting) => setting.name)
        .filter((each) => !tried.includes(`    var.${each},\n`)),
    ).toEqual([]);
  });
});
