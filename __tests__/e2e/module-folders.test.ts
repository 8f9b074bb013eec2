import { readdirSync } from "node:fs";
import { join } from "node:path";
import { PART_PAGES } from "../../scripts/publish/modules";
import { startModuleFolders, type ModuleFolders } from "../support/module-folders";

/**
 * The folder of each module as its users have it, in the hands of terraform's own checks. Nothing is applied. The tests
 * that they ship with: proof/release/module-tests.
 */
const MODULES = [
  { name: "agent-api", examples: ["basic", "two-teams"] },
  ...PART_PAGES.map(({ part: { name } }) => ({ name, examples: ["basic"] })),
].flatMap((module) => [module, { ...module, name: `terraform-aws-${module.name}` }]);

let folders: ModuleFolders;
beforeAll(async () => {
  folders = await startModuleFolders();
});
afterAll(() => folders?.stop());

/** What init and validate have to say about a root: nothing, where it is good. */
async function complaints(directory: string): Promise<unknown> {
  await folders.terraform(directory, "init", "-input=false");
  return (JSON.parse((await folders.terraform(directory, "validate", "-json")).stdout) as { diagnostics: unknown })
    .diagnostics;
}

describe.each(MODULES)("the folder of $name", ({ name, examples }) => {
  test("is formatted as terraform fmt has it", async () => {
    expect(await folders.terraform(join(folders.modules, name), "fmt", "-check", "-recursive", "-diff")).toMatchObject({
      code: 0,
      stdout: "",
    });
  });

  test("validates without a warning, alone and in its examples", async () => {
    expect(readdirSync(join(folders.modules, name, "examples")).sort()).toEqual(examples);
    for (const directory of ["", ...examples.map((example) => join("examples", example))])
      expect({ directory, said: await complaints(join(folders.modules, name, directory)) }).toEqual({
        directory,
        said: [],
      });
  });
});
