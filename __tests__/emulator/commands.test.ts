import { execFile, type ExecFileException } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { startEmulator, type Emulator } from "../../scripts/tools/emulator";
import { keepProvider, type KeptProvider } from "../../scripts/tools/kept-provider";
import { findProviderSource, providerVariables } from "../../scripts/tools/terraform-environment";
import { projectCopy } from "../support/project-copy";

/**
 * The commands as a pipeline runs them: a clone, no terminal, CI=1, an emulator for an account. cdktf first, then
 * quickturn on the same state. In order: each goes on from the one before.
 */
jest.setTimeout(600_000);

let emulator: Emulator;
let project: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  project = projectCopy();
  emulator = await startEmulator({ directory: join(project, ".quickturn"), env: process.env });
  environment = {
    PATH: process.env["PATH"],
    HOME: project,
    CI: "1",
    CHECKPOINT_DISABLE: "1",
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    TF_VAR_deletion_protection: "false",
    TF_VAR_alarm_burn_rates: "false",
    GOGC: "400",
  };
});
afterAll(() => emulator?.stop());

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function start(program: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: project, env: { ...environment, ...extra }, maxBuffer: 64 << 20 }, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}
const quickturn = (...args: string[]) => start(process.execPath, ["scripts/bin/quickturn.js", ...args]);
const cdktf = (...args: string[]) =>
  start(join(project, "node_modules/.bin/cdktf"), args, { ...providerVariables(findProviderSource(process.env), join(project, ".quickturn")), CDKTF_SKIP_PROVIDER_LOCK: "true", QUICKTURN_PREVENT_DESTROY: "false" });

describe("before anything is applied", () => {
  test("env prints what a shell needs to run cdktf against an emulator", async () => {
    const { code, stdout } = await quickturn("env", "--emulator", "http://127.0.0.1:5000");
    expect(code).toBe(0);
    expect(stdout).toContain("export AWS_ENDPOINT_URL='http://127.0.0.1:5000'");
    // Else terraform would try for minutes to make what the emulator lacks.
    expect(stdout).toContain("export TF_VAR_alarm_burn_rates='false'");
  });

  test("apply without a terminal and without --auto-approve does nothing, and says what to do", async () => {
    const { code, stderr } = await quickturn("apply");
    expect(code).toBe(1);
    expect(stderr).toContain("There is no terminal to ask at. Look at `quickturn plan`, then run `quickturn apply --auto-approve`.");
    expect(existsSync(join(project, "terraform.agent-api.tfstate"))).toBe(false);
  });

  test("an unknown command and an unknown option end with 1 and say where help is", async () => {
    for (const args of [["deploy"], ["plan", "--fast"], ["rollback", "--to", ""]]) {
      const { code, stderr } = await quickturn(...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error: [^]*\(quickturn --help teaches\)/);
    }
  });

  test("a bad value fails at plan with what was given and what is allowed, as JSON too", async () => {
    const { code, stdout } = await quickturn("--json", "plan", "--var", "memory_size=1");
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as { error: string }).error.replaceAll(/\s+/g, " ")).toContain("memory_size is 1; allowed: a whole number from 128 to 10240 (MiB)");
  });
});

describe("cdktf, with CI=1 and no terminal", () => {
  test("plans", async () => {
    const { code, stdout } = await cdktf("plan", "agent-api");
    expect({ code, planned: /Plan: \d+ to add, 0 to change, 0 to destroy/.test(stripVTControlCharacters(stdout)) }).toEqual({ code: 0, planned: true });
  });

  test("applies, and its state stands beside cdktf.json", async () => {
    const { code, stdout } = await cdktf("apply", "agent-api", "--auto-approve");
    expect(stdout).toContain("Apply complete!");
    expect(code).toBe(0);
    expect(existsSync(join(project, "terraform.agent-api.tfstate"))).toBe(true);
  });

  test("shows the outputs", async () => {
    const { stdout } = await cdktf("output", "agent-api");
    expect(stdout).toMatch(/api_endpoint = https:\/\/\w+\.execute-api\.us-east-1\.amazonaws\.com\/live/);
  });
});

describe("quickturn, on the same state", () => {
  let kept: KeptProvider;
  beforeAll(async () => {
    // What was tried with a provider of each run's own is the same with one that stays, and takes a tenth of the time.
    const provider = providerVariables(findProviderSource(process.env), join(project, ".quickturn"));
    kept = await keepProvider({ directory: join(project, "cdktf.out/stacks/agent-api"), env: { ...environment, ...provider }, configurations: [project] });
    Object.assign(environment, kept.variables);
  });
  afterAll(() => kept?.stop());

  interface Planned {
    readonly changed: boolean;
    readonly changes: { address: string; action: string; attributes: string[] }[];
  }

  test("plan exits with 2 where something changes, and names resource and attribute", async () => {
    const { code, stdout } = await quickturn("--json", "plan", "--var", "memory_size=2048");
    expect(code).toBe(2);
    const { changed, changes } = JSON.parse(stdout) as Planned;
    expect(changed).toBe(true);
    expect(changes.find(({ address }) => address === "aws_lambda_function.worker_function")).toMatchObject({ action: "update", attributes: expect.arrayContaining(["memory_size"]) as unknown });
  });

  test("apply applies that plan, and yields the outputs", async () => {
    const { code, stdout, stderr } = await quickturn("--json", "apply", "--auto-approve", "--var", "memory_size=2048");
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("Error") as unknown });
    expect(JSON.parse(stdout)).toMatchObject({ applied: true, outputs: { settings: { memory_size: 2048 }, newest_version: "2" } });
  });

  test("state and plan are for their owner's eyes only", () => {
    for (const file of ["terraform.agent-api.tfstate", "cdktf.out/stacks/agent-api/quickturn.tfplan"]) expect(statSync(join(project, file)).mode & 0o077).toBe(0);
  });

  test("rollback takes every optimization away in place, and says how long it took", async () => {
    const { code, stdout, stderr } = await quickturn("rollback", "--auto-approve");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Rolled back to baseline in \d+\.\d s\./) as unknown });
    expect(stderr).toContain("Plan: 0 to add,");
    expect(stderr).toContain("0 to destroy.");
    const state = JSON.parse(readFileSync(join(project, "terraform.agent-api.tfstate"), "utf8")) as { outputs: { settings: { value: Record<string, unknown> } } };
    expect(state.outputs.settings.value).toMatchObject({ profile: "baseline", memory_size: 1024, reserved_concurrent_executions: 10, cache_enabled: false, max_parallel_agents: 1 });
  });

  test("rollback refuses a plan that makes, replaces or deletes, names it, and applies nothing", async () => {
    const before = readFileSync(join(project, "terraform.agent-api.tfstate"), "utf8");
    const { code, stdout } = await quickturn("rollback", "--auto-approve", "--var", "alarm_email=on.call@example.org");
    expect(code).toBe(1);
    expect(stdout).toContain("A rollback changes resources in place, and this plan does more:");
    expect(stdout).toContain("+ aws_sns_topic_subscription.alarm_email[0]");
    expect(stdout).toContain("Nothing was applied. If this is what you want, add --allow-replace.");
    expect(readFileSync(join(project, "terraform.agent-api.tfstate"), "utf8")).toBe(before);
  });

  test("a table cannot be destroyed by accident: the plan is refused", async () => {
    const { code, stderr } = await quickturn("apply", "--auto-approve", "--var", "name=renamed");
    expect(code).toBe(1);
    expect(stderr.replaceAll(/[│\s]+/g, " ")).toContain("Instance cannot be destroyed");
  });

  test("destroy by cdktf, with both guards off, leaves nothing", async () => {
    const { code, stdout } = await cdktf("destroy", "agent-api", "--auto-approve");
    expect({ code, done: stdout.includes("Destroy complete!") }).toEqual({ code: 0, done: true });
    expect((JSON.parse(readFileSync(join(project, "terraform.agent-api.tfstate"), "utf8")) as { resources: unknown[] }).resources).toEqual([]);
  });
});
