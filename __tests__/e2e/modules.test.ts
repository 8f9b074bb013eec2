import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LambdaClient, ListFunctionsCommand, ListTagsCommand } from "@aws-sdk/client-lambda";
import { sandboxEnvironment, startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { planChanges } from "../../scripts/kit/plan-changes";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { Terraform, type PlannedChange } from "../../scripts/kit/terraform";
import { makeKey } from "../support/customer-key";
import { unexplained } from "../support/emulator-drift";
import { writtenModules } from "../support/module-stacks";
import { temporaryFolder } from "../support/temporary-folder";

/**
 * The module as its users apply it: a folder, the real terraform, no Node.js. In order: each test goes on from the one
 * before.
 */

const folder = temporaryFolder("modules");
const teamsRoot = join(folder, "modules/agent-api/examples/two-teams");
const RUNTIME = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/support";

interface AppliedResource {
  readonly address: string;
  readonly values: Record<string, unknown>;
}

let emulator: Emulator;
let provider: KeptProvider;
let sandbox: NodeJS.ProcessEnv;
/** Terraform's, with the kept provider. */
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  await writtenModules(folder);
  emulator = await startEmulator({ directory: folder, env: process.env });
  sandbox = sandboxEnvironment(process.env, emulator.endpoint, folder);
  // The emulator (moto 5.2.1) does not take PutCompositeAlarm; the other alarms are a third of what would be applied
  // twice.
  writeFileSync(
    join(teamsRoot, "emulator_override.tf.json"),
    JSON.stringify({ module: { agent_api: { alarm_burn_rates: false, alarm_set: "none" } } }),
  );
  await new Terraform({ directory: teamsRoot, env: sandbox }).init();
  provider = await keepProvider({ directory: teamsRoot, env: sandbox, configurations: [folder] });
  environment = { ...sandbox, ...provider.variables };
});
afterAll(async () => {
  await provider?.stop();
  await emulator?.stop();
});

/** A root beside the module. */
function root(name: string, hcl: string): string {
  const directory = join(folder, name);
  mkdirSync(directory);
  writeFileSync(join(directory, "main.tf"), hcl);
  return directory;
}

/** Removes a module's own Terraform files, and returns them by name. */
function takeTerraformFiles(directory: string): Record<string, string> {
  const names = readdirSync(directory).filter((name) => /\.tf(\.json)?$/.test(name));
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
  for (const name of names) rmSync(join(directory, name));
  return files;
}

function putFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
}

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
  const planning = new Terraform({ directory: several, env: sandbox });
  await planning.init();
  await planning.plan("several.tfplan", { refresh: false });
  const plan = (await new Terraform({ directory: several, env: environment }).show("several.tfplan")) as {
    planned_values: { outputs: { regions: { value: unknown } } };
    resource_changes: { address: string; change: { after: { name?: string } } }[];
  };
  expect(plan.planned_values.outputs.regions.value).toEqual(["us-east-1", "us-east-1", "eu-west-1"]);
  const workers = plan.resource_changes.filter(({ address }) => address.endsWith("aws_iam_role.worker_role"));
  expect(workers.map(({ change }) => change.after.name).sort()).toEqual([
    "counted-a-dev-worker",
    "counted-b-dev-worker",
    "one-dev-worker",
  ]);
});

describe("two teams in one root", () => {
  const teams = (research: object, support: object) => ({
    vars: [`teams=${JSON.stringify({ research, support })}`],
    refresh: false,
  });
  const apply = (input: Parameters<Terraform["apply"]>[0]): Promise<PlannedChange[]> =>
    new Terraform({ directory: teamsRoot, env: environment }).apply(input);
  const lambda = () =>
    new LambdaClient({
      endpoint: emulator.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
  const functions = async () =>
    ((await lambda().send(new ListFunctionsCommand({}))).Functions ?? []).sort((one, other) =>
      (one.FunctionName ?? "").localeCompare(other.FunctionName ?? ""),
    );
  const memoryOfWorkers = async () =>
    Object.fromEntries(
      (await functions())
        .filter(({ FunctionName }) => FunctionName?.endsWith("-worker"))
        .map(({ FunctionName, MemorySize }) => [FunctionName, MemorySize]),
    );

  let made: readonly PlannedChange[];

  test("get a deployment each, by their names, with their own tags", async () => {
    made = await apply(teams({ memory_size: 2048, deletion_protection: false }, {}));
    expect(await memoryOfWorkers()).toEqual({ "research-dev-worker": 2048, "support-dev-worker": 3072 });
    const tags = await Promise.all(
      (await functions())
        .filter(({ FunctionName }) => FunctionName?.endsWith("-api"))
        .map(async ({ FunctionArn }) => (await lambda().send(new ListTagsCommand({ Resource: FunctionArn }))).Tags),
    );
    expect(tags).toEqual(
      ["research", "support"].map((team) => ({ team, "quickturn:name": team, "quickturn:environment": "dev" })),
    );
    const endpoints = (await new Terraform({ directory: teamsRoot, env: environment }).output())[
      "api_endpoints"
    ] as Record<string, string>;
    expect(Object.keys(endpoints)).toEqual(["research", "support"]);
    expect(new Set(Object.values(endpoints)).size).toBe(2);
  });

  test("are flipped in place, each by its own variables", async () => {
    const changes = await apply(
      teams({ memory_size: 1024, deletion_protection: false }, { deletion_protection: false }),
    );
    expect(changes.filter(({ action }) => action !== "update")).toEqual([]);
    const changed = (team: string) =>
      changes
        .flatMap(({ address }) => (address.startsWith(`module.agent_api["${team}"].`) ? [address.split("].")[1]] : []))
        .sort();
    expect(changed("research")).toContain("aws_lambda_function.worker_function");
    // The emulator forgets that a mapping is on an alias (support/emulator-drift.ts): it changes with every apply.
    expect(changed("support").filter((address) => address !== "aws_lambda_event_source_mapping.work_delivery")).toEqual(
      ["aws_dynamodb_table.store_requests", "aws_dynamodb_table.store_sessions", "aws_s3_bucket.store_results"],
    );
    expect(changed("research").length + changed("support").length).toBe(changes.length);
    expect(await memoryOfWorkers()).toEqual({ "research-dev-worker": 1024, "support-dev-worker": 3072 });
  });

  test("go once their deletion protection is off, which took a variable alone", async () => {
    const destroyed = await apply({
      ...teams({ deletion_protection: false }, { deletion_protection: false }),
      destroy: true,
    });
    expect(destroyed.filter(({ action }) => action !== "delete")).toEqual([]);
    expect(destroyed).toHaveLength(made.length);
    expect(await functions()).toEqual([]);
  });
});

test("it takes what the same root makes: before that is known it plans, then it applies, and then nothing is left to change, whether the module is JSON or HCL", async () => {
  const beside = root(
    "modules/agent-api/examples/beside",
    `provider "aws" {
      region = "us-east-1"
    }
    resource "aws_sns_topic" "pages" {
      name = "pages"
    }
    resource "aws_secretsmanager_secret" "agent" {
      name = "agent"
    }
    # An output is known after apply alone, as an ARN is. Terraform would wait 40 s for keys that it makes itself.
    resource "terraform_data" "made" {
      for_each = { former = "${await makeKey(emulator.endpoint)}", key = "${await makeKey(emulator.endpoint)}", runtime = "${RUNTIME}" }
      input    = each.value
    }
    module "agent_api" {
      source              = "../.."
      name                = "beside"
      alarm_set           = "none"
      alarm_burn_rates    = false
      alarms_enabled      = { worker-errors = true }
      alarm_topic_arn     = aws_sns_topic.pages.arn
      alarm_topic_arns    = { info = aws_sns_topic.pages.arn }
      kms_key_arn         = terraform_data.made["key"].output
      former_kms_key_arns = [terraform_data.made["former"].output]
      known_after_apply   = ["alarm_topic_arn", "kms_key_arn"]
      agents = [
        { name = "one", kind = "http", target = "https://agent.example.org", secret_arn = aws_secretsmanager_secret.agent.arn },
        { name = "two", kind = "agentcore", target = terraform_data.made["runtime"].output },
      ]
      arbiter = { name = "arbiter", kind = "http", target = "https://agent.example.org", secret_arn = aws_secretsmanager_secret.agent.arn }
    }
    output "made" {
      value = { topic = aws_sns_topic.pages.arn, secret = aws_secretsmanager_secret.agent.arn, keys = [for name in ["key", "former"] : terraform_data.made[name].output] }
    }`,
  );
  const terraform = new Terraform({ directory: beside, env: environment });
  await terraform.init();
  await terraform.apply({ refresh: false });
  const made = (await terraform.output())["made"] as { topic: string; secret: string; keys: string[] };
  const { values } = (await terraform.show()) as {
    values: { root_module: { child_modules: { resources: AppliedResource[] }[] } };
  };
  const applied = (address: string): Record<string, unknown> =>
    values.root_module.child_modules
      .flatMap(({ resources }) => resources)
      .find((resource) => resource.address === address)?.values ?? {};
  const allowed = (address: string): unknown[] =>
    (JSON.parse(String(applied(address)["policy"])) as { Statement: { Resource: unknown }[] }).Statement.map(
      ({ Resource }) => Resource,
    );
  expect(applied("module.agent_api.aws_cloudwatch_metric_alarm.alarm_worker_errors[0]")["alarm_actions"]).toEqual([
    made.topic,
  ]);
  expect(applied("module.agent_api.aws_dynamodb_table.store_requests")["server_side_encryption"]).toEqual([
    { enabled: true, kms_key_arn: made.keys[0] },
  ]);
  for (const user of ["api", "sweeper", "worker"])
    expect(allowed(`module.agent_api.aws_iam_role_policy.${user}_keys[0]`)).toContainEqual(made.keys);
  expect(allowed("module.agent_api.aws_iam_role_policy.worker_secrets[0]")).toEqual([[made.secret]]);
  expect(allowed("module.agent_api.aws_iam_role_policy.worker_agentcore[0]")).toEqual([
    [RUNTIME, `${RUNTIME}/runtime-endpoint/*`],
  ]);
  const leftToChange = async () => {
    await terraform.plan("again.tfplan");
    return unexplained(planChanges(await terraform.show("again.tfplan")));
  };
  expect(await leftToChange()).toEqual([]);

  // The same state under the module in HCL, and what that applies under the JSON again. It takes the JSON's place,
  // because the path of a zip is an attribute of its function.
  const module = join(folder, "modules/agent-api");
  const json = takeTerraformFiles(module);
  const hcl = takeTerraformFiles(join(folder, "modules/terraform-aws-agent-api"));
  putFiles(module, hcl);
  expect(await leftToChange()).toEqual([]);
  writeFileSync(join(beside, "memory_override.tf.json"), '{"module":{"agent_api":{"memory_size":2048}}}');
  await terraform.apply({ refresh: false });
  takeTerraformFiles(module);
  putFiles(module, json);
  expect(await leftToChange()).toEqual([]);
});

test("it plans with an address and a single runtime that the same root makes", async () => {
  const single = root(
    "modules/agent-api/examples/single",
    `resource "terraform_data" "made" {
      for_each = { address = "on.call@example.org", runtime = "${RUNTIME}" }
      input    = each.value
    }
    module "agent_api" {
      source                = "../.."
      alarm_email           = terraform_data.made["address"].output
      agentcore_runtime_arn = terraform_data.made["runtime"].output
      known_after_apply     = ["alarm_email"]
    }`,
  );
  const terraform = new Terraform({ directory: single, env: environment });
  await terraform.init();
  await terraform.plan("single.tfplan", { refresh: false });
  const made = planChanges(await terraform.show("single.tfplan")).map(({ address }) => address);
  expect(made).toEqual(
    expect.arrayContaining(
      [
        "aws_sns_topic.alarm_topic[0]",
        "aws_sns_topic_subscription.alarm_email[0]",
        "aws_iam_role_policy.worker_agentcore[0]",
      ].map((address) => `module.agent_api.${address}`),
    ),
  );
});
