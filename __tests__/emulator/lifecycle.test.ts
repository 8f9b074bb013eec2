import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { handWrittenText, writeHandWrittenRoot } from "../../scripts/commands/bench/hand-written-root";
import { sandboxEnvironment } from "../../scripts/commands/sandbox";
import { startFaultProxy, type FaultProxy } from "../../scripts/faults/fault-proxy";
import { audit, rowsWith } from "../../scripts/judges/audit/audit";
import { planChanges } from "../../scripts/judges/plan-changes";
import { Terraform, type PlannedChange } from "../../scripts/tools/terraform";
import { makeKey, runbooksKey } from "../support/customer-key";
import { EmulatedStack } from "../support/emulated-stack";
import { unexplained } from "../support/emulator-drift";
import { stackJson } from "../support/stack-json";

/**
 * One stack, applied once and flipped many times, in the order of the tests: an apply takes seconds of processor
 * time, so each test goes on from where the one before stopped.
 */
jest.setTimeout(300_000);

let stack: EmulatedStack;
/** Between terraform and the emulator. */
let calls: FaultProxy;
let first: Record<string, unknown>;

beforeAll(async () => {
  stack = await EmulatedStack.start({}, async (upstream) => {
    calls = await startFaultProxy({ upstream, random: () => 0 });
    return calls.url;
  });
});
afterAll(async () => {
  await calls?.stop();
  await stack?.stop();
});

/** Denies every call that asks for it; everything else passes. */
function deny(asked: string): void {
  calls.setFaults([{ kind: "deny", when: ({ operation }) => operation === asked }]);
}

/** How many the emulator holds of what terraform could have forgotten, by the type that terraform has for it. */
async function held(): Promise<Record<string, number>> {
  const configuration = { endpoint: stack.emulator.endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  const [tables, queues, functions] = await Promise.all([
    new DynamoDBClient(configuration).send(new ListTablesCommand({})),
    new SQSClient(configuration).send(new ListQueuesCommand({})),
    new LambdaClient(configuration).send(new ListFunctionsCommand({})),
  ]);
  return {
    aws_dynamodb_table: tables.TableNames?.length ?? 0,
    aws_sqs_queue: queues.QueueUrls?.length ?? 0,
    aws_lambda_function: functions.Functions?.length ?? 0,
  };
}
const inState = (type: string) => Object.keys(stack.attributes()).filter((address) => address.startsWith(`${type}.`)).length;

/**
 * Attributes that may differ between two states of the same settings: they count, date or name the applies. The root
 * resource's id is among them because the emulator makes a new one for a new body; API Gateway keeps it.
 */
const COUNTERS = new Set(["version", "qualified_arn", "qualified_invoke_arn", "last_modified", "function_version", "deployment_id", "created_date", "root_resource_id"]);

function values(): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(stack.attributes()).map(([address, attributes]) => [address, given(address, Object.fromEntries(Object.entries(attributes).filter(([name]) => !COUNTERS.has(name))))]),
  );
}

/**
 * What is not given stands in an alarm's state as null, or as "", 0, [] or {}, as the last plan or refresh had it; and its
 * queries, which are a set, in the order of either.
 */
function given(address: string, attributes: Record<string, unknown>): Record<string, unknown> {
  if (!address.startsWith("aws_cloudwatch_metric_alarm.")) return attributes;
  const isNothing = (part: unknown) => part === null || part === "" || part === 0 || (typeof part === "object" && Object.keys(part).length === 0);
  const spelled = JSON.parse(JSON.stringify(attributes, (_, part: unknown) => (isNothing(part) ? undefined : part))) as Record<string, unknown>;
  const queries = spelled["metric_query"] as { id: string }[] | undefined;
  queries?.sort((a, b) => (a.id < b.id ? -1 : 1));
  return spelled;
}

/** What the emulator gives back otherwise depends on when it was last read, so it is no part of the comparison. */
function withoutDrift(state: Record<string, Record<string, unknown>>): Record<string, unknown> {
  const { ["aws_lambda_event_source_mapping.work_delivery"]: mapping, ["aws_sqs_queue.work_queue"]: queue, ["aws_api_gateway_deployment.rest_deployment"]: deployment, ...rest } = state;
  return {
    ...rest,
    mapping: { ...mapping, function_name: "", function_arn: "" },
    queue: { ...queue, policy: "", redrive_policy: "" },
    // A deployment is replaced, so its id is another; what it deploys is the same.
    deployment: { ...deployment, id: "" },
  };
}

/** Nothing but updates; only a deployment of the API, which holds nothing and cannot be updated, is replaced. */
const inPlace = (changes: readonly PlannedChange[]) => expect(changes.filter(({ action, type }) => action !== "update" && type !== "aws_api_gateway_deployment")).toEqual([]);
const updated = (changes: readonly PlannedChange[]) => changes.map(({ address }) => address);

/** Rows of the audit that fail, or that nobody can tell before the apply; as on the day when the decisions were last looked at. */
function audited(plan: unknown) {
  const report = audit(plan, { sources: stackJson() as object, today: "2026-11-21" });
  expect(rowsWith(report, "pass").length).toBeGreaterThan(200);
  return [...rowsWith(report, "fail"), ...rowsWith(report, "unknown")].map(({ outcome, rule, address, part, text }) => ({ outcome, rule, address, part, text }));
}

describe("the stack on the emulator", () => {
  test("the plan of a first apply passes the audit, and nothing in it is unknown", async () => {
    expect(audited(await stack.plan({ vars: ["deletion_protection=true", "alarm_burn_rates=true"], refresh: false }))).toEqual([]);
  });

  test("an apply that may not create queues says so, and keeps what it made", async () => {
    deny("CreateQueue");
    await expect(stack.flip([])).rejects.toThrow(/creating SQS Queue.*AccessDenied/s);
    expect(calls.statistics().faults.deny).toBeGreaterThan(0);
    expect(Object.keys(stack.attributes()).length).toBeGreaterThan(10);
  });

  test("the next apply goes on where it stopped: nothing is replaced, made twice or forgotten", async () => {
    calls.setFaults([]);
    const changes = await stack.flip([], { refresh: true });
    expect(changes.filter(({ action }) => action !== "create" && action !== "update")).toEqual([]);
    const there = await held();
    expect(there).toEqual(Object.fromEntries(Object.keys(there).map((type) => [type, inState(type)])));
    expect(Object.values(there).every((count) => count > 0)).toBe(true);
    first = withoutDrift(values());
  });

  test("plans nothing the second time, but for what the emulator spells otherwise", async () => {
    const plan = (await stack.plan({})) as { resource_changes: unknown[] };
    expect(plan.resource_changes.length).toBeGreaterThan(30);
    expect(unexplained(planChanges(plan))).toEqual([]);
  });

  test("is what HCL of the same resources is, with literals and references: terraform finds nothing to change where that takes the state over", async () => {
    const directory = join(stack.folder, "hand-written");
    const text = handWrittenText(stack.directory, await stack.terraform.show());
    expect(text).not.toMatch(/= [^"\n]*\b(var|local|data)\.|^\s*(count|for_each) =|^\s*(validation|precondition|postcondition) \{/m);
    writeHandWrittenRoot(stack.directory, text, directory);
    const terraform = new Terraform({ directory, env: stack.environment });
    await terraform.init();
    await terraform.plan("hand-written.tfplan", { refresh: false });
    expect(unexplained(planChanges(await terraform.show("hand-written.tfplan")))).toEqual([]);
  });

  test("rolls back by the two variables of the reports, in place", async () => {
    const changes = await stack.flip(["memory_size=1024", "reserved_concurrent_executions=10"]);
    inPlace(changes);
    expect(updated(changes)).toEqual(
      expect.arrayContaining(["aws_lambda_function.worker_function", "aws_lambda_alias.worker_live_alias", "aws_lambda_event_source_mapping.work_delivery"]),
    );
    expect(await stack.terraform.output()).toMatchObject({ settings: { memory_size: 1024, reserved_concurrent_executions: 10, cache_enabled: true, profile: "optimized" } });
  });

  test("goes forward again, in place, and is what it was at first", async () => {
    inPlace(await stack.flip([]));
    expect(withoutDrift(values())).toEqual(first);
  });

  /** Each optimization by itself: the flip, and an address that has to change. */
  const FLIPS: readonly [flip: readonly string[], address: string][] = [
    [["memory_size=2048"], "aws_lambda_function.worker_function"],
    [["reserved_concurrent_executions=-1"], "aws_lambda_event_source_mapping.work_delivery"],
    [["max_parallel_agents=1"], "aws_lambda_function.worker_function"],
    [["cache_enabled=false"], "aws_api_gateway_method_settings.live_status_method"],
    [["cache_enabled=false", "cache_cluster_enabled=false"], "aws_api_gateway_stage.live_stage"],
    [["cache_ttl_in_seconds=60"], "aws_api_gateway_method_settings.live_status_method"],
    [["live_version=1"], "aws_lambda_alias.worker_live_alias"],
    [["live_version=1", "canary_weight=0.1"], "aws_lambda_alias.worker_live_alias"],
    [["profile=baseline"], "aws_lambda_function.worker_function"],
  ];

  test.each(FLIPS)("flips %j in place, back again, and is what it was at first", async (flip, address) => {
    const there = await stack.flip(flip);
    inPlace(there);
    expect(updated(there)).toContain(address);
    inPlace(await stack.flip([]));
    expect(withoutDrift(values())).toEqual(first);
  });

  /** The rest, all at once: a setting, and an address that has to change. */
  const OTHERS: readonly [setting: string, address: string][] = [
    ["timeout=600", "aws_sqs_queue.work_queue"],
    ["api_memory_size=1024", "aws_lambda_function.api_function"],
    ["cache_cluster_size=1.6", "aws_api_gateway_stage.live_stage"],
    ["throttling_rate_limit=50", "aws_api_gateway_method_settings.live_every_method"],
    ["throttling_burst_limit=100", "aws_api_gateway_method_settings.live_status_method"],
    ["log_retention_in_days=90", "aws_cloudwatch_log_group.worker_log_group"],
    ["alarm_duration_threshold=300000", "aws_cloudwatch_metric_alarm.alarm_worker_duration[0]"],
    ["alarm_errors_threshold=1", "aws_cloudwatch_metric_alarm.alarm_worker_errors[0]"],
    ["alarm_5xx_threshold=1", "aws_cloudwatch_metric_alarm.alarm_api_5xx[0]"],
    ["authorization=api_key", "aws_api_gateway_deployment.rest_deployment"],
  ];

  /** What an API needs beside in-place updates to ask for keys: the keys, and their plan. */
  const MADE_FOR_API_KEYS = new Set(["aws_api_gateway_api_key", "aws_api_gateway_usage_plan", "aws_api_gateway_usage_plan_key"]);
  const inPlaceButKeys = (changes: readonly PlannedChange[]) => inPlace(changes.filter(({ type }) => !MADE_FOR_API_KEYS.has(type)));

  test("flips all the other settings at once in place, back again, and is what it was at first", async () => {
    const there = await stack.flip(OTHERS.map(([setting]) => setting));
    inPlaceButKeys(there);
    expect(updated(there)).toEqual(expect.arrayContaining(OTHERS.map(([, address]) => address)));
    inPlaceButKeys(await stack.flip([]));
    expect(withoutDrift(values())).toEqual(first);
  });

  test("plans tags, retention and deletion protection in place; the emulator cannot tag an API again, and takes a minute for a bucket's lifecycle", async () => {
    const plan = await stack.plan({ vars: ['tags={"team":"agents"}', "request_retention_in_days=14", "deletion_protection=true"], refresh: false });
    const changes = planChanges(plan);
    // What is applied passes the audit as what was planned did.
    expect(audited(plan)).toEqual([]);
    inPlace(changes);
    expect(updated(changes)).toEqual(expect.arrayContaining(["aws_api_gateway_rest_api.rest_api", "aws_lambda_function.worker_function", "aws_dynamodb_table.store_requests", "aws_s3_bucket_lifecycle_configuration.store_results_lifecycle"]));
  });

  test("plans a key of the operator's in place; beside updates only the functions' permission to use it is new", async () => {
    const key = await makeKey(stack.emulator.endpoint);
    const plan = await stack.plan({ vars: [`kms_key_arn=${key}`, "deletion_protection=true"], refresh: false });
    const changes = planChanges(plan);
    inPlace(changes.filter(({ action }) => action !== "create"));
    expect(changes.filter(({ action }) => action === "create").map(({ address }) => address).sort()).toEqual(["api", "sweeper", "worker"].map((name) => `aws_iam_role_policy.${name}_keys[0]`));
    expect(updated(changes)).toEqual(
      expect.arrayContaining([
        "aws_cloudwatch_log_group.live_access_log", "aws_cloudwatch_log_group.worker_log_group", "aws_dynamodb_table.store_requests", "aws_dynamodb_table.store_sessions",
        "aws_s3_bucket_server_side_encryption_configuration.store_results_encryption", "aws_sns_topic.alarm_topic[0]", "aws_sqs_queue.work_failed", "aws_sqs_queue.work_queue",
      ]),
    );
    const { rows } = audit(plan, { sources: stackJson() as object, today: "2026-11-21" });
    const customersKey = rows.filter(({ rule }) => /has-a-customer-key$/.test(rule)).map(({ rule, outcome }) => `${rule} ${outcome}`);
    // The functions' environment holds no secrets, and stays out of it.
    expect([...new Set(customersKey)].sort()).toEqual(["bucket-has-a-customer-key pass", "function-environment-has-a-customer-key suppressed", "log-group-has-a-customer-key pass", "table-has-a-customer-key pass", "topic-has-a-customer-key pass"]);
    // Whether alarms arrive is said by the key's own policy, which the plan does not have.
    expect(audited(plan).map(({ outcome, rule }) => `${outcome} ${rule}`)).toEqual(["unknown topic-takes-alarms"]);
  });

  test("the key that RUNBOOK.md gives to paste is renewed, kept, and open to logs, alarms, the budget and tables alone", async () => {
    const directory = join(stack.folder, "key");
    mkdirSync(directory);
    writeFileSync(join(directory, "main.tf"), runbooksKey());
    const terraform = new Terraform({ directory, env: sandboxEnvironment(process.env, stack.emulator.endpoint, stack.folder) });
    await terraform.init();
    await terraform.plan("key.tfplan");
    const plan = (await terraform.show("key.tfplan")) as { planned_values: { root_module: { resources: { address: string; values: { policy: string } }[] } } };
    expect(rowsWith(audit(plan), "pass").map(({ rule }) => rule)).toEqual(expect.arrayContaining(["key-rotates", "key-is-on", "key-is-not-public"]));
    const [key] = plan.planned_values.root_module.resources;
    const { Statement: statements } = JSON.parse(key?.values.policy ?? "{}") as { Statement: { Principal: Record<string, string | string[]>; Action: string | string[]; Condition?: unknown }[] };
    expect(statements.map(({ Principal, Action }) => [Object.values(Principal)[0], Action])).toEqual([
      ["arn:aws:iam::123456789012:root", "kms:*"],
      ["logs.us-east-1.amazonaws.com", ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]],
      [["cloudwatch.amazonaws.com", "budgets.amazonaws.com"], ["kms:Decrypt", "kms:GenerateDataKey*"]],
      ["dynamodb.amazonaws.com", ["kms:Describe*", "kms:Get*", "kms:List*"]],
    ]);
    const logs = Object.entries(stack.attributes()).filter(([address]) => address.startsWith("aws_cloudwatch_log_group.")).map(([, { arn }]) => String(arn));
    const { ArnLike: condition } = statements[1]?.Condition as { ArnLike: { "kms:EncryptionContext:aws:logs:arn": string[] } };
    const reached = (log: string) => condition["kms:EncryptionContext:aws:logs:arn"].some((pattern) => pattern.endsWith("*") && log.startsWith(pattern.slice(0, -1)));
    expect(logs.length).toBe(4);
    expect(logs.filter((log) => !reached(log))).toEqual([]);
  });

  test("plans provisioned concurrency, which the emulator cannot apply, as the only new resources of low_latency", async () => {
    const changes = planChanges(await stack.plan({ vars: ["profile=low_latency"], refresh: false }));
    inPlace(changes.filter(({ type }) => type !== "aws_lambda_provisioned_concurrency_config"));
    expect(changes.filter(({ action }) => action === "create").map(({ address }) => address).sort()).toEqual([
      "aws_lambda_provisioned_concurrency_config.api_live_provisioned_concurrency[0]",
      "aws_lambda_provisioned_concurrency_config.worker_live_provisioned_concurrency[0]",
    ]);
  });

  test.each([["alarm_set=full", "create"], ["alarm_set=none", "delete"]])("flips %s: alarms are the only resources that are made or taken away (%s), and back again", async (flip, action) => {
    const there = await stack.flip([flip]);
    const made = there.filter((change) => change.action !== "update");
    expect(new Set(made.map(({ type, action: done }) => `${done} ${type}`))).toEqual(new Set([`${action} aws_cloudwatch_metric_alarm`]));
    expect(made.length).toBeGreaterThan(5);
    await stack.flip([]);
    expect(withoutDrift(values())).toEqual(first);
  });

  test("plans the burn rates' composite alarms, which the emulator cannot apply, as the only new resources", async () => {
    const changes = planChanges(await stack.plan({ vars: ["alarm_burn_rates=true"], refresh: false }));
    const made = changes.filter(({ action }) => action === "create").map(({ address }) => address);
    expect(made.filter((address) => address.startsWith("aws_cloudwatch_composite_alarm."))).toHaveLength(3);
    expect(made.filter((address) => /^aws_cloudwatch_metric_alarm\.burn_rate_.+_(long|short)\[0\]$/.test(address))).toHaveLength(6);
    expect(made).toHaveLength(9);
    inPlace(changes.filter(({ action }) => action !== "create"));
  });

  /** Endpoint type, address type and whether the policy denies other ways, as the emulator holds them. */
  const reached = () => {
    const { endpoint_configuration: [endpoint], policy } = stack.attributes()["aws_api_gateway_rest_api.rest_api"] as { endpoint_configuration: [{ types: string[]; ip_address_type: string }]; policy: string };
    return { ...endpoint, vpc_endpoint_ids: undefined, endpoints: /"aws:SourceVpce":\["([^\]]*)"\]/.exec(policy)?.[1] };
  };

  test("makes the API private, lets other endpoints in, and makes it public again, each in place and deployed, and the second plan is empty", async () => {
    const [one, other] = ["vpce-0123456789abcdef0", "vpce-0fedcba9876543210"];
    const steps = [
      [`vpc_endpoint_ids=["${one}"]`, { types: ["PRIVATE"], ip_address_type: "dualstack", endpoints: one }],
      [`vpc_endpoint_ids=["${other}"]`, { types: ["PRIVATE"], ip_address_type: "dualstack", endpoints: other }],
      ["vpc_endpoint_ids=[]", { types: ["REGIONAL"], ip_address_type: "ipv4", endpoints: undefined }],
    ] as const;
    for (const [setting, expected] of steps) {
      const changes = await stack.flip([setting]);
      inPlace(changes);
      expect(updated(changes)).toEqual(expect.arrayContaining(["aws_api_gateway_rest_api.rest_api", "aws_api_gateway_deployment.rest_deployment"]));
      expect(reached()).toEqual(expected);
    }
    expect(unexplained(planChanges(await stack.plan({ vars: ["vpc_endpoint_ids=[]"] })))).toEqual([]);
    // Without the setting the provider would keep the policy, and write it back.
    await expect(stack.plan({})).rejects.toThrow(/Give vpc_endpoint_ids: \[\]/);
  });

  test("destroys everything", async () => {
    await stack.flip(["vpc_endpoint_ids=[]"], { destroy: true });
    expect(stack.attributes()).toEqual({});
    expect(Object.values(await held()).every((count) => count === 0)).toBe(true);
  });
});
