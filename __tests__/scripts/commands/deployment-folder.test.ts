import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDeploymentFolder } from "../../../scripts/commands/deployment-folder";
import { temporaryFolder } from "../../support/temporary-folder";

let root: string;
beforeEach(() => {
  root = temporaryFolder("folders");
  for (const folder of ["project/below", "project/node_modules/quickturn", "clone/stacks", "elsewhere"])
    mkdirSync(join(root, folder), { recursive: true });
});
const at = (...names: string[]) => join(root, ...names);
const installed = () => at("project/node_modules/quickturn");

test.each(["quickturn.json", "cdktf.json"])("the nearest folder with %s is the one that is meant", (mark) => {
  writeFileSync(at("project", mark), "{}");
  expect(findDeploymentFolder(at("project/below"), at("clone"))).toBe(at("project"));
  expect(findDeploymentFolder(at("project/below"), installed())).toBe(at("project"));
});

test("so is one with environments", () => {
  mkdirSync(at("elsewhere/environments"));
  expect(findDeploymentFolder(at("elsewhere"), installed())).toBe(at("elsewhere"));
});

test("without a mark it is the clone, or where the package is installed, or the current folder where that is elsewhere", () => {
  expect(findDeploymentFolder(at("elsewhere"), at("clone"))).toBe(at("clone"));
  expect(findDeploymentFolder(at("project/below"), installed())).toBe(at("project"));
  expect(findDeploymentFolder(at("elsewhere"), installed())).toBe(at("elsewhere"));
});

test("never below node_modules", () => {
  expect(() => findDeploymentFolder(installed(), installed())).toThrow(
    `The current folder, ${installed()}, is below node_modules: the next npm ci would delete what is kept there, states and all.`,
  );
});
