import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NOT_TAGGABLE, TAGGABLE } from "../../../scripts/publish/module-files";
import { PART_PAGES } from "../../../scripts/publish/modules";
import { startModuleFolders, type ModuleFolders } from "../../support/module-folders";

/** The tests that each module ships with, run as its users run them. Nothing is applied. */
const MODULES = [
  { name: "agent-api", tests: ["optimizations", "refused"] },
  ...PART_PAGES.map(({ part: { name } }) => ({ name, tests: ["behaviour", "refused"] })),
];

let folders: ModuleFolders;
beforeAll(async () => {
  folders = await startModuleFolders();
});
afterAll(() => folders?.stop());

describe.each(MODULES)("the folder of $name", ({ name, tests }) => {
  test.each(tests)("passes the tests that it ships with: %s", async (file) => {
    const shipped = join("tests", `${file}.tftest.hcl`);
    expect(readdirSync(join(folders.modules, name, "tests")).sort()).toEqual(tests.map((each) => `${each}.tftest.hcl`));
    const count = readFileSync(join(folders.modules, name, shipped), "utf8").match(/^run "/gm)?.length ?? 0;
    expect(count).toBeGreaterThan(3);
    const { stdout, stderr } = await folders.terraform(
      join(folders.modules, name),
      "test",
      "-no-color",
      `-filter=${shipped}`,
    );
    expect(`${stdout.trim().split("\n").at(-1)}${stderr}`).toBe(`Success! ${count} passed, 0 failed.`);
  });
});

test("every resource type takes tags, or takes none, as the provider has it", async () => {
  const { stdout } = await folders.terraform(join(folders.modules, "agent-api"), "providers", "schema", "-json");
  const { provider_schemas: schemas } = JSON.parse(stdout) as {
    provider_schemas: Record<
      string,
      { resource_schemas: Record<string, { block: { attributes: Record<string, unknown> } }> }
    >;
  };
  const known = schemas["registry.terraform.io/hashicorp/aws"]?.resource_schemas ?? {};
  const takesTags = (type: string) => known[type]?.block.attributes["tags"] !== undefined;
  expect([...TAGGABLE, ...NOT_TAGGABLE].filter((type) => known[type] === undefined)).toEqual([]);
  expect(TAGGABLE.filter((type) => !takesTags(type))).toEqual([]);
  expect(NOT_TAGGABLE.filter(takesTags)).toEqual([]);
});
