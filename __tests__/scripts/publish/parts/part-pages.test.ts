import { PART_PAGES, formatPartFiles } from "../../../../scripts/publish/parts";
import { outputsTable, settingsTable } from "../../../../scripts/publish/tables";

const VERSIONS = { terraform: ">= 1.11.0", aws: ">= 5.100.0, < 7.0.0" };
const cases = PART_PAGES.map((pages) => ({
  name: pages.part.name,
  pages,
  files: formatPartFiles(pages, ["aws_region"], VERSIONS),
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

  test("the README has the tables of its settings without the region, and its outputs, and the call from where the folder was copied to", () => {
    const readme = files["README.md"]!;
    expect(readme).toContain(settingsTable(pages.part.settings.filter((setting) => setting.name !== "aws_region")));
    expect(readme).toContain(outputsTable(pages.part.outputs));
    expect(readme).toMatch(new RegExp(`^  source = "\\./modules/${name}"$`, "m"));
    expect(readme).not.toContain("| `aws_region` |");
  });

  test("the example asks for the module's versions, gives all that it must, and nothing that the module has not", () => {
    const example = files["examples/basic/main.tf"]!;
    expect(example).toContain('required_version = ">= 1.11.0"');
    expect(example).toContain('version = ">= 5.100.0, < 7.0.0"');
    const call = /^module "[\s\S]*?^}\n/m.exec(example)?.[0] ?? "";
    const given = [...call.matchAll(/^ {2}(\w+) *=/gm)].map(([, each]) => each!);
    expect(given.filter((each) => each !== "source" && !known.includes(each))).toEqual([]);
    const needed = pages.part.settings.filter((setting) => "required" in setting).map((setting) => setting.name);
    expect(needed.filter((each) => !given.includes(each))).toEqual([]);
  });

  test("every number is refused below and above, and every restricted string, each at its variable", () => {
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
