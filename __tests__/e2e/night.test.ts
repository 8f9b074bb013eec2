import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Provenance, Release } from "../../stacks/contract/settings";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import type { ResourceChange } from "../../scripts/kit/plan-changes";
import type { Emulator } from "../../scripts/emulator/moto";
import { Terraform } from "../../scripts/kit/terraform";
import { findProviderSource, terraformEnvironment } from "../../scripts/kit/terraform-environment";
import { appliedAccount, copyAccount, movedState, type AppliedAccount } from "../support/applied-account";
import { unexplained } from "../support/emulator-drift";
import { pipelineEnvironment, runQuickturn, type Ended } from "../support/command-line";
import { projectWithoutFirewall } from "../support/project-copy";
import { PROJECT } from "../support/stack-json";

/**
 * A night with one deployment, as somebody has it who is on call: from a clone, without a terminal. What was given
 * stays given, what is rolled back stays so, and what cannot be is said. In order: each test goes on from the one
 * before; what each step left is written to .quickturn/night.md.
 */

let account: AppliedAccount;
let emulator: Emulator;
let kept: KeptProvider | undefined;
let project: string;
let environment: NodeJS.ProcessEnv;
const PROTOCOL = join(PROJECT, ".quickturn/night.md");

const STATE = "terraform.agent-api.tfstate";
const AGENTS = [{ name: "kept", kind: "lambda", target: "arn:aws:lambda:us-east-1:123456789012:function:agent" }];
const path = (name: string) => join(project, name);

interface Outputs {
  readonly settings: Readonly<Record<string, unknown>> & {
    readonly provenance: Provenance | null;
    readonly release: Release | null;
  };
  readonly given: Readonly<Record<string, unknown>>;
  readonly live_version: string;
  readonly newest_version: string;
}

function outputs(state = STATE): Outputs {
  const { outputs: written } = JSON.parse(readFileSync(path(state), "utf8")) as {
    outputs: Record<string, { value: unknown }>;
  };
  return Object.fromEntries(Object.entries(written).map(([name, { value }]) => [name, value])) as unknown as Outputs;
}

const surroundings = (variables: NodeJS.ProcessEnv) => ({
  project,
  environment: { ...environment, ...kept?.variables, ...variables },
});

async function quickturn(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const ended = await runQuickturn(args, surroundings(variables));
  const { settings, live_version: live, newest_version: newest } = outputs();
  const said = (ended.code === 0 || ended.code === 2 ? ended.stdout : `${ended.stdout}${ended.stderr}`)
    .trim()
    .split("\n");
  appendFileSync(
    PROTOCOL,
    `## quickturn ${args.map((each) => each.slice(0, 60)).join(" ")}\nexit code ${ended.code}; worker live ${live} of ${newest}; ${String(settings["profile"])}, ${String(settings["memory_size"])} MiB, ${String(settings["throttling_rate_limit"])} requests/s, ${(settings["agents"] as unknown[]).length} agents; ${readFileSync(path(STATE)).length} bytes of state\n\n${said
      .slice(-12)
      .map((line) => `    ${line}`)
      .join("\n")}\n\n`,
  );
  return ended;
}

beforeAll(async () => {
  mkdirSync(dirname(PROTOCOL), { recursive: true });
  writeFileSync(PROTOCOL, "# A night\n\n");
  project = projectWithoutFirewall();
  account = await appliedAccount();
  emulator = await copyAccount(account);
  environment = {
    ...pipelineEnvironment(project, emulator.endpoint),
    TF_VAR_deletion_protection: "false",
    TF_VAR_alarm_burn_rates: "false",
  };
  writeFileSync(path(STATE), movedState(account, emulator));
  await runQuickturn(["synth"], { project, environment });
  const directory = path("cdktf.out/stacks/agent-api");
  const env = terraformEnvironment(environment, findProviderSource(environment), path(".quickturn"));
  await new Terraform({ directory, env }).init();
  kept = await keepProvider({ directory, env, configurations: [project] });
});
afterAll(async () => {
  await kept?.stop();
  await emulator?.stop();
});

test("apply with agents and three settings yields the outputs, and remembers what was given", async () => {
  const { code, stdout, stderr } = await quickturn([
    "--json",
    "apply",
    "--auto-approve",
    "--var",
    "memory_size=2048",
    "--var",
    "throttling_rate_limit=500",
    "--var",
    "request_deadline_in_seconds=7200",
    "--var",
    `agents=${JSON.stringify(AGENTS)}`,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("Error") as unknown });
  expect(JSON.parse(stdout)).toMatchObject({
    applied: true,
    outputs: { settings: { memory_size: 2048 }, newest_version: "2" },
  });
  // Plan and apply both have it.
  expect(
    (JSON.parse(stdout) as { warnings: string[] }).warnings.filter((text) =>
      text.startsWith("The alarms call nobody: "),
    ),
  ).toHaveLength(1);
  expect(outputs().given).toMatchObject({
    memory_size: 2048,
    throttling_rate_limit: 500,
    request_deadline_in_seconds: 7200,
    agents: [{ name: "kept" }],
  });
});

test("a plan of nothing changes nothing, and says what it starts from", async () => {
  const { changes, origin } = JSON.parse((await quickturn(["--json", "plan"])).stdout) as {
    changes: ResourceChange[];
    origin: string[];
  };
  expect(unexplained(changes)).toEqual([]);
  expect(origin[0]).toMatch(
    /^Kept from the last apply: agents = \[.*memory_size = 2048.*throttling_rate_limit = 500\. --reset <setting> takes one back\.$/,
  );
});

test("a canary that is interrupted and taken back leaves the version before live and pinned", async () => {
  const { project: cwd, environment: env } = surroundings({});
  const canary = spawn(
    process.execPath,
    [join("scripts", "bin", "quickturn.js"), "canary", "--auto-approve", "--var", "max_parallel_agents=3"],
    { cwd, env, stdio: ["ignore", "pipe", "pipe"] },
  );
  let [said, isInterrupted] = ["", false];
  for (const stream of [canary.stdout, canary.stderr])
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      // The first step has its share. Once: a second Ctrl-C is another matter.
      if (!isInterrupted && said.includes("waits:")) isInterrupted = canary.kill("SIGINT");
    });
  const [code] = (await once(canary, "close")) as [number];
  expect({ code, said }).toEqual({
    code: 130,
    said: expect.stringContaining("Take it back: quickturn canary --abort.") as unknown,
  });
  expect(outputs()).toMatchObject({ newest_version: "3", live_version: "2" });
  expect(await quickturn(["canary", "--abort", "--auto-approve"])).toMatchObject({ code: 0 });
  expect(outputs()).toMatchObject({
    live_version: "2",
    given: { agents: [{ name: "kept" }], memory_size: 2048 },
    settings: { release: { pinned: { worker: 2 }, canary: null } },
  });
});

test("a rollback whose new version nobody would get ends with fail, and says what frees it", async () => {
  const { code, stdout } = await quickturn(["rollback", "--auto-approve"]);
  expect(code).toBe(1);
  // The version that callers get is asked of AWS itself, and has another configuration than what was applied.
  expect(stdout).toMatch(
    /callers of [a-z-]+-worker get version 2, which is not as applied: memory_size is 2048, applied is 1024.*quickturn apply --var live_version=null makes the newest version live\./,
  );
  expect(outputs().live_version).toBe("2");
});

test("rollback takes every optimization away in place, keeps what else was given, and says how long it took", async () => {
  const { code, stdout, stderr } = await quickturn(["rollback", "--auto-approve", "--var", "live_version=null"]);
  // The emulator's API has an address that nobody answers at.
  expect({ code, stdout }).toEqual({
    code: 3,
    stdout: expect.stringMatching(
      /^Rolled back to baseline in \d+\.\d s\. It is applied, and what callers get is not known: /,
    ) as unknown,
  });
  expect(stderr).toContain("0 to destroy.");
  // Plan and apply both have it.
  expect(stderr.match(/^Warning: The alarms call nobody: .*$/gm)).toHaveLength(1);
  const { settings, live_version: live, newest_version: newest } = outputs();
  expect(settings).toMatchObject({
    profile: "baseline",
    memory_size: 1024,
    reserved_concurrent_executions: 10,
    cache_enabled: false,
    max_parallel_agents: 1,
    request_deadline_in_seconds: 7200,
    throttling_rate_limit: 500,
    agents: [{ name: "kept" }],
  });
  expect(live).toBe(newest);
});

test("an unrelated apply keeps it rolled back, and each plan says since when, by whom, and how to go forward", async () => {
  const { code, stderr } = await quickturn(["apply", "--auto-approve", "--var", "throttling_burst_limit=300"]);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(
      /Rolled back to baseline by \S+ at \d{4}-\S+Z; quickturn rollback --to optimized goes forward\.\nSet aside as long as it is rolled back, because baseline decides: max_parallel_agents, memory_size\./,
    ) as unknown,
  });
  expect(outputs().settings).toMatchObject({ profile: "baseline", memory_size: 1024, throttling_burst_limit: 300 });
});

test("rollback refuses a plan that makes, replaces or deletes, names it, and applies nothing", async () => {
  const before = readFileSync(path(STATE), "utf8");
  const { code, stdout } = await quickturn(["rollback", "--auto-approve", "--var", "alarm_email=on.call@example.org"]);
  expect(code).toBe(1);
  expect(stdout).toContain("A rollback changes resources in place, and this plan does more:");
  expect(stdout).toContain("+ aws_sns_topic_subscription.alarm_email[0]");
  expect(stdout).toContain("Nothing was applied. If this is what you want, add --allow-replace.");
  expect(readFileSync(path(STATE), "utf8")).toBe(before);
});

test("forward brings back what was given before the rollback", async () => {
  expect(await quickturn(["rollback", "--to", "optimized", "--auto-approve", "--no-verify"])).toMatchObject({
    code: 0,
  });
  const { settings, given } = outputs();
  expect(settings).toMatchObject({
    profile: "optimized",
    memory_size: 2048,
    max_parallel_agents: 3,
    throttling_burst_limit: 300,
    agents: [{ name: "kept" }],
    provenance: { rollback: null },
  });
  expect(given).not.toHaveProperty("profile");
});

test("what was given by hand is taken back by name, and only what was", async () => {
  expect(await quickturn(["plan", "--reset", "timeout"])).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(
      /--reset timeout: nobody gave that by hand[^]*Given by hand: agents, .*memory_size/,
    ) as unknown,
  });
  expect(await quickturn(["apply", "--auto-approve", "--reset", "memory_size"])).toMatchObject({ code: 0 });
  expect(outputs()).toMatchObject({
    settings: { memory_size: 3072 },
    given: expect.not.objectContaining({ memory_size: 2048 }) as unknown,
  });
});

test("rollback to previous says that it knows of none, and which command names one", async () => {
  const { code, stderr } = await quickturn(["rollback", "--to", "previous", "--auto-approve"]);
  expect({ code, stderr }).toEqual({
    code: 64,
    stderr: expect.stringContaining("Name the version: quickturn apply --var live_version=<n>") as unknown,
  });
});

test("a version that was given by hand stays live through an unrelated apply", async () => {
  expect(await quickturn(["apply", "--auto-approve", "--var", "live_version=2"])).toMatchObject({ code: 0 });
  expect(await quickturn(["apply", "--auto-approve", "--var", "throttling_burst_limit=301"])).toMatchObject({
    code: 0,
  });
  expect(outputs().live_version).toBe("2");
  expect(await quickturn(["apply", "--auto-approve", "--reset", "live_version"])).toMatchObject({ code: 0 });
  expect(outputs().live_version).toBe(outputs().newest_version);
});

test("another region than the state's is refused with both", async () => {
  const before = readFileSync(path(STATE), "utf8");
  expect(await quickturn(["plan"], { AWS_REGION: "eu-central-1" })).toMatchObject({
    code: 64,
    stderr: expect.stringContaining(
      "AWS_REGION says eu-central-1, and what this state holds is in us-east-1: ",
    ) as unknown,
  });
  expect(readFileSync(path(STATE), "utf8")).toBe(before);
});

test("so is another account than the state's", async () => {
  const before = readFileSync(path(STATE), "utf8");
  // As it is where the credentials are of another account.
  writeFileSync(
    path(STATE),
    before.replaceAll('/123456789012/quickturn-dev-work"', '/210987654321/quickturn-dev-work"'),
  );
  expect(await quickturn(["plan"])).toMatchObject({
    code: 64,
    stderr: expect.stringContaining(
      "The credentials are of account 123456789012, and what this state holds is in 210987654321: ",
    ) as unknown,
  });
  writeFileSync(path(STATE), before);
});

describe("two environments in one clone", () => {
  const PROD = "terraform.agent-api.prod.tfstate";
  const prod = (...args: string[]) =>
    runQuickturn(["--env", "prod", ...args], { project, environment: { ...environment, ...kept?.variables } });

  test("one that has no file is a slip", async () => {
    expect(await prod("plan")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("--env is prod, and environments/prod.tfvars.json is not there.") as unknown,
    });
  });

  test("each has its own settings, state and folder, and never meets the other", async () => {
    mkdirSync(path("environments"));
    writeFileSync(
      path("environments/prod.tfvars.json"),
      JSON.stringify({ environment: "prod", throttling_rate_limit: 50 }),
    );
    const before = readFileSync(path(STATE), "utf8");
    const { code, stderr } = await prod("apply", "--auto-approve");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining(
        'From environments/prod.tfvars.json: environment = "prod", throttling_rate_limit = 50.',
      ) as unknown,
    });
    expect(outputs(PROD)).toMatchObject({
      settings: { environment: "prod", throttling_rate_limit: 50, agents: [] },
      given: { environment: "prod", throttling_rate_limit: 50 },
      live_version: "1",
    });
    expect(existsSync(path("cdktf.out/environments/prod/stacks/agent-api/cdk.tf.json"))).toBe(true);
    expect(readFileSync(path(STATE), "utf8")).toBe(before);
    const here = JSON.parse((await quickturn(["--json", "plan"])).stdout) as { changes: ResourceChange[] };
    expect(unexplained(here.changes)).toEqual([]);
    // What the file gives no longer, the default decides.
    writeFileSync(path("environments/prod.tfvars.json"), JSON.stringify({ environment: "prod" }));
    const changed = await prod("plan");
    expect(changed).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        "No longer in environments/prod.tfvars.json, so that the default counts: throttling_rate_limit.",
      ) as unknown,
    });
    expect(changed.stdout).toContain("50 -> 100");
  });
});

describe("destroy", () => {
  const dynamodb = () =>
    new DynamoDBClient({
      endpoint: emulator.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
  async function tables(): Promise<string[]> {
    const client = dynamodb();
    const { TableNames: names = [] } = await client.send(new ListTablesCommand({}));
    client.destroy();
    return names.filter((name) => name.includes("-prod-") || name.includes("-dev-")).sort();
  }
  const prod = (...args: string[]) => runQuickturn(["--env", "prod", ...args], surroundings({}));

  test("asks for the deployment's name, says what is gone for good, and does nothing for another name", async () => {
    const before = readFileSync(path(STATE), "utf8");
    expect(await quickturn(["destroy"])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("There is no terminal to ask at.") as unknown,
    });
    const { code, stdout, stderr } = await quickturn(["destroy", "--confirm", "quickturn-prod"]);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: 'The deployment is quickturn-dev, and "quickturn-prod" was given. Nothing was destroyed.\n',
    });
    expect(stderr).toMatch(
      /Lost for good with them:\n {2}requests, answers and conversations: quickturn-dev-requests, quickturn-dev-sessions\n/,
    );
    expect(readFileSync(path(STATE), "utf8")).toBe(before);
  });

  test("--keep-data leaves tables and bucket, and says how they are taken in again", async () => {
    const { code, stdout } = await prod("destroy", "--confirm", "quickturn-prod", "--keep-data");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /quickturn-prod is taken down[^]*Kept, and known to no state: .*aws_dynamodb_table\.store_requests/,
      ) as unknown,
    });
    expect(await tables()).toEqual(expect.arrayContaining(["quickturn-prod-requests", "quickturn-prod-sessions"]));
  });

  test("takes everything, guarded as it is, and leaves the other environment alone; once more there is nothing to do", async () => {
    // As a deployment has it that nobody has prepared for this.
    expect(
      await quickturn(["apply", "--auto-approve", "--var", "deletion_protection=true"], {
        TF_VAR_deletion_protection: undefined,
      }),
    ).toMatchObject({ code: 0 });
    const { code, stdout } = await runQuickturn(
      ["destroy", "--confirm", "quickturn-dev"],
      surroundings({ TF_VAR_deletion_protection: undefined }),
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining("quickturn-dev is taken down") as unknown,
    });
    expect(await tables()).toEqual(["quickturn-prod-requests", "quickturn-prod-sessions"]);
    expect(await runQuickturn(["destroy", "--confirm", "quickturn-dev"], surroundings({}))).toMatchObject({
      code: 0,
      stdout: "Nothing is deployed.\n",
    });
  });
});
