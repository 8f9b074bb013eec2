import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { TAGGABLE } from "../../../scripts/publish/module-files";
import { PART_PAGES } from "../../../scripts/publish/modules";
import { startModuleFolders, type ModuleFolders } from "../../support/module-folders";

/** The tests that each module ships with, run as its users run them. Nothing is applied. */
const MODULES = [
  { name: "agent-api", tests: ["optimizations", "refused"] },
  ...PART_PAGES.map(({ part: { name } }) => ({ name, tests: ["behaviour", "refused"] })),
];
const FOLDERS = MODULES.flatMap((module) => [module, { ...module, name: `terraform-aws-${module.name}` }]);

let folders: ModuleFolders;
beforeAll(async () => {
  folders = await startModuleFolders();
});
afterAll(() => folders?.stop());

describe.each(FOLDERS)("the folder of $name", ({ name, tests }) => {
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

test("every resource type of a module is listed as taking tags exactly where the provider's does", async () => {
  const { stdout } = await folders.terraform(join(folders.modules, "agent-api"), "providers", "schema", "-json");
  const { provider_schemas: schemas } = JSON.parse(stdout) as {
    provider_schemas: Record<string, { resource_schemas: Record<string, { block: { attributes: object } }> }>;
  };
  const known = schemas["registry.terraform.io/hashicorp/aws"]?.resource_schemas ?? {};
  const takesTags = (type: string) => "tags" in (known[type]?.block.attributes ?? {});
  const types = MODULES.flatMap(({ name }) => {
    const main = readFileSync(join(folders.modules, name, "main.tf.json"), "utf8");
    return Object.keys((JSON.parse(main) as { resource: object }).resource);
  });
  expect(types.length).toBeGreaterThan(30);
  expect([...new Set(types)].filter(takesTags).sort()).toEqual([...TAGGABLE].sort());
});
