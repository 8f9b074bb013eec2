import { moduleReadme } from "../../../scripts/reports/module-readme";
import { moduleExamples } from "../../../scripts/reports/module-examples";
import { outputsTable, settingsTable } from "../../../scripts/reports/tables";

const EXAMPLE = moduleExamples({ terraform: ">= 1.11.0", aws: ">= 5.100.0, < 7.0.0" })["examples/basic/main.tf"]!;

test("the inputs are the settings without those that the module has not", () => {
  const readme = moduleReadme(["aws_region"], EXAMPLE);
  const removed = settingsTable()
    .split("\n")
    .filter((line) => !readme.includes(`${line}\n`));
  expect(removed).toHaveLength(1);
  expect(removed[0]).toMatch(/^\| `aws_region` \|/);
});

test("the README has the outputs, and the example's call from where a folder was copied to", () => {
  const readme = moduleReadme(["aws_region"], EXAMPLE);
  expect(readme).toContain(outputsTable());
  expect(readme).toContain('module "agent_api" {\n  source = "./modules/agent-api"\n\n  name        = "support"\n');
  expect(readme).not.toContain('"../.."');
});

test("an example without a call is refused, with what it is", () => {
  expect(() => moduleReadme([], "variable {}\n")).toThrow('The example has no module block; it is "variable {}\\n"');
});
