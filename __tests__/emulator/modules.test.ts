import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LambdaClient, ListFunctionsCommand, ListTagsCommand } from "@aws-sdk/client-lambda";
import { sandboxEnvironment } from "../../scripts/commands/sandbox";
import { NOT_TAGGABLE, TAGGABLE } from "../../scripts/judges/module-files";
import { startEmulator, type Emulator } from "../../scripts/tools/emulator";
import { keepProvider, type KeptProvider } from "../../scripts/tools/kept-provider";
import { run } from "../../scripts/tools/process";
import { Terraform, type PlannedChange } from "../../scripts/tools/terraform";
import { writtenModules } from "../support/module-stacks";
import { temporaryFolder } from "../support/temporary-folder";

/** The module as its users have it: a folder, the real terraform, no Node.js. In order: each test goes on from the one before. */
jest.setTimeout(300_000);

const folder = temporaryFolder("modules");
const agentApi = join(folder, "modules/agent-api");
const teamsRoot = join(agentApi, "examples/two-teams");
let emulator: Emulator;
let provider: KeptProvider;
let sandbox: NodeJS.ProcessEnv;
/** Terraform's, with the kept provider. */
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  await writtenModules(folder);
  emulator = await startEmulator({ directory: folder, env: process.env });
  sandbox = sandboxEnvironment(process.env, emulator.endpoint, folder);
  // The emulator (moto 5.2.1) does not take PutCompositeAlarm.
  writeFileSync(join(teamsRoot, "emulator_override.tf.json"), JSON.stringify({ module: { agent_api: { alarm_burn_rates: false } } }));
  await new Terraform({ directory: teamsRoot, env: sandbox }).init();
  provider = await keepProvider({ directory: teamsRoot, env: sandbox, configurations: [folder] });
  environment = { ...sandbox, ...provider.variables };
});
afterAll(async () => {
  await provider?.stop();
  await emulator?.stop();
});

const terraform = (cwd: string, ...args: string[]) => run("terraform", args, { cwd, env: environment, acceptedCodes: [0, 1, 2, 3] });

/** What init and validate have to say about a root: nothing, where it is good. */
async function complaints(root: string): Promise<unknown> {
  await new Terraform({ directory: root, env: environment }).init();
  return (JSON.parse((await terraform(root, "validate", "-json")).stdout) as { diagnostics: unknown }).diagnostics;
}

/** A root beside the module. */
function root(name: string, hcl: string): string {
  const directory = join(folder, name);
  mkdirSync(directory);
  writeFileSync(join(directory, "main.tf"), hcl);
  return directory;
}

describe("the folder", () => {
  test("is formatted as terraform fmt has it", async () => {
    expect(await terraform(agentApi, "fmt", "-check", "-recursive", "-diff")).toMatchObject({ code: 0, stdout: "" });
  });

  test("validates without a warning, alone and in its examples", async () => {
    for (const directory of [agentApi, join(agentApi, "examples/basic"), teamsRoot]) expect(await complaints(directory)).toEqual([]);
  });

  test("passes the tests that it ships with", async () => {
    const shipped = readdirSync(join(agentApi, "tests")).map((name) => readFileSync(join(agentApi, "tests", name), "utf8").match(/^run "/gm)?.length ?? 0);
    expect(shipped.every((count) => count > 8)).toBe(true);
    const { stdout, stderr } = await terraform(agentApi, "test", "-no-color");
    expect(`${stdout.trim().split("\n").at(-1)}${stderr}`).toBe(`Success! ${shipped.reduce((sum, count) => sum + count)} passed, 0 failed.`);
  });

  test("is told of every resource type whether it takes tags, as the provider has it", async () => {
    const { stdout } = await terraform(teamsRoot, "providers", "schema", "-json");
    const { provider_schemas: schemas } = JSON.parse(stdout) as { provider_schemas: Record<string, { resource_schemas: Record<string, { block: { attributes: Record<string, unknown> } }> }> };
    const known = schemas["registry.terraform.io/hashicorp/aws"]?.resource_schemas ?? {};
    const takesTags = (type: string) => known[type]?.block.attributes["tags"] !== undefined;
    expect([...TAGGABLE, ...NOT_TAGGABLE].filter((type) => known[type] === undefined)).toEqual([]);
    expect(TAGGABLE.filter((type) => !takesTags(type))).toEqual([]);
    expect(NOT_TAGGABLE.filter(takesTags)).toEqual([]);
  });
});

test("one root takes it with count, with for_each and with another region's provider, and each instance is where its provider is", async () => {
  const several = root(
    "several",
    `provider "aws" {
      region = "us-east-1"
    }
    provider "aws" {
      alias  = "ireland"
      region = "eu-west-1"
    }
    module "counted" {
      source = "../modules/agent-api"
      count  = 2
      name   = "counted-\${count.index == 0 ? "a" : "b"}"
    }
    module "ireland" {
      source    = "../modules/agent-api"
      providers = { aws = aws.ireland }
      for_each  = toset(["one"])
      name      = each.key
    }
    output "regions" {
      value = concat(module.counted[*].settings.aws_region, [module.ireland["one"].settings.aws_region])
    }`,
  );
  // Without the kept provider, which is one process: terraform configures it once for each region, and the last wins.
  const terraform = new Terraform({ directory: several, env: sandbox });
  await terraform.init();
  await terraform.plan("several.tfplan", { refresh: false });
  const plan = (await terraform.show("several.tfplan")) as {
    planned_values: { outputs: { regions: { value: unknown } } };
    resource_changes: { address: string; change: { after: { name?: string } } }[];
  };
  expect(plan.planned_values.outputs.regions.value).toEqual(["us-east-1", "us-east-1", "eu-west-1"]);
  const workers = plan.resource_changes.filter(({ address }) => address.endsWith("aws_iam_role.worker_role"));
  expect(workers.map(({ change }) => change.after.name).sort()).toEqual(["counted-a-dev-worker", "counted-b-dev-worker", "one-dev-worker"]);
});

describe("two teams in one root", () => {
  const teams = (research: object, support: object) => ({ vars: [`teams=${JSON.stringify({ research, support })}`], refresh: false });
  const apply = (input: Parameters<Terraform["apply"]>[0]): Promise<PlannedChange[]> => new Terraform({ directory: teamsRoot, env: environment }).apply(input);
  const lambda = () => new LambdaClient({ endpoint: emulator.endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
  const functions = async () => ((await lambda().send(new ListFunctionsCommand({}))).Functions ?? []).sort((one, other) => (one.FunctionName ?? "").localeCompare(other.FunctionName ?? ""));
  const memoryOfWorkers = async () => Object.fromEntries((await functions()).filter(({ FunctionName }) => FunctionName?.endsWith("-worker")).map(({ FunctionName, MemorySize }) => [FunctionName, MemorySize]));

  test("get a deployment each, by their names, with their own tags", async () => {
    await apply(teams({ memory_size: 2048, deletion_protection: false }, {}));
    expect(await memoryOfWorkers()).toEqual({ "research-dev-worker": 2048, "support-dev-worker": 3072 });
    const tags = await Promise.all((await functions()).filter(({ FunctionName }) => FunctionName?.endsWith("-api")).map(async ({ FunctionArn }) => (await lambda().send(new ListTagsCommand({ Resource: FunctionArn }))).Tags));
    expect(tags).toEqual(["research", "support"].map((team) => ({ team, "quickturn:name": team, "quickturn:environment": "dev" })));
    const endpoints = (await new Terraform({ directory: teamsRoot, env: environment }).output())["api_endpoints"] as Record<string, string>;
    expect(Object.keys(endpoints)).toEqual(["research", "support"]);
    expect(new Set(Object.values(endpoints)).size).toBe(2);
  });

  test("are flipped in place, each by its own variables", async () => {
    const changes = await apply(teams({ memory_size: 1024, deletion_protection: false }, { deletion_protection: false }));
    expect(changes.filter(({ action }) => action !== "update")).toEqual([]);
    const changed = (team: string) => changes.flatMap(({ address }) => (address.startsWith(`module.agent_api["${team}"].`) ? [address.split("].")[1]] : [])).sort();
    expect(changed("research")).toContain("aws_lambda_function.worker_function");
    // The emulator forgets that a mapping is on an alias (support/emulator-drift.ts): it changes with every apply.
    expect(changed("support").filter((address) => address !== "aws_lambda_event_source_mapping.work_delivery")).toEqual(["aws_dynamodb_table.store_requests", "aws_dynamodb_table.store_sessions", "aws_s3_bucket.store_results"]);
    expect(changed("research").length + changed("support").length).toBe(changes.length);
    expect(await memoryOfWorkers()).toEqual({ "research-dev-worker": 1024, "support-dev-worker": 3072 });
  });

  test("go once their deletion protection is off, which took a variable alone", async () => {
    const destroyed = await apply({ ...teams({ deletion_protection: false }, { deletion_protection: false }), destroy: true });
    expect(destroyed.filter(({ action }) => action !== "delete")).toEqual([]);
    expect(destroyed.length).toBeGreaterThan(100);
    expect(await functions()).toEqual([]);
  });
});
