import { resource, stackJson } from "../support/stack-json";
import { terraformVerdicts, type Values, type Verdict } from "../support/terraform-cases";

/**
 * The budget and its topic's policy as synthesized, evaluated by the real terraform: the emulator knows no tags of
 * budgets, which the provider asks for.
 */
const TOPIC = "arn:aws:sns:us-east-1:123456789012:quickturn-dev-alarms";

const SETS = {
  nothing: {},
  named: { monthly_budget_usd: 250.5, name: "agents", alarm_email: "on.call@example.org" },
  plain: { monthly_budget_usd: 100 },
  ownTopic: { monthly_budget_usd: 100, alarm_topic_arn: "arn:aws:sns:us-east-1:123456789012:mine" },
} satisfies Readonly<Record<string, Values>>;
let verdicts: readonly Verdict[];

beforeAll(async () => {
  const stack = stackJson();
  const budget = resource(stack, "aws_budgets_budget.budget_monthly");
  const text = JSON.stringify({
    locals: {
      alarm_publishers: stack.locals["alarm_publishers"],
      alarm_budget_publisher: stack.locals["alarm_budget_publisher"],
    },
    output: Object.fromEntries(
      Object.entries({ ...budget, policy: resource(stack, "aws_sns_topic_policy.alarm_topic_policy")["policy"] })
        .filter(([name]) => name !== "//" && name !== "count")
        .map(([name, value]) => [name, { value }]),
    ),
  });
  const known = text
    .replaceAll("data.aws_partition.current.partition", '\\"aws\\"')
    .replaceAll("data.aws_caller_identity.current.account_id", '\\"123456789012\\"')
    .replaceAll("one(aws_sns_topic.alarm_topic[*].arn)", `\\"${TOPIC}\\"`);
  const { locals, output } = JSON.parse(known) as { locals: object; output: Record<string, { value: unknown }> };
  const there = { value: `\${${String(budget["count"]).slice(2, -1)}}` };
  const limit = { value: "${var.monthly_budget_usd == null ? null : tostring(var.monthly_budget_usd)}" };
  verdicts = await terraformVerdicts(
    {
      variable: stack.variable,
      locals: { ...locals, is_given: stack.locals["is_given"], profiles: stack.locals["profiles"] },
      output: { ...output, limit_amount: limit, there },
    },
    Object.values(SETS),
  );
});

interface Statement {
  readonly Sid: string;
  readonly Principal: unknown;
  readonly Resource: string;
  readonly Condition: unknown;
}

function evaluated(name: keyof typeof SETS) {
  const { errors, outputs } = verdicts[Object.keys(SETS).indexOf(name)]!;
  expect(errors).toEqual([]);
  const { Statement: publishers } = JSON.parse(String(outputs["policy"])) as {
    readonly Statement: readonly Statement[];
  };
  return { publishers, value: (output: string) => outputs[output] };
}

test("without monthly_budget_usd there is no budget, and only CloudWatch publishes", () => {
  const { publishers, value } = evaluated("nothing");
  expect(value("there")).toBe(0);
  expect(publishers.map(({ Sid }) => Sid)).toEqual(["CloudWatchPublishes", "DenyPlainHttp"]);
});

test("monthly_budget_usd counts costs by tag, and tells topic and address at 80, 100 and expected 100 %", () => {
  const { value } = evaluated("named");
  expect([
    value("there"),
    value("limit_amount"),
    value("limit_unit"),
    value("time_unit"),
    value("budget_type"),
    value("name"),
  ]).toEqual([1, "250.5", "USD", "MONTHLY", "COST", "agents-dev-monthly"]);
  expect(value("cost_filter")).toEqual([{ name: "TagKeyValue", values: ["user:quickturn:name$agents"] }]);
  const notifications = value("notification") as readonly Readonly<Record<string, unknown>>[];
  expect(
    notifications.map(({ notification_type: type, threshold, comparison_operator: operator }) => [
      type,
      threshold,
      operator,
    ]),
  ).toEqual([
    ["ACTUAL", 80, "GREATER_THAN"],
    ["ACTUAL", 100, "GREATER_THAN"],
    ["FORECASTED", 100, "GREATER_THAN"],
  ]);
  for (const each of notifications)
    expect(each).toMatchObject({
      subscriber_sns_topic_arns: [TOPIC],
      subscriber_email_addresses: ["on.call@example.org"],
      threshold_type: "PERCENTAGE",
    });
});

test("AWS Budgets may publish to the topic of alarms for this account alone", () => {
  const { publishers } = evaluated("plain");
  expect(publishers.find(({ Sid }) => Sid === "BudgetsPublishes")).toEqual({
    Sid: "BudgetsPublishes",
    Effect: "Allow",
    Principal: { Service: "budgets.amazonaws.com" },
    Action: ["sns:Publish"],
    Resource: TOPIC,
    Condition: {
      StringEquals: { "aws:SourceAccount": "123456789012" },
      ArnLike: { "aws:SourceArn": "arn:aws:budgets::123456789012:*" },
    },
  });
});

test("with an operator's topic the budget tells that topic alone", () => {
  const { value } = evaluated("ownTopic");
  const notifications = value("notification") as readonly Readonly<Record<string, unknown>>[];
  for (const each of notifications)
    expect(each).toMatchObject({
      subscriber_sns_topic_arns: ["arn:aws:sns:us-east-1:123456789012:mine"],
      subscriber_email_addresses: [],
    });
});
