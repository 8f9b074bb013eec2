import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxEnvironment, startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { PART_PAGES } from "../../scripts/publish/modules";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { run } from "../../scripts/kit/process";
import { Terraform, type PlannedChange } from "../../scripts/kit/terraform";
import { deterministicZip } from "../../scripts/kit/files";
import { writtenModules } from "../support/module-stacks";
import { temporaryFolder } from "../support/temporary-folder";

/**
 * The small modules as their users have them: folders, a root in HCL, the real terraform. In order: each test goes on
 * from the one before.
 */

const folder = temporaryFolder("parts");
let emulator: Emulator;
let provider: KeptProvider;
let environment: NodeJS.ProcessEnv;
let root: string;

/** Two services of a caller's own, with a function and an API each, under one call of each module. */
const ROOT = `
provider "aws" {
  region = "us-east-1"
}

variable "services" {
  type = map(object({
    memory_size   = optional(number, 128)
    live_version  = optional(number)
    canary_weight = optional(number, 0)
    cache_enabled = optional(bool, true)
  }))
}

resource "aws_iam_role" "agent" {
  for_each           = var.services
  name               = each.key
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}

resource "aws_lambda_function" "agent" {
  for_each         = var.services
  function_name    = each.key
  role             = aws_iam_role.agent[each.key].arn
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = "function.zip"
  source_code_hash = filebase64sha256("function.zip")
  memory_size      = each.value.memory_size
  publish          = true
}

resource "aws_api_gateway_rest_api" "jobs" {
  for_each = var.services
  name     = each.key
  body     = jsonencode(local.body)
}

resource "aws_api_gateway_deployment" "jobs" {
  for_each    = var.services
  rest_api_id = aws_api_gateway_rest_api.jobs[each.key].id
  triggers    = { redeployment = sha1(jsonencode(local.body)) }
}

resource "aws_sns_topic" "pages" {
  name = "pages"
}

module "live_alias" {
  source         = "./modules/live-alias"
  for_each       = var.services
  function_name  = aws_lambda_function.agent[each.key].function_name
  newest_version = aws_lambda_function.agent[each.key].version
  live_version   = each.value.live_version
  canary_weight  = each.value.canary_weight
}

module "cached_api_stage" {
  source               = "./modules/cached-api-stage"
  for_each             = var.services
  rest_api_id          = aws_api_gateway_rest_api.jobs[each.key].id
  deployment_id        = aws_api_gateway_deployment.jobs[each.key].id
  cached_resource_path = "/status/{request_id}"
  cache_enabled        = each.value.cache_enabled
  tags                 = { service = each.key }
}

module "alarms" {
  source            = "./modules/alarms"
  for_each          = var.services
  name              = each.key
  function_name     = aws_lambda_function.agent[each.key].function_name
  rest_api_name     = aws_api_gateway_rest_api.jobs[each.key].name
  stage_name        = module.cached_api_stage[each.key].stage_name
  own_topic_enabled = false
  alarm_topic_arn   = aws_sns_topic.pages.arn
}

output "services" {
  value = {
    for name, alias in module.live_alias : name => {
      live_version = alias.live_version
      alarms       = module.alarms[name].alarm_names
      topic        = module.alarms[name].alarm_topic_arn
      stage        = module.cached_api_stage[name].stage_name
    }
  }
}

locals {
  body = {
    openapi = "3.0.1"
    info    = { title = "jobs", version = "1" }
    paths   = { "/status/{request_id}" = { get = { responses = { "200" = { description = "Status." } }, x-amazon-apigateway-integration = { type = "http_proxy", httpMethod = "GET", uri = "https://jobs.example.org" } } } }
  }
}
`;

beforeAll(async () => {
  await writtenModules(folder);
  emulator = await startEmulator({ directory: folder, env: process.env });
  root = folder;
  writeFileSync(join(root, "main.tf"), ROOT);
  writeFileSync(
    join(root, "function.zip"),
    deterministicZip({ "index.js": Buffer.from("exports.handler = async () => 1;") }),
  );
  const sandbox = sandboxEnvironment(process.env, emulator.endpoint, folder);
  await new Terraform({ directory: root, env: sandbox }).init();
  provider = await keepProvider({ directory: root, env: sandbox });
  environment = { ...sandbox, ...provider.variables };
});
afterAll(async () => {
  await provider?.stop();
  await emulator?.stop();
});

const apply = (services: object, input: object = {}): Promise<PlannedChange[]> =>
  new Terraform({ directory: root, env: environment }).apply({
    vars: [`services=${JSON.stringify(services)}`],
    refresh: false,
    ...input,
  });
const described = (changes: readonly PlannedChange[]) =>
  changes.map(({ action, address }) => `${action} ${address}`).sort();
const services = async () =>
  (await new Terraform({ directory: root, env: environment }).output())["services"] as Record<
    string,
    { live_version: string; alarms: string[]; topic: string; stage: string }
  >;

test("one root takes each with count and with another region's provider", async () => {
  const several = join(folder, "several");
  mkdirSync(several);
  const calls = PART_PAGES.map(({ part }) => {
    const given = part.settings
      .filter((setting) => "required" in setting)
      .map(({ name }) => `  ${name} = var.given["${name}"]\n`);
    return `module "${part.name}" {\n  source = "../modules/${part.name}"\n  count = 2\n  providers = { aws = aws.ireland }\n${given.join("")}}\n`;
  });
  writeFileSync(
    join(several, "main.tf"),
    `provider "aws" {\n  alias = "ireland"\n  region = "eu-west-1"\n}\nvariable "given" {\n  type = map(string)\n}\n${calls.join("")}`,
  );
  await new Terraform({ directory: several, env: environment }).init();
  const { stdout } = await run("terraform", ["validate", "-json"], { cwd: several, env: environment });
  expect((JSON.parse(stdout) as { diagnostics: unknown }).diagnostics).toEqual([]);
});

describe("two services in one root", () => {
  test("get an alias, a cached stage and alarms each, by their names; the alarms go to a topic that is made beside them", async () => {
    const made = await apply({ jobs: {}, mail: {} });
    expect(described(made).filter((line) => line.includes('module.live_alias["jobs"]'))).toEqual([
      'create module.live_alias["jobs"].aws_lambda_alias.live_alias',
    ]);
    const { jobs, mail } = await services();
    expect(jobs).toEqual({
      live_version: "1",
      alarms: [
        "function-errors",
        "function-duration",
        "function-throttles",
        "api-5xx",
        "api-latency-warning",
        "api-latency-critical",
      ].map((name) => `jobs-${name}`),
      topic: "arn:aws:sns:us-east-1:123456789012:pages",
      stage: "live",
    });
    expect(mail?.alarms[0]).toBe("mail-function-errors");
  });

  test("one has a canary, the other's cache goes off, all in place", async () => {
    const changes = await apply({
      jobs: { memory_size: 256, live_version: 1, canary_weight: 0.1 },
      mail: { cache_enabled: false },
    });
    expect(described(changes)).toEqual([
      'update aws_lambda_function.agent["jobs"]',
      'update module.cached_api_stage["mail"].aws_api_gateway_method_settings.cached_status_method',
      'update module.live_alias["jobs"].aws_lambda_alias.live_alias',
    ]);
    expect((await services())["jobs"]?.live_version).toBe("1");
  });

  test("the canary is promoted by leaving both variables out", async () => {
    expect(described(await apply({ jobs: { memory_size: 256 }, mail: { cache_enabled: false } }))).toEqual([
      'update module.live_alias["jobs"].aws_lambda_alias.live_alias',
    ]);
    expect((await services())["jobs"]?.live_version).toBe("2");
  });

  test("a canary without a pin is refused before anything changes, with what to set", async () => {
    await expect(apply({ jobs: { memory_size: 512, canary_weight: 0.1 }, mail: {} })).rejects.toThrow(
      /canary_weight is 0\.1; allowed above 0 only with live_version/,
    );
    expect((await services())["jobs"]?.live_version).toBe("2");
  });

  test("go again", async () => {
    const destroyed = await apply({ jobs: {}, mail: {} }, { destroy: true });
    expect(destroyed.filter(({ action }) => action !== "delete")).toEqual([]);
    expect(destroyed).toHaveLength(9 + 2 * (1 + 4 + 6));
  });
});
