import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findDeploymentFolder,
  checkEnvironment,
  liveFilePath,
  localStateFile,
  settingsFile,
  synthFolder,
} from "../../../scripts/kit/deployment-folder";
import { temporaryFolder } from "../../support/temporary-folder";

describe("deployment folder", () => {
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

  test("without a mark it is the clone, or the folder where the package is installed, else the current folder", () => {
    expect(findDeploymentFolder(at("elsewhere"), at("clone"))).toBe(at("clone"));
    expect(findDeploymentFolder(at("project/below"), installed())).toBe(at("project"));
    expect(findDeploymentFolder(at("elsewhere"), installed())).toBe(at("elsewhere"));
  });

  test("never below node_modules", () => {
    expect(() => findDeploymentFolder(installed(), installed())).toThrow(
      `The current folder, ${installed()}, is below node_modules: the next npm ci would delete what is kept ` +
        "there, states and all.",
    );
  });
});

describe("environment", () => {
  const placesOf = (env?: string) => {
    const whose = { projectDirectory: "/p", ...(env !== undefined && { env }) };
    return [settingsFile(whose), synthFolder(whose), liveFilePath(whose), localStateFile(whose, "agent-api")];
  };

  test("each environment has its own paths; those of the default one are a project's without environments", () => {
    expect(placesOf()).toEqual([
      "/p/environments/default.tfvars.json",
      "/p/cdktf.out",
      "/p/live.tfvars.json",
      "/p/terraform.agent-api.tfstate",
    ]);
    expect(placesOf("prod")).toEqual([
      "/p/environments/prod.tfvars.json",
      "/p/cdktf.out/environments/prod",
      "/p/live.prod.tfvars.json",
      "/p/terraform.agent-api.prod.tfstate",
    ]);
  });

  test("a name without a file is a slip, and told with those that there are", () => {
    const projectDirectory = temporaryFolder("project");
    expect(() => checkEnvironment({ projectDirectory })).not.toThrow();
    expect(() => checkEnvironment({ projectDirectory, env: "prod" })).toThrow(
      "--env is prod, and environments/prod.tfvars.json is not there. There is none yet. Make it, with the " +
        'second part of the new resources\' names: {"environment": "prod"}',
    );
    mkdirSync(join(projectDirectory, "environments"));
    writeFileSync(join(projectDirectory, "environments", "prod.tfvars.json"), "{}");
    expect(() => checkEnvironment({ projectDirectory, env: "prod" })).not.toThrow();
    expect(() => checkEnvironment({ projectDirectory, env: "prdo" })).toThrow("There are: prod.");
    expect(() => checkEnvironment({ projectDirectory, env: "../x" })).toThrow(
      '--env is "../x"; allowed: 1 to 31 lower-case letters',
    );
  });
});
