import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LambdaClient, UpdateFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { forgeServer } from "../support/forge-server";
import { pipelineEnvironment, runQuickturn, type Ended } from "../support/command-line";
import { readWorkflow, runJob, type RunStep } from "../support/pipeline-job";
import { projectCopy } from "../support/project-copy";

/**
 * The steps of the workflow files, in order, in a clone with a small stack and small functions, an emulator for the
 * account and a server on loopback for the forge. Left out are actions, the tests themselves, `canary`, which takes
 * traffic to judge, and `verify`, which asks an API that the emulator does not serve: canary.test and verify.test run
 * those, and workflows.test what follows from a verdict. In order: each test goes on from the one before.
 */

let emulator: Emulator;
let forge: Awaited<ReturnType<typeof forgeServer>>;
let kept: KeptProvider | undefined;
let project: string;
let base: NodeJS.ProcessEnv;

const path = (name: string) => join(project, name);
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
    cwd: project,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: project },
  });
const read = (name: string) => readFileSync(path(name), "utf8");
const STATE = "terraform.agent-api.tfstate";
const applied = (attribute: string) =>
  (
    JSON.parse(read(STATE)) as { resources: { type: string; instances: { attributes: Record<string, unknown> }[] }[] }
  ).resources.find(({ type }) => type === "aws_lambda_function")?.instances[0]?.attributes[attribute];

/** Gives the environment its settings. */
function settings(values: object): void {
  mkdirSync(path("environments"), { recursive: true });
  writeFileSync(path("environments/default.tfvars.json"), JSON.stringify(values));
}

/** Changes the stack as a pull request does, and commits. */
function commit(before: string, after: string): void {
  const source = read("stacks/agent-api-stack.ts");
  expect(source).toContain(before);
  writeFileSync(path("stacks/agent-api-stack.ts"), source.replace(before, after));
  git("commit", "--quiet", "--all", "--message", after);
}

beforeAll(async () => {
  project = projectCopy();
  copyFileSync(join(__dirname, "../support/small-stack.ts"), path("stacks/agent-api-stack.ts"));
  for (const name of ["api", "sweeper", "worker"])
    writeFileSync(path(`handlers/${name}.ts`), `export const handler = () => ${JSON.stringify(name)};\n`);
  const TRIAL = {
    resource: "aws_lambda_function.function",
    reason: "The small stack is a trial.",
    until: "2099-12-31",
  };
  writeFileSync(
    path("audit.json"),
    JSON.stringify({
      suppressions: [
        "function-concurrency-is-limited",
        "function-is-traced",
        "function-memory-and-time-are-chosen",
      ].map((rule) => ({ rule, ...TRIAL })),
    }),
  );
  writeFileSync(
    path(".gitignore"),
    ["node_modules", "cdktf.out", "dist", ".quickturn", "*.tfstate*", "*.tfplan", "*.md", "event.json", ""].join("\n"),
  );
  git("init", "--quiet");
  git("add", "--all");
  git("commit", "--quiet", "--message", "main");
  commit("default: 512", "default: 1024");
  settings({});
  writeFileSync(path("event.json"), JSON.stringify({ pull_request: { number: 7 } }));
  emulator = await startEmulator({ directory: path(".quickturn"), env: process.env });
  forge = await forgeServer({ kind: "github" });
  base = {
    ...pipelineEnvironment(project, emulator.endpoint),
    npm_config_offline: "true",
    GITHUB_API_URL: forge.url,
    GITHUB_REPOSITORY: "acme/agents",
    GITHUB_EVENT_PATH: path("event.json"),
    GITHUB_STEP_SUMMARY: path("summary.md"),
  };
});
afterAll(async () => {
  execFileSync("gpgconf", ["--kill", "gpg-agent"], { env: base });
  await kept?.stop();
  await forge?.stop();
  await emulator?.stop();
});

const PLAN_KEY = "a key";

/** Plans on one machine and applies on another: what is not in the artifact is not there. */
async function deploy(): Promise<RunStep[]> {
  rmSync(path("plan.gpg"), { force: true });
  const planned = await run("deploy", "plan");
  for (const name of ["deployment.tfplan", "plan.txt", "plan.tgz", "cdktf.out/stacks/agent-api/.terraform.lock.hcl"])
    rmSync(path(name), { force: true });
  return planned.every(({ code }) => code === 0) ? [...planned, ...(await run("deploy", "deploy"))] : planned;
}
const DEPLOYED = [
  ["plan", 0],
  ["Encrypt the plan", 0],
  ["Decrypt the plan", 0],
  ["apply", 0],
];

/** What npx runs, without the second that npx takes for it. */
const PROGRAM = "node scripts/bin/quickturn.js";

interface Given {
  /** Values of expressions. Default: none but those that each job needs. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What is run for `npx quickturn`. Default: the program itself. */
  readonly quickturn?: string;
}

/** Runs a job of a workflow. */
async function run(file: string, job: string, { variables = {}, quickturn = PROGRAM }: Given = {}): Promise<RunStep[]> {
  const expressions = {
    "matrix.name": "default",
    "matrix.backend": "local",
    "matrix.ignore": "",
    "secrets.QUICKTURN_PLAN_KEY": PLAN_KEY,
    "github.token": forge.token,
    ...variables,
  };
  const found = readWorkflow(file).jobs[job];
  if (!found) throw new Error(`The workflow ${file} has no job ${job}`);
  const done = await runJob(found, {
    project,
    environment: { ...base, ...kept?.variables },
    expressions,
    without: ["Verify"],
    quickturn,
  });
  // Terraform is initialized once anything ran: from then on one provider serves them all.
  if (!kept && existsSync(path("cdktf.out/stacks/agent-api/.terraform")))
    kept = await keepProvider({ directory: path("cdktf.out/stacks/agent-api"), env: base, configurations: [project] });
  return done;
}
/** A command by itself. */
const command = (...args: string[]): Promise<Ended> =>
  runQuickturn(args, { project, environment: { ...base, ...kept?.variables } });
const ended = (steps: readonly RunStep[]) =>
  steps.map(({ run: line, name, code }) => [/npx quickturn ([\w-]+)/.exec(line)?.[1] ?? name, code]);
const said = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.replaceAll(/[│\s]+/g, " ");

describe("a good change", () => {
  test("its Terraform JSON is told to everybody: the setting, old and new", async () => {
    expect(ended(await run("pull-request", "terraform-json", { quickturn: "npx quickturn" }))).toEqual([["synth", 0]]);
    expect(read("summary.md")).toMatch(
      /^## Terraform JSON\n\nagent-api: 0 added, 1 changed, 0 removed since `HEAD\^1`\.\n\n```text\n {2}~ var\.memory_size\n {6}- default = 512\n {6}\+ default = 1024\n```\n$/,
    );
  });

  test("its review is one comment: what to look at, plan, cost, Terraform JSON", async () => {
    expect(ended(await run("pull-request", "review"))).toEqual([
      ["review", 0],
      ["comment", 0],
      ["audit", 0],
    ]);
    const [comment] = forge.comments;
    expect(forge.comments).toHaveLength(1);
    expect(comment?.body).toMatch(
      /^<!-- quickturn:review:default -->\n## Quickturn: what this change does\n\n### Security: 0 critical, 2 to look at\n/,
    );
    expect(comment?.body).toContain("- warning `check.memory_is_enough`: The function has little memory.");
    expect(comment?.body).toContain("Allows sts:AssumeRole for Service: lambda.amazonaws.com.");
    expect(comment?.body).toContain("### Plan: 3 to add, 0 to change, 0 to destroy");
    expect(comment?.body).toContain("- default = 512\n      + default = 1024\n");
    // The small stack has no settings to reckon with, and says so.
    expect(comment?.body).toContain("### Cost: not estimated");
    expect(comment?.body).not.toContain(forge.token);
  });

  test("the audit of the same plan is told to code scanning: what stands on purpose, with its reason", () => {
    const { version, runs } = JSON.parse(read("audit.sarif")) as {
      version: string;
      runs: { results: { ruleId: string; suppressions?: { justification: string }[] }[] }[];
    };
    expect(version).toBe("2.1.0");
    expect(runs[0]?.results.every(({ suppressions }) => suppressions?.length === 1)).toBe(true);
    expect(
      runs[0]?.results.find(({ ruleId }) => ruleId === "function-is-traced")?.suppressions?.[0]?.justification,
    ).toBe("The small stack is a trial. Until 2099-12-31.");
  });

  test("on main the plan is shown, handed on encrypted, and applied", async () => {
    rmSync(path("summary.md"));
    expect(ended(await deploy())).toEqual(DEPLOYED);
    expect(applied("memory_size")).toBe(1024);
    expect(statSync(path("deployment.tfplan")).mode & 0o077).toBe(0);
    expect(read("summary.md")).toMatch(
      /^## Plan of default\n\n {4}[^]*\n {4}Plan: 3 to add, 0 to change, 0 to destroy\.\n$/,
    );
    expect(() => execFileSync("tar", ["-tzf", path("plan.gpg")], { stdio: "pipe" })).toThrow();
  });

  test("at night nothing has drifted", async () => {
    expect(ended(await run("drift", "drift"))).toEqual([["drift", 0]]);
    expect(read("summary.md")).toBe("## No drift\n\nNo drift: the resources are as they were applied.\n");
  });
});

describe("what somebody changed by hand", () => {
  test("fails the night's run, which names resource, attribute, old and new", async () => {
    const lambda = new LambdaClient({
      endpoint: emulator.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: "small",
        MemorySize: 256,
        Environment: { Variables: { GREETING: "good evening" } },
      }),
    );
    lambda.destroy();
    expect(ended(await run("drift", "drift"))).toEqual([["drift", 2]]);
    expect(read("summary.md")).toContain(
      '  ~ aws_lambda_function.function\n      environment[0].variables.GREETING: "hello" -> "good evening"\n      memory_size: 1024 -> 256\n',
    );
    expect(read("summary.md")).not.toContain("not applied yet");
  });

  test("is told but does not count where it is known noise, and what is not applied yet stands apart", async () => {
    const noise = "aws_lambda_function.memory_size aws_lambda_function.environment";
    settings({ memory_size: 900 });
    expect(ended(await run("drift", "drift", { variables: { "matrix.ignore": noise } }))).toEqual([["drift", 0]]);
    settings({});
    expect(read("summary.md")).toContain("aws_lambda_function.function.memory_size");
  });

  test("is planned to be taken back; a plan of other functions than those that are packaged when it is applied is refused", async () => {
    expect((await command("plan", "--out", "early.tfplan")).code).toBe(2);
    const source = read("handlers/api.ts");
    writeFileSync(path("handlers/api.ts"), source.replace("api", "another"));
    const ran = await command("apply", "--plan", "early.tfplan", "--auto-approve");
    writeFileSync(path("handlers/api.ts"), source);
    expect({ code: ran.code, said: said(ran) }).toEqual({
      code: 64,
      said: expect.stringMatching(
        /The plan has aws_lambda_function\.function with the code \S+, and \.\/assets\/api\.zip is \S+: the sources are not those that were planned/,
      ) as unknown,
    });
    expect(applied("memory_size")).toBe(1024);
  });

  test("is taken back by the next deployment; a plan from before that is stale and is not applied", async () => {
    expect(ended(await deploy())).toEqual(DEPLOYED);
    const before = read(STATE);
    const stale = await command("apply", "--plan", "early.tfplan", "--auto-approve");
    expect({ code: stale.code, said: said(stale) }).toEqual({
      code: 64,
      said: expect.stringMatching(
        /The plan \S+early\.tfplan is stale: something was applied after it was made\. Nothing was applied now\. Plan again/,
      ) as unknown,
    });
    expect(read(STATE)).toBe(before);
    expect(applied("memory_size")).toBe(1024);
  });

  test("a saved plan with another value, or without its file, is refused", async () => {
    expect(
      said(await command("apply", "--plan", "deployment.tfplan", "--auto-approve", "--var", "memory_size=1")),
    ).toContain("--plan has its values in it, and --var, --var-file or --reset was given too; allowed: one of them.");
    expect(said(await command("apply", "--plan", "none.tfplan", "--auto-approve"))).toMatch(
      /--plan \S+none\.tfplan is not there\. Write it: npx quickturn plan --out /,
    );
  });
});

describe("a bad change", () => {
  beforeAll(() => commit("default: 1024", "default: 4096"));

  test("fails the review with its reason, and nothing is commented", async () => {
    const before = forge.asked.length;
    const steps = await run("pull-request", "review");
    expect(ended(steps)).toEqual([["review", 1]]);
    expect(said(steps[0]!)).toContain("memory_size is 4096; allowed: up to 1024.");
    expect(forge.asked).toHaveLength(before);
  });

  test("fails the plan on main, and nothing is applied", async () => {
    const before = read(STATE);
    expect(ended(await deploy())).toEqual([["plan", 1]]);
    expect(read(STATE)).toBe(before);
  });
});
