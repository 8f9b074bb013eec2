import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator } from "../../scripts/emulator/moto";
import { Terraform } from "../../scripts/kit/terraform";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { findProviderSource, terraformEnvironment } from "../../scripts/kit/terraform-environment";
import { appliedAccount, copyAccount, movedState, type AppliedAccount } from "../support/applied-account";
import { pipelineEnvironment, runProgram, runQuickturn, type Ended } from "../support/command-line";
import { projectWithoutFirewall } from "../support/project-copy";

/**
 * The commands as a pipeline runs them: a clone, no terminal, CI=1, an emulator for an account. cdktf's own command
 * line on the same stack: cdktf.test. In order: each test goes on from the one before.
 */

let account: AppliedAccount;
let emulator: Emulator;
let kept: KeptProvider | undefined;
let project: string;
let environment: NodeJS.ProcessEnv;

const STATE = "terraform.agent-api.tfstate";
const path = (name: string) => join(project, name);
const quickturn = (...args: string[]): Promise<Ended> =>
  runQuickturn(args, { project, environment: { ...environment, ...kept?.variables } });

beforeAll(async () => {
  project = projectWithoutFirewall();
  account = await appliedAccount();
  emulator = await copyAccount(account);
  environment = {
    ...pipelineEnvironment(project, emulator.endpoint),
    TF_VAR_deletion_protection: "false",
    TF_VAR_alarm_burn_rates: "false",
  };
});
afterAll(async () => {
  await kept?.stop();
  await emulator?.stop();
});

describe("without a state", () => {
  test("env prints what a shell needs to run cdktf against an emulator", async () => {
    const { code, stdout } = await quickturn("env", "--emulator", "http://127.0.0.1:5000");
    expect(code).toBe(0);
    expect(stdout).toContain("export AWS_ENDPOINT_URL='http://127.0.0.1:5000'");
    // Else terraform would try for minutes to make what the emulator lacks.
    expect(stdout).toContain("export TF_VAR_alarm_burn_rates='false'");
    expect(await quickturn("env", "--emulator", "http://example.org")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining(
        '--emulator is "http://example.org"; allowed: an address of this machine',
      ) as unknown,
    });
  });

  test("apply without a terminal and without --auto-approve does nothing, and says what to do", async () => {
    const { code, stderr } = await quickturn("apply");
    expect(code).toBe(64);
    expect(stderr).toContain(
      "There is no terminal to ask at. Look at `quickturn plan`, then run `quickturn apply --auto-approve`.",
    );
    expect(existsSync(path(STATE))).toBe(false);
  });

  test("a bad value fails at plan with what was given and what is allowed, as JSON too", async () => {
    const { code, stdout } = await quickturn("--json", "plan", "--var", "memory_size=1");
    expect(code).toBe(64);
    expect((JSON.parse(stdout) as { error: { message: string } }).error.message).toBe(
      '--var memory_size is "1"; allowed: a whole number from 128 to 10240 (MiB). Default: 1024 (baseline), 3072 (optimized), 3072 (low_latency).',
    );
  });
});

describe("with the stack applied", () => {
  beforeAll(async () => {
    writeFileSync(path(STATE), movedState(account, emulator));
    expect(await quickturn("synth")).toMatchObject({ code: 0 });
    // What was tried with a provider of the run's own is the same with one that stays, and takes a tenth of the time.
    const directory = path("cdktf.out/stacks/agent-api");
    const env = terraformEnvironment(environment, findProviderSource(environment), path(".quickturn"));
    await new Terraform({ directory, env }).init();
    kept = await keepProvider({ directory, env, configurations: [project] });
  });

  interface Planned {
    readonly changed: boolean;
    readonly warnings: readonly string[];
    readonly changes: { address: string; action: string; attributes: string[]; values: object[] }[];
  }

  test("plan exits with 2 where something changes, names resource and attribute with the old and the new value", async () => {
    const { code, stdout } = await quickturn("--json", "plan", "--var", "memory_size=2048");
    expect(code).toBe(2);
    const { changed, changes, warnings } = JSON.parse(stdout) as Planned;
    expect(changed).toBe(true);
    expect(warnings.filter((text) => text.startsWith("The alarms call nobody: "))).toHaveLength(1);
    expect(changes.find(({ address }) => address === "aws_lambda_function.worker_function")).toMatchObject({
      action: "update",
      attributes: expect.arrayContaining(["memory_size"]) as unknown,
      values: expect.arrayContaining([{ path: "memory_size", before: 3072, after: 2048 }]) as unknown,
    });
    // The clone's functions are byte for byte those that were applied from another folder.
    expect(changes.filter(({ action }) => action !== "update")).toEqual([]);
  });

  test("a slip in a var-file is an error with the setting that was meant", async () => {
    writeFileSync(path("slip.tfvars"), "memory_sise = 2048\n");
    const slip = await quickturn("plan", "--var-file", "slip.tfvars");
    expect(slip).toMatchObject({
      code: 64,
      stderr: expect.stringContaining(
        "slip.tfvars: memory_sise: there is no such setting. Did you mean memory_size?",
      ) as unknown,
    });
    rmSync(path("slip.tfvars"));
  });

  test("at a terminal only the word yes applies: y does not, and nothing is changed", async () => {
    const before = readFileSync(path(STATE), "utf8");
    const answering = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
said = b""
try:
    while b"goes on:" not in said: said += os.read(terminal, 4096)
    os.write(terminal, b"y\\n")
    while True: said += os.read(terminal, 4096)
except OSError: pass
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
    const { code, stdout } = await runProgram(
      "python3",
      ["-c", answering, process.execPath, "scripts/bin/quickturn.js", "apply", "--var", "memory_size=2048"],
      { project, environment: { ...environment, ...kept?.variables } },
    );
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining('Apply this plan? Only "yes" goes on:') as unknown,
    });
    expect(readFileSync(path(STATE), "utf8")).toBe(before);
  });

  test("state and plan are for their owner's eyes only", () => {
    for (const file of [STATE, "cdktf.out/stacks/agent-api/quickturn.tfplan"])
      expect(statSync(path(file)).mode & 0o077).toBe(0);
  });

  test("a table cannot be destroyed by accident: the plan is refused", async () => {
    const { code, stderr } = await quickturn("apply", "--auto-approve", "--var", "name=renamed");
    expect(code).toBe(1);
    expect(stderr.replaceAll(/[│\s]+/g, " ")).toContain("Instance cannot be destroyed");
  });
});
