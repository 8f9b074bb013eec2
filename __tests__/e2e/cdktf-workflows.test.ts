import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { findProviderSource, providerVariables } from "../../scripts/kit/terraform-environment";
import { pipelineEnvironment, runProgram, type Ended } from "../support/command-line";
import { readGitLab, readWorkflow, runJob } from "../support/pipeline-job";
import { projectCopy } from "../support/project-copy";
import { PROJECT } from "../support/stack-json";

/**
 * The jobs of cdktf.yml and gitlab-cdktf.yml, in a clone with a small stack and an emulator for the account. Left out are
 * actions, and the gate, which asks an API that the emulator does not serve: workflows.test runs what follows from its
 * verdict. In order: each test goes on from the one before.
 */

let emulator: Emulator;
let kept: KeptProvider | undefined;
let project: string;
let base: NodeJS.ProcessEnv;

const path = (name: string) => join(project, name);
const read = (name: string) => readFileSync(path(name), "utf8");
const STACK = "cdktf.out/stacks/agent-api";
const STATE = "terraform.agent-api.tfstate";

/** Memory of the function that is applied. */
const appliedMemory = () =>
  (
    JSON.parse(read(STATE)) as { resources: { type: string; instances: { attributes: Record<string, unknown> }[] }[] }
  ).resources.find(({ type }) => type === "aws_lambda_function")?.instances[0]?.attributes["memory_size"];

function giveMemory(memory: number): void {
  mkdirSync(path("environments"), { recursive: true });
  writeFileSync(path("environments/default.tfvars.json"), JSON.stringify({ memory_size: memory }));
}

beforeAll(async () => {
  project = projectCopy();
  copyFileSync(join(__dirname, "../support/small-stack.ts"), path("stacks/agent-api-stack.ts"));
  for (const name of ["api", "sweeper", "worker"])
    writeFileSync(path(`handlers/${name}.ts`), `export const handler = () => ${JSON.stringify(name)};\n`);
  emulator = await startEmulator({ directory: path(".quickturn"), env: process.env });
  base = {
    ...pipelineEnvironment(project, emulator.endpoint),
    ...providerVariables(findProviderSource(process.env, { search: true }), path(".quickturn")),
    npm_config_offline: "true",
    // Without a network there is no registry to be asked for checksums.
    CDKTF_SKIP_PROVIDER_LOCK: "true",
    GITHUB_STEP_SUMMARY: path("summary.md"),
    GITHUB_OUTPUT: path("output"),
  };
});
afterAll(async () => {
  await kept?.stop();
  await emulator?.stop();
});

const environment = (): NodeJS.ProcessEnv => ({ ...base, ...kept?.variables });

/** Once terraform is initialized, one provider serves all runs. */
async function keepProviderOnce(): Promise<void> {
  kept ??= await keepProvider({ directory: path(STACK), env: base, configurations: [project] });
}

/** Each job starts without what another one left, but for the state. */
const startAnew = () => {
  for (const name of ["plan", "cdk.tf.json"]) rmSync(path(`${STACK}/${name}`), { force: true });
  for (const name of ["cdktf.out/plan.json", "changes.env", "output", "summary.md"])
    rmSync(path(name), { force: true });
};

/** The shell lines of docs/pipeline.md that contain a text, run one by one. */
async function runDocumented(text: string): Promise<Ended[]> {
  const blocks = readFileSync(join(PROJECT, "docs/pipeline.md"), "utf8").matchAll(/```sh\n([^]*?)```/g);
  const lines = [...blocks].flatMap(([, block = ""]) => block.split("\n")).filter((line) => line.includes(text));
  expect(lines).not.toEqual([]);
  const ends: Ended[] = [];
  for (const line of lines)
    ends.push(await runProgram("bash", ["-e", "-c", line], { project, environment: environment() }));
  return ends;
}

interface JobEnd {
  readonly code: number;
  readonly said: string;
  /** What the next job is told. */
  readonly told?: string;
}
const ended = (runs: readonly Ended[], file: string): JobEnd => {
  const code = runs.at(-1)?.code ?? 0;
  const said = runs.map(({ stdout, stderr }) => `${stdout}${stderr}`).join("");
  return { code, said, ...(code === 0 && file !== "" ? { told: read(file) } : {}) };
};

const FORGES = {
  GitHub: async (name: string): Promise<JobEnd> => {
    const job = readWorkflow("cdktf").jobs[name];
    if (!job) throw new Error(`The workflow cdktf has no job ${name}`);
    const steps = await runJob(job, {
      project,
      environment: environment(),
      expressions: { "vars.CDKTF_BACKEND": "local", "github.workspace": project },
      without: ["Verify"],
    });
    return ended(steps, name === "plan" ? "output" : "");
  },
  /** A runner's one shell runs all lines of a script. */
  GitLab: async (name: string, told = ""): Promise<JobEnd> => {
    const { script = [], variables = {} } = readGitLab("gitlab-cdktf")[name] ?? {};
    const lines = script.filter((line) => !line.startsWith("npx quickturn verify"));
    const done = await runProgram("bash", ["-e", "-c", lines.join("\n")], {
      project,
      environment: {
        ...environment(),
        ...Object.fromEntries(Object.entries(variables).filter(([variable]) => variable.startsWith("TF_CLI_ARGS"))),
        ...(told === "" ? {} : { CHANGES: told.trim().replace("CHANGES=", "") }),
      },
    });
    return ended([done], name === "plan" ? "changes.env" : "");
  },
};

describe.each([
  { forge: "GitHub" as const, told: "changes", memory: 640 },
  { forge: "GitLab" as const, told: "CHANGES", memory: 768 },
])("on $forge", ({ forge, told, memory }) => {
  const run = async (name: string, given?: string): Promise<JobEnd> => {
    startAnew();
    const end = await FORGES[forge](name, given);
    await keepProviderOnce();
    return end;
  };

  test("a plan that changes something ends with 0, and says so to the next job", async () => {
    giveMemory(memory);
    expect(await run("plan")).toMatchObject({ code: 0, told: `${told}=true\n` });
    if (forge === "GitHub") expect(read("summary.md")).toMatch(/^## Plan\n\n {4}[^]*Plan: 3 to add, 0 to change/);
  });

  test("the next job applies it", async () => {
    expect(await run("deploy", `${told}=true`)).toMatchObject({
      code: 0,
      said: expect.stringContaining("Apply complete!") as unknown,
    });
    expect(appliedMemory()).toBe(memory);
  });

  test("then the plan ends with 0 too, and says that nothing changes", async () => {
    expect(await run("plan")).toMatchObject({ code: 0, told: `${told}=false\n` });
  });

  test("a value that is not allowed fails the plan and the apply, each with its reason, and changes nothing", async () => {
    const before = read(STATE);
    giveMemory(4096);
    for (const end of [await run("plan"), await run("deploy", `${told}=true`)])
      expect(end).toMatchObject({
        code: 1,
        said: expect.stringContaining("memory_size is 4096; allowed: up to 1024.") as unknown,
      });
    expect(read(STATE)).toBe(before);
  });
});

test("GitLab's deploy, which a person can start at any time, applies nothing where the plan changes nothing", async () => {
  giveMemory(512);
  startAnew();
  expect(await FORGES.GitLab("deploy", "CHANGES=false")).toMatchObject({
    code: 0,
    said: "The plan changes nothing.\n",
  });
  expect(appliedMemory()).toBe(768);
});

test.each([
  { memory: 512, applyable: true, code: 2 },
  { memory: 768, applyable: false, code: 0 },
])(
  "docs/pipeline.md tells of changes beside cdktf's exit code: applyable $applyable, or code $code",
  async (expected) => {
    giveMemory(expected.memory);
    const [plan, show, read] = [
      ...(await runDocumented("npx cdktf plan")),
      ...(await runDocumented("show -json plan")),
      ...(await runDocumented("node -p")),
    ];
    expect([plan?.code, show?.code, read?.stdout]).toEqual([0, 0, `${expected.applyable}\n`]);
    expect((await runDocumented("-detailed-exitcode")).map(({ code }) => code)).toEqual([expected.code]);
  },
);
