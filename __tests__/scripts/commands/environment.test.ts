import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkEnvironment,
  liveFilePath,
  localStateFile,
  settingsFile,
  synthFolder,
} from "../../../scripts/commands/environment";
import { temporaryFolder } from "../../support/temporary-folder";

const placesOf = (env?: string) => {
  const whose = { projectDirectory: "/p", ...(env !== undefined && { env }) };
  return [settingsFile(whose), synthFolder(whose), liveFilePath(whose), localStateFile(whose, "agent-api")];
};

test("each environment has its own file, folder, live file and state; the default one has what a project without environments has", () => {
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
    '--env is prod, and environments/prod.tfvars.json is not there. There is none yet. Make it, with the second part of the new resources\' names: {"environment": "prod"}',
  );
  mkdirSync(join(projectDirectory, "environments"));
  writeFileSync(join(projectDirectory, "environments", "prod.tfvars.json"), "{}");
  expect(() => checkEnvironment({ projectDirectory, env: "prod" })).not.toThrow();
  expect(() => checkEnvironment({ projectDirectory, env: "prdo" })).toThrow("There are: prod.");
  expect(() => checkEnvironment({ projectDirectory, env: "../x" })).toThrow(
    '--env is "../x"; allowed: 1 to 31 lower-case letters',
  );
});
