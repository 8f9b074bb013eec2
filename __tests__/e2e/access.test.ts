import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { audit, listRows } from "../../scripts/review/audit-report";
import { planChanges } from "../../scripts/kit/plan-changes";
import { Terraform } from "../../scripts/kit/terraform";
import { auditedRows, auditOf } from "../support/audited-rows";
import { makeKey, runbooksKey } from "../support/customer-key";
import { EmulatedStack } from "../support/emulated-stack";
import { unexplained } from "../support/emulator-drift";
import { inPlace, updated } from "../support/in-place";

/**
 * Who reaches the API and what it is encrypted by, flipped on an applied stack; and settings whose plan alone can be
 * seen here. In order.
 */

let stack: EmulatedStack;
beforeAll(async () => {
  stack = await EmulatedStack.applied();
});
afterAll(() => stack?.stop());

describe("planned, because the emulator cannot apply it", () => {
  /** It cannot tag an API again, takes a minute for a bucket's lifecycle, and encrypts no log group by another key. */
  test("tags, retention, deletion protection and a key of the operator's change in place; beside updates only the functions' permission to use the key is new", async () => {
    const key = await makeKey(stack.emulator.endpoint);
    const plan = await stack.plan({
      vars: [
        'tags={"team":"agents"}',
        "request_retention_in_days=14",
        "deletion_protection=true",
        `kms_key_arn=${key}`,
      ],
      refresh: false,
    });
    const changes = planChanges(plan);
    inPlace(changes.filter(({ action }) => action !== "create"));
    expect(
      changes
        .filter(({ action }) => action === "create")
        .map(({ address }) => address)
        .sort(),
    ).toEqual(["api", "sweeper", "worker"].map((name) => `aws_iam_role_policy.${name}_keys[0]`));
    expect(updated(changes)).toEqual(
      expect.arrayContaining([
        "aws_api_gateway_rest_api.rest_api",
        "aws_cloudwatch_log_group.live_access_log",
        "aws_cloudwatch_log_group.worker_log_group",
        "aws_dynamodb_table.store_requests",
        "aws_dynamodb_table.store_sessions",
        "aws_lambda_function.worker_function",
        "aws_s3_bucket_lifecycle_configuration.store_results_lifecycle",
        "aws_s3_bucket_server_side_encryption_configuration.store_results_encryption",
        "aws_sns_topic.alarm_topic[0]",
        "aws_sqs_queue.work_failed",
        "aws_sqs_queue.work_queue",
      ]),
    );
    const customersKey = auditOf(plan)
      .rows.filter(({ rule }) => /has-a-customer-key$/.test(rule))
      .map(({ rule, outcome }) => `${rule} ${outcome}`);
    // The functions' environment holds no secrets, and stays out of it.
    expect([...new Set(customersKey)].sort()).toEqual([
      "bucket-has-a-customer-key pass",
      "function-environment-has-a-customer-key suppressed",
      "log-group-has-a-customer-key pass",
      "table-has-a-customer-key pass",
      "topic-has-a-customer-key pass",
    ]);
    // Whether alarms arrive is said by the key's own policy, which the plan does not have. All else of what is applied
    // passes the audit.
    expect(auditedRows(plan).map(({ outcome, rule }) => `${outcome} ${rule}`)).toEqual(["unknown topic-takes-alarms"]);
  });

  test("provisioned concurrency is all that low_latency makes, and composite alarms with what they watch all that alarm_burn_rates makes", async () => {
    const changes = planChanges(
      await stack.plan({ vars: ["profile=low_latency", "alarm_burn_rates=true"], refresh: false }),
    );
    const made = changes
      .filter(({ action }) => action === "create")
      .map(({ address }) => address)
      .sort();
    const burnRates = made.filter((address) =>
      /^aws_cloudwatch_(composite_alarm\.|metric_alarm\.burn_rate_.+_(long|short)\[0\]$)/.test(address),
    );
    expect(burnRates.filter((address) => address.startsWith("aws_cloudwatch_composite_alarm."))).toHaveLength(3);
    expect(burnRates).toHaveLength(9);
    expect(made.filter((address) => !burnRates.includes(address))).toEqual([
      "aws_lambda_provisioned_concurrency_config.api_live_provisioned_concurrency[0]",
      "aws_lambda_provisioned_concurrency_config.worker_live_provisioned_concurrency[0]",
    ]);
    inPlace(changes.filter(({ action }) => action !== "create"));
  });
});

test("the key that RUNBOOK.md gives to paste is renewed, kept, and open to logs, alarms, the budget and tables alone", async () => {
  // Below the stack, so that the kept provider has its type.
  const directory = join(stack.directory, "key");
  mkdirSync(directory);
  writeFileSync(join(directory, "main.tf"), runbooksKey());
  const terraform = new Terraform({ directory, env: stack.environment });
  await terraform.init();
  await terraform.plan("key.tfplan");
  const plan = (await terraform.show("key.tfplan")) as {
    planned_values: { root_module: { resources: { address: string; values: { policy: string } }[] } };
  };
  expect(listRows(audit(plan), "pass").map(({ rule }) => rule)).toEqual(
    expect.arrayContaining(["key-rotates", "key-is-on", "key-is-not-public"]),
  );
  const [key] = plan.planned_values.root_module.resources;
  const { Statement: statements } = JSON.parse(key?.values.policy ?? "{}") as {
    Statement: { Principal: Record<string, string | string[]>; Action: string | string[]; Condition?: unknown }[];
  };
  expect(statements.map(({ Principal, Action }) => [Object.values(Principal)[0], Action])).toEqual([
    ["arn:aws:iam::123456789012:root", "kms:*"],
    [
      "logs.us-east-1.amazonaws.com",
      ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
    ],
    [
      ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"],
      ["kms:Decrypt", "kms:GenerateDataKey*"],
    ],
    ["dynamodb.amazonaws.com", ["kms:Describe*", "kms:Get*", "kms:List*"]],
  ]);
  const logs = Object.entries(stack.attributes())
    .filter(([address]) => address.startsWith("aws_cloudwatch_log_group."))
    .map(([, { arn }]) => String(arn));
  const { ArnLike: condition } = statements[1]?.Condition as {
    ArnLike: { "kms:EncryptionContext:aws:logs:arn": string[] };
  };
  const reached = (log: string) =>
    condition["kms:EncryptionContext:aws:logs:arn"].some(
      (pattern) => pattern.endsWith("*") && log.startsWith(pattern.slice(0, -1)),
    );
  expect(logs.length).toBe(4);
  expect(logs.filter((log) => !reached(log))).toEqual([]);
});

/** Endpoint type, address type and whether the policy denies other ways, as the emulator holds them. */
const reached = () => {
  const {
    endpoint_configuration: [endpoint],
    policy,
  } = stack.attributes()["aws_api_gateway_rest_api.rest_api"] as {
    endpoint_configuration: [{ types: string[]; ip_address_type: string }];
    policy: string;
  };
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
    expect(updated(changes)).toEqual(
      expect.arrayContaining(["aws_api_gateway_rest_api.rest_api", "aws_api_gateway_deployment.rest_deployment"]),
    );
    expect(reached()).toEqual(expected);
  }
  expect(unexplained(planChanges(await stack.plan({ vars: ["vpc_endpoint_ids=[]"] })))).toEqual([]);
  // Without the setting the provider would keep the policy, and write it back.
  await expect(stack.plan({})).rejects.toThrow(/Give vpc_endpoint_ids: \[\]/);
});
