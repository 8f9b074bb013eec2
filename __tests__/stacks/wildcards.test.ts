import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The golden files hold every policy of every stack, as each stack's own test proves. */
const goldens = readdirSync(__dirname, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".golden.json"),
);

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
}

function statementsIn(value: unknown): Statement[] {
  if (typeof value !== "object" || value === null) return [];
  const { Statement: own } = value as { Statement?: unknown };
  // A role's trust policy has no resource.
  const here = Array.isArray(own) ? (own as Statement[]).filter(({ Resource }) => Resource !== undefined) : [];
  return [...here, ...Object.values(value).flatMap(statementsIn)];
}
const statements = goldens.flatMap((golden) => statementsIn(JSON.parse(readFileSync(join(__dirname, golden), "utf8"))));

/** Resources with a wildcard in their text; Terraform's `[*]` is none. */
const wide = ({ Resource }: Statement) =>
  [Resource ?? []].flat().filter((resource) => resource.replaceAll("[*]", "").includes("*"));

/** A wildcard after the deployment's own prefix reaches only resources of the deployment. */
const OWN_NAMES = /[:/](aws-waf-logs-)?\$\{var\.name\}-\$\{var\.environment\}(-pipeline)?-\*(:\*)?$/;

/** The parts of one named thing: objects of a bucket, streams of a log group. */
const PARTS = new RegExp(
  `^(${[
    String.raw`\$\{aws_s3_bucket\.\w+\.arn\}(/results)?/\*`,
    String.raw`arn:.+:s3:::.+-results-.+/\*`,
    String.raw`\$\{aws_cloudwatch_log_group\.\w+\.arn\}:\*`,
    String.raw`\$\{join\("", aws_cloudwatch_log_group\.\w+\[\*\]\.arn\)\}:\*`,
  ].join("|")})$`,
);

/** Why a statement reaches further, by its Sid. */
const REASONS: Readonly<Record<string, string>> = {
  WriteTraces: "X-Ray has no resources to name",
  CallAgentcore:
    "a call of a runtime that is named also names one of its endpoints, by the runtime's name and any of its own",
  CallBedrock: "a profile leads to its model in regions of its own; the model is named",
  CallModels: "of a boundary: which models answer is the deployment's business, and a call of one changes nothing",
  CallAgents: "of a boundary: the agents are those that an operator gives, and a runtime's endpoints",
  WriteGatewayLogs:
    "the account's role for logs writes those of every API in the region, as AWS's own policy for it has it; it " +
    "alone may",
  ReadMappings: "AWS makes a mapping's name",
  ReadTablesKey: "AWS makes a key's name; a condition takes AWS's own key for DynamoDB alone",
  ReadApis: "AWS makes an API's, a plan's and a key's name",
  ReadWhatHasNoName: "takes no resource, or with one leaves out what has none",
  ReadDistributions: "AWS makes a distribution's name",
  ChangeMappings: "a mapping has no name before it is made; a condition takes the deployment's own functions alone",
  TagMappings: "AWS makes a mapping's name",
  ChangeApis: "AWS makes an API's, a plan's and a key's name",
  ChangeApisPolicies: "AWS makes an API's name",
  ChangeCompositeAlarms: "takes no narrower resource",
  ChangeDistributions: "AWS makes a distribution's name",
  ReadFirewall: "AWS makes a firewall's id and an API's name",
  ChangeFirewall: "AWS makes a firewall's id and an API's name, and the managed rules are AWS's own",
  GuardStages: "AWS makes an API's name",
  DeliverFirewallLog: "takes no resource",
  ReadMetrics: "metrics and quotas are the account's",
  CallApi: "AWS makes an API's name",
};

test("the policies are found", () => {
  expect(goldens).toEqual(
    expect.arrayContaining([
      "agent-api-stack.golden.json",
      "pipeline-access-stack.golden.json",
      "state-stack.golden.json",
    ]),
  );
  expect(statements.length).toBeGreaterThan(60);
});

test("every statement with a wider wildcard has its reason, and every reason its statement", () => {
  const reaching = statements
    .filter(({ Effect }) => Effect === "Allow")
    .filter((statement) => wide(statement).some((resource) => !OWN_NAMES.test(resource) && !PARTS.test(resource)));
  expect([...new Set(reaching.map(({ Sid }) => Sid))].sort()).toEqual(Object.keys(REASONS).sort());
});

test("no statement allows an action by a wildcard", () => {
  expect(
    statements.filter(
      ({ Effect, Action }) => Effect === "Allow" && [Action].flat().some((action) => action.includes("*")),
    ),
  ).toEqual([]);
});

test("all resources at once are allowed only to these actions", () => {
  const all = statements.filter(({ Effect, Resource }) => Effect === "Allow" && [Resource ?? []].flat().includes("*"));
  expect(new Set(all.flatMap(({ Sid, Action }) => [Action].flat().map((action) => `${Sid}: ${action}`)))).toEqual(
    new Set([
      "WriteTraces: xray:PutTraceSegments",
      "WriteTraces: xray:PutTelemetryRecords",
      ...[
        "CreateLogGroup",
        "CreateLogStream",
        "DescribeLogGroups",
        "DescribeLogStreams",
        "FilterLogEvents",
        "GetLogEvents",
        "PutLogEvents",
      ].map((name) => `WriteGatewayLogs: logs:${name}`),
      ...[
        "cloudfront:ListDistributions",
        "cloudwatch:DescribeAlarms",
        "lambda:ListEventSourceMappings",
        "logs:DescribeLogGroups",
        "sns:GetSubscriptionAttributes",
      ].map((action) => `ReadWhatHasNoName: ${action}`),
      ...["CreateEventSourceMapping", "DeleteEventSourceMapping", "UpdateEventSourceMapping"].map(
        (name) => `ChangeMappings: lambda:${name}`,
      ),
      ...["CreateLogDelivery", "DeleteLogDelivery", "DescribeResourcePolicies", "PutResourcePolicy"].map(
        (name) => `DeliverFirewallLog: logs:${name}`,
      ),
      "ChangeCompositeAlarms: cloudwatch:PutCompositeAlarm",
      "ChangeCompositeAlarms: sns:Unsubscribe",
      "ReadMetrics: cloudwatch:GetMetricData",
      "ReadMetrics: lambda:GetAccountSettings",
    ]),
  );
});
