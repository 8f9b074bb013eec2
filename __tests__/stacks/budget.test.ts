import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { resource, stackJson } from "../support/stack-json";
import { temporaryFolder } from "../support/temporary-folder";

/** The budget and its topic's policy as synthesized, evaluated by the real terraform: the emulator knows no tags of budgets, which the provider asks for. */
jest.setTimeout(120_000);

const folder = temporaryFolder("budget");
const TOPIC = "arn:aws:sns:us-east-1:123456789012:quickturn-dev-alarms";

beforeAll(() => {
  const stack = stackJson();
  const budget = resource(stack, "aws_budgets_budget.budget_monthly");
  const text = JSON.stringify({
    locals: { alarm_publishers: stack.locals["alarm_publishers"], alarm_budget_publisher: stack.locals["alarm_budget_publisher"] },
    output: Object.fromEntries(Object.entries({ ...budget, policy: resource(stack, "aws_sns_topic_policy.alarm_topic_policy")["policy"] }).filter(([name]) => name !== "//" && name !== "count").map(([name, value]) => [name, { value }])),
  });
  const known = text.replaceAll("data.aws_partition.current.partition", '\\"aws\\"').replaceAll("data.aws_caller_identity.current.account_id", '\\"123456789012\\"').replaceAll("one(aws_sns_topic.alarm_topic[*].arn)", `\\"${TOPIC}\\"`);
  const { locals, output } = JSON.parse(known) as { locals: object; output: Record<string, { value: unknown }> };
  const there = { value: `\${${String(budget["count"]).slice(2, -1)}}` };
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ variable: stack.variable, locals: { ...locals, profiles: stack.locals["profiles"] }, output: { ...output, limit_amount: { value: "${var.monthly_budget_usd == null ? null : tostring(var.monthly_budget_usd)}" }, there } }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Statement {
  readonly Sid: string;
  readonly Principal: unknown;
  readonly Resource: string;
  readonly Condition: unknown;
}

async function evaluated(...vars: readonly string[]) {
  const env = { PATH: process.env["PATH"], HOME: folder, CHECKPOINT_DISABLE: "1" };
  const run = async (...args: readonly string[]) => (await promisify(execFile)("terraform", args, { cwd: folder, env })).stdout;
  await run("apply", "-input=false", "-auto-approve", "-no-color", ...vars.map((value) => `-var=${value}`));
  const output = JSON.parse(await run("output", "-json")) as Readonly<Record<string, { readonly value: unknown } | undefined>>;
  const { Statement: publishers } = JSON.parse(String(output["policy"]?.value)) as { readonly Statement: readonly Statement[] };
  return { publishers, value: (name: string) => output[name]?.value };
}

test("without monthly_budget_usd there is none, and nobody but CloudWatch publishes", async () => {
  const { publishers, value } = await evaluated();
  expect(value("there")).toBe(0);
  expect(publishers.map(({ Sid }) => Sid)).toEqual(["CloudWatchPublishes", "DenyPlainHttp"]);
});

test("with it the deployment's costs count by its tag, and topic and address are told at 80 and 100 %, and when 100 % is expected", async () => {
  const { value } = await evaluated("monthly_budget_usd=250.5", "name=agents", "alarm_email=on.call@example.org");
  expect([value("there"), value("limit_amount"), value("limit_unit"), value("time_unit"), value("budget_type"), value("name")]).toEqual([1, "250.5", "USD", "MONTHLY", "COST", "agents-dev-monthly"]);
  expect(value("cost_filter")).toEqual([{ name: "TagKeyValue", values: ["user:quickturn:name$agents"] }]);
  const notifications = value("notification") as readonly Readonly<Record<string, unknown>>[];
  expect(notifications.map(({ notification_type: type, threshold, comparison_operator: operator }) => [type, threshold, operator])).toEqual([["ACTUAL", 80, "GREATER_THAN"], ["ACTUAL", 100, "GREATER_THAN"], ["FORECASTED", 100, "GREATER_THAN"]]);
  for (const each of notifications) expect(each).toMatchObject({ subscriber_sns_topic_arns: [TOPIC], subscriber_email_addresses: ["on.call@example.org"], threshold_type: "PERCENTAGE" });
});

test("AWS Budgets may publish to the topic of alarms for this account alone", async () => {
  const { publishers } = await evaluated("monthly_budget_usd=100");
  expect(publishers.find(({ Sid }) => Sid === "BudgetsPublishes")).toEqual({
    Sid: "BudgetsPublishes", Effect: "Allow", Principal: { Service: "budgets.amazonaws.com" }, Action: ["sns:Publish"], Resource: TOPIC,
    Condition: { StringEquals: { "aws:SourceAccount": "123456789012" }, ArnLike: { "aws:SourceArn": "arn:aws:budgets::123456789012:*" } },
  });
});

test("an operator's topic is told instead", async () => {
  const { value } = await evaluated("monthly_budget_usd=100", "alarm_topic_arn=arn:aws:sns:us-east-1:123456789012:mine");
  const notifications = value("notification") as readonly Readonly<Record<string, unknown>>[];
  for (const each of notifications) expect(each).toMatchObject({ subscriber_sns_topic_arns: ["arn:aws:sns:us-east-1:123456789012:mine"], subscriber_email_addresses: [] });
});
