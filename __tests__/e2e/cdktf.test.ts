import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { findProviderSource, providerVariables } from "../../scripts/kit/terraform-environment";
import { pipelineEnvironment, runProgram, type Ended } from "../support/command-line";
import { projectCopy } from "../support/project-copy";
import { PROJECT } from "../support/stack-json";

/**
 * The stack in the hands of cdktf's own command line, from nothing to nothing: in a clone, with CI=1, without a
 * terminal, with an emulator for an account. It is given nothing of `quickturn env`: Terraform's own configuration says
 * where the provider is. In order: each test goes on from the one before.
 */

let emulator: Emulator;
let kept: KeptProvider | undefined;
let project: string;
let environment: NodeJS.ProcessEnv;

const STATE = "terraform.agent-api.tfstate";
const cdktf = (...args: string[]): Promise<Ended> =>
  runProgram(join(project, "node_modules/.bin/cdktf"), args, {
    project,
    environment: { ...environment, ...kept?.variables },
  });

beforeAll(async () => {
  project = projectCopy();
  emulator = await startEmulator({ directory: join(project, ".quickturn"), env: process.env });
  environment = {
    ...pipelineEnvironment(project, emulator.endpoint),
    ...providerVariables(findProviderSource(process.env, { search: true }), join(project, ".quickturn")),
    QUICKTURN_PREVENT_DESTROY: "false",
    TF_VAR_deletion_protection: "false",
    // A third of the resources, which need nothing else of cdktf than the others do.
    TF_VAR_alarm_set: "none",
  };
});
afterAll(async () => {
  await kept?.stop();
  await emulator?.stop();
});

test("cdktf's own synth writes the same stack as quickturn's", async () => {
  const stack = "cdktf.out/stacks/agent-api/cdk.tf.json";
  const { code } = await runProgram(join(project, "node_modules/.bin/cdktf"), ["synth"], {
    project,
    environment: { PATH: process.env["PATH"], HOME: project, CI: "1", CHECKPOINT_DISABLE: "1" },
  });
  expect(code).toBe(0);
  expect(readFileSync(join(project, stack), "utf8")).toBe(readFileSync(join(PROJECT, stack), "utf8"));
});

test("plans, and asks no registry for checksums where a lock file is beside the stack", async () => {
  // It writes the lock file where there is none.
  const init = ["-chdir=cdktf.out/stacks/agent-api", "init", "-backend=false"];
  expect((await runProgram("terraform", init, { project, environment })).code).toBe(0);
  const { code, stdout } = await cdktf("plan", "agent-api");
  expect({
    code,
    planned: /Plan: \d+ to add, 0 to change, 0 to destroy/.test(stripVTControlCharacters(stdout)),
  }).toEqual({ code: 0, planned: true });
});

test("applies, and its state stands beside cdktf.json", async () => {
  // What was tried with a provider of the run's own is the same with one that stays, and takes a tenth of the time.
  kept = await keepProvider({
    directory: join(project, "cdktf.out/stacks/agent-api"),
    env: environment,
    configurations: [project],
  });
  const { code, stdout } = await cdktf("apply", "agent-api", "--auto-approve");
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("Apply complete!") as unknown });
  expect(existsSync(join(project, STATE))).toBe(true);
});

test("shows the outputs", async () => {
  const { stdout } = await cdktf("output", "agent-api");
  expect(stdout).toMatch(/api_endpoint = https:\/\/\w+\.execute-api\.us-east-1\.amazonaws\.com\/live/);
});

test("destroys everything, once both guards are off", async () => {
  const { code, stdout } = await cdktf("destroy", "agent-api", "--auto-approve");
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("Destroy complete!") as unknown });
  expect((JSON.parse(readFileSync(join(project, STATE), "utf8")) as { resources: unknown[] }).resources).toEqual([]);
});
