import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { findProviderSource, terraformEnvironment } from "../../scripts/kit/terraform-environment";
import { Terraform } from "../../scripts/kit/terraform";
import { pipelineEnvironment, runQuickturn } from "../support/command-line";
import { projectCopy } from "../support/project-copy";

/**
 * The command line's rollbacks in a clone with a history: to the versions before, to a commit, to a profile. The stack
 * is a small one, applied to an emulator. In order: each test goes on from the one before.
 */

let emulator: Emulator;
let kept: KeptProvider | undefined;
let project: string;
let temporary: string;
let environment: NodeJS.ProcessEnv;
/** In order, the oldest first: without the parameter, with code "one", with code "two". */
const commits: string[] = [];

const path = (name: string) => join(project, name);
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
    cwd: project,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: project },
  });
const STACK = "stacks/agent-api-stack.ts";

function commit(message: string, changes: Readonly<Record<string, (source: string) => string>> = {}): void {
  for (const [name, change] of Object.entries(changes)) {
    const source = existsSync(path(name)) ? readFileSync(path(name), "utf8") : "";
    expect(change(source)).not.toBe(source);
    writeFileSync(path(name), change(source));
  }
  git("add", "--all");
  git("commit", "--quiet", "--message", message);
  commits.push(git("rev-parse", "HEAD").trim().slice(0, 9));
}

const quickturn = (...args: string[]) =>
  runQuickturn(args, { project, environment: { ...environment, ...kept?.variables } });

/** A kept provider reads the zips in the folder that it was started in, not in that of the commit's stack. */
const withOwnProvider = (...args: string[]) => runQuickturn(args, { project, environment });

const openLambda = () =>
  new LambdaClient({
    endpoint: emulator.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });

/** Code and memory of what callers of the worker get. */
async function live(
  qualifier = "live",
): Promise<{ version: string | undefined; code: string | undefined; memoryMiB: number | undefined }> {
  const lambda = openLambda();
  const {
    Version: version,
    CodeSha256: code,
    MemorySize: memoryMiB,
  } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "worker", Qualifier: qualifier }));
  lambda.destroy();
  return { version, code, memoryMiB };
}
const liveFile = () =>
  JSON.parse(readFileSync(path("live.tfvars.json"), "utf8")) as {
    live_version?: number;
    release: { serial: number; pinned: object; history: { event: string; reason: string }[] };
  };
const state = () => readFileSync(path("terraform.agent-api.tfstate"), "utf8");

beforeAll(async () => {
  project = projectCopy();
  temporary = path(".quickturn");
  copyFileSync(join(__dirname, "../support/versioned-stack.ts"), path(STACK));
  for (const name of ["api", "sweeper", "worker"])
    writeFileSync(path(`handlers/${name}.ts`), `export const handler = () => "one";\n`);
  writeFileSync(
    path(".gitignore"),
    ["node_modules", "cdktf.out", "dist", ".quickturn", "*.tfstate*", "live.tfvars.json", ""].join("\n"),
  );
  git("init", "--quiet");
  commit("the functions");
  commit("a parameter", {
    [STACK]: (source) =>
      source
        .replace(
          "\nimport type",
          '\nimport { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";\nimport type',
        )
        .replace(
          '    this.versioned("worker"',
          '    new SsmParameter(this, "parameter", { name: "small", type: "String", value: "here" });\n    this.versioned("worker"',
        ),
  });
  emulator = await startEmulator({ directory: path(".quickturn"), env: process.env });
  // The folder for temporary files is the project's own, so that what is left over is seen.
  environment = { ...pipelineEnvironment(project, emulator.endpoint), TMPDIR: temporary };
  expect(await quickturn("synth")).toMatchObject({ code: 0 });
  const directory = path("cdktf.out/stacks/agent-api");
  const env = terraformEnvironment(environment, findProviderSource(environment), path(".quickturn"));
  await new Terraform({ directory, env }).init();
  kept = await keepProvider({ directory, env, configurations: [project] });
  expect(await quickturn("apply", "--auto-approve")).toMatchObject({ code: 0 });
  commit("code, memory, and a setting that remembers", {
    "handlers/worker.ts": (source) => source.replace("one", "two"),
    [STACK]: (source) =>
      source
        .replace("optimized: 256", "optimized: 512")
        .replace(
          "    for (const setting of SETTINGS)",
          '    new TerraformVariable(this, "release", { type: "any" }).addOverride("default", null);\n    for (const setting of SETTINGS)',
        )
        .replace('["profile", ...SETTINGS]', '["profile", "release", ...SETTINGS]'),
  });
  // As a canary leaves it that has made version 2 live.
  const promoted = {
    at: "2026-01-01T00:00:00.000Z",
    event: "promoted",
    worker: 2,
    api: null,
    stable_worker: 1,
    stable_api: null,
    weight: 100,
    reason: "",
  };
  writeFileSync(
    path("live.tfvars.json"),
    JSON.stringify({
      release: {
        deployment: "small",
        serial: 1,
        writer: "a",
        pinned: { worker: null, api: null },
        canary: null,
        history: [promoted],
      },
    }),
  );
  expect(await quickturn("apply", "--auto-approve")).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await kept?.stop();
  await emulator?.stop();
});

test("to previous: the alias alone moves to the version before, and stays there", async () => {
  expect(await live()).toMatchObject({ version: "2", memoryMiB: 512 });
  const { code, stdout, stderr } = await quickturn("rollback", "--to", "previous", "--auto-approve");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Rolled back to version 1 of the worker in \d+\.\d s\.\n/) as unknown,
  });
  expect(stderr).toContain("Plan: 0 to add, 1 to change, 0 to destroy.");
  expect(await live()).toMatchObject({ version: "1", memoryMiB: 256 });
  expect(liveFile()).toMatchObject({ live_version: 1, release: { pinned: { worker: 1, api: null } } });
});

test("a pin that is taken away by its variable moves the alias in that very plan", async () => {
  const { code, stdout } = await quickturn("plan", "--var", "live_version=null");
  expect({ code, stdout }).toEqual({
    code: 2,
    stdout: expect.stringMatching(/~ aws_lambda_alias\.worker_alias\w*\n +function_version: "1" -> "2"\n/) as unknown,
  });
  expect((await quickturn("plan")).stdout).toContain("No changes.");
});

test("to a commit: what it has not is named, and without a word nothing is deleted", async () => {
  const before = state();
  const { code, stdout } = await quickturn("rollback", "--to", commits[0]!, "--auto-approve");
  expect(code).toBe(1);
  expect(stdout).toContain(
    "A rollback changes resources in place, and this plan does more:\n    - aws_ssm_parameter.parameter\n",
  );
  expect(stdout).toContain(`What it deletes was added after ${commits[0]} (${commits[0]})`);
  expect(stdout).toContain("Nothing was applied. If this is what you want, add --allow-replace.");
  expect(state()).toBe(before);
  expect(liveFile()).toMatchObject({ live_version: 1 });
});

test("to a commit: its code and its defaults are live again, in place, against the present state", async () => {
  const old = await live("1");
  const { code, stdout, stderr } = await withOwnProvider("rollback", "--to", "HEAD~1", "--auto-approve");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(
      new RegExp(`^Rolled back to HEAD~1 \\(${commits[1]}\\) in \\d+\\.\\d s\\.\n`),
    ) as unknown,
  });
  expect(stderr).toContain(
    "Nobody gave these settings, so the defaults of that commit count:\n  memory_size: 512 -> 256",
  );
  expect(stderr).toContain(
    "Settings that this commit does not have yet, and that are left out: api_canary_weight, canary_weight, release.",
  );
  expect(stderr).toContain("0 to add, 2 to change, 0 to destroy.");
  expect(await live()).toEqual({ ...old, version: "3" });
  expect(stdout).toContain(
    "the state has forgotten what was pinned: live.tfvars.json alone has it. In other checkouts delete that file.",
  );
  expect(stdout).toContain(
    `The checkout is still at ${commits[2]}: the next apply from it makes its code live again; revert it (git revert ${commits[1]}..${commits[2]}) or check the commit out (git checkout ${commits[1]}).`,
  );
  expect(git("status", "--porcelain")).toBe("");
  expect(readdirSync(temporary).filter((name) => name.startsWith("quickturn-earlier-"))).toEqual([]);
  expect(liveFile().release).toMatchObject({ serial: 3, pinned: { worker: null, api: null } });
  expect(liveFile().release.history.at(-1)).toMatchObject({ event: "rollback", reason: `to HEAD~1 (${commits[1]})` });
});

test("a plan afterwards is of what the checkout has, and of no pin", async () => {
  const { code, stdout } = await quickturn("plan");
  expect(code).toBe(2);
  expect(stdout).toContain("aws_lambda_function.worker_function");
  expect(stdout).toContain("Plan: 0 to add, 2 to change, 0 to destroy.");
  expect(stdout).not.toContain("Pinned");
});

test("to a profile: the checkout's code is live with the profile's settings", async () => {
  const { code, stdout } = await quickturn("rollback", "--auto-approve");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Rolled back to baseline in \d+\.\d s\./) as unknown,
  });
  expect(await live()).toEqual({ version: "4", code: (await live("2")).code, memoryMiB: 128 });
  expect(liveFile()).toEqual({ release: expect.objectContaining({ serial: 3 }) as unknown });
});

test("while the worker is tuned nothing is applied, were it planned before, or were there nothing to do but to follow the newest version", async () => {
  const saved = path(".quickturn/saved.tfplan");
  // What was rolled back stays so until somebody goes forward.
  expect(await quickturn("plan")).toMatchObject({ code: 0 });
  expect(await quickturn("plan", "--var", "profile=optimized", "--out", saved)).toMatchObject({ code: 2 });
  const lambda = openLambda();
  // As a tuning that is killed when it has published the last size, which is the one in effect.
  for (const MemorySize of [256, 128]) {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "worker", MemorySize }));
    await lambda.send(
      new PublishVersionCommand({ FunctionName: "worker", Description: `quickturn tune, temporary, ${MemorySize} MB` }),
    );
  }
  lambda.destroy();
  const before = state();
  const refusal = "worker has versions that exist only for a tuning (5, 6), which runs or was killed.";
  for (const how of [
    ["--plan", saved],
    ["--var", "profile=baseline"],
  ])
    expect(await quickturn("apply", "--auto-approve", ...how)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining(refusal) as unknown,
    });
  expect(state()).toBe(before);
  expect(await live()).toMatchObject({ version: "4", memoryMiB: 128 });
});
