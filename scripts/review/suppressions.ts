import { UsageError } from "../kit/context";
import type { AuditRow } from "./audit-report";
import { stripIndexes } from "./plan-json";
import type { Rule } from "./rule";

/** A demand that is not met on purpose: which, where, why, and until when. */
export interface Suppression {
  /** Id of the rule. */
  readonly rule: string;
  /** Address of the resource, with or without its index. */
  readonly resource?: string;
  /** Instead of `resource`: Terraform's type, for a demand that conflicts with the design wherever it is made. */
  readonly type?: string;
  /** Part of the resource, such as `GET /api/v1/health`. Default: all of it. */
  readonly part?: string;
  /** Why the demand is not met, for a reader of the report. */
  readonly reason: string;
  /** YYYY-MM-DD: the last day that it holds. */
  readonly until: string;
}

const KEYS = ["rule", "resource", "type", "part", "reason", "until"];

/**
 * Reads suppressions that a person wrote: `{ "suppressions": [...] }`.
 * @param name of the file, for the message
 * @throws UsageError naming every problem
 */
export function readSuppressions(document: unknown, name: string, rules: readonly Rule[]): Suppression[] {
  const { suppressions } = (document ?? {}) as { suppressions?: unknown };
  if (!Array.isArray(suppressions))
    throw new UsageError(
      `${name} has no list of suppressions; allowed: ` +
        '{"suppressions": [{"rule": …, "resource" or "type": …, "reason": …, "until": "YYYY-MM-DD"}]}',
    );
  const problems = suppressions.flatMap((entry, index) =>
    listProblems((entry ?? {}) as Readonly<Record<string, unknown>>, rules).map(
      (problem) => `  ${index + 1}: ${problem}`,
    ),
  );
  if (problems.length > 0)
    throw new UsageError(`${name} has suppressions that cannot be read:\n${problems.join("\n")}`);
  return suppressions as Suppression[];
}

function listProblems(entry: Readonly<Record<string, unknown>>, rules: readonly Rule[]): string[] {
  const { rule: id, resource, part, until } = entry;
  const rule = rules.find((candidate) => candidate.id === id);
  const show = (name: string) => `${name} is ${JSON.stringify(entry[name]) ?? "not given"}`;
  const isText = (name: string) => typeof entry[name] === "string" && entry[name].trim() !== "";
  const others = Object.keys(entry).filter((key) => !KEYS.includes(key));
  const type = entry["type"] ?? (isText("resource") ? /(?:^|\.)(aws_\w+)\./.exec(String(resource))?.[1] : undefined);
  const isOfRule = rule === undefined || type === undefined || rule.types.includes(String(type));
  const checks: readonly (readonly [holds: boolean, problem: string])[] = [
    [others.length === 0, `${others.join(", ")} is not known; allowed: ${KEYS.join(", ")}.`],
    [rule !== undefined, `${show("rule")}; allowed: the id of a rule, as quickturn audit --all prints it.`],
    [isText("resource") !== isText("type"), `${show("resource")} and ${show("type")}; allowed: one of them.`],
    [isOfRule, `${String(id)} does not look at ${String(type)}; allowed: ${rule?.types.join(", ")}.`],
    [part === undefined || isText("part"), `${show("part")}; allowed: a text, such as GET /api/v1/health.`],
    [isText("reason"), `${show("reason")}; allowed: a sentence.`],
    [isDay(until), `${show("until")}; allowed: a day as YYYY-MM-DD.`],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

/** True for a day of the calendar, as YYYY-MM-DD. */
export function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(value);
}

/** Adds days to a day, both as YYYY-MM-DD. */
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** True where a suppression is about a row. */
export function suppresses(
  { rule, resource, type, part }: Suppression,
  row: Pick<AuditRow, "rule" | "address" | "type" | "part">,
): boolean {
  const isOfResource =
    resource === undefined ? row.type === type : [row.address, stripIndexes(row.address)].includes(resource);
  return row.rule === rule && isOfResource && (part === undefined || part === row.part);
}

/** `aws_a.b, part c` of a suppression, for a person. */
export const describePlace = ({ resource, type, part }: Pick<Suppression, "resource" | "type" | "part">): string =>
  `${resource ?? `every ${String(type)}`}${part === undefined ? "" : `, ${part}`}`;

/**
 * The last day of every decision below: a year after they were made or reviewed. They end together because they are
 * reviewed together; `npm run release` refuses in the 180 days before, and no installation fails afterwards.
 */
const UNTIL = "2027-11-20";

const OWN_KEY =
  "AWS's own keys encrypt it by default: a customer's key costs a dollar a month and a call each, and its policy is " +
  "one more thing that can be wrong.";
const KEY_SETTING = `${OWN_KEY} Who must have one sets kms_key_arn.`;

const EDGE = "The distribution is off by default, and serves an API, not a site";

/** Demands that conflict with the design wherever they are made, by resource type and rule, with the reason. */
const BY_TYPE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  aws_lambda_function: {
    "function-has-a-dead-letter-queue":
      "Requests come through the queue, whose redrive policy keeps what fails. Asynchronous events are heartbeats, " +
      "sweeps, and the next one is the second try.",
    "function-is-in-a-network":
      "The functions call nothing in a network. A network would need a NAT gateway or endpoints, and the heartbeat " +
      "exists because of its idle limit.",
    "function-code-is-signed":
      "The release's checksums name every zip, and a plan shows its hash. Signing needs a signing profile, and " +
      "checks code only when it is deployed.",
    "function-environment-has-a-customer-key":
      "It holds names and limits, and no secrets, which function-environment-holds-no-secret checks. " +
      `${OWN_KEY} kms_key_arn is for what holds prompts, answers and logs, and leaves it out.`,
  },
  aws_api_gateway_method_settings: {
    "every-method-is-cached":
      "Only a poll's answer may be cached, by request and by caller; a cache for all methods would hand one caller's " +
      "answers to another. cache-is-keyed-by-caller and stage-caches-nothing-unasked check that.",
  },
  aws_api_gateway_stage: {
    "methods-are-measured":
      "The alarms use the metrics of the stage and of the functions. Metrics by method are paid for one by one, and " +
      "nothing reads them.",
    "stage-has-a-client-certificate":
      "Only Lambda is behind the gateway, which asks for its permission and for no certificate.",
    "stage-is-behind-a-firewall":
      "It is off by default, because it costs $10 a month and callers are known, throttled and may have a quota. " +
      "waf_enabled puts one there; its rules over bodies count, and do not block prompts that hold code.",
  },
  aws_dynamodb_table: { "table-has-a-customer-key": KEY_SETTING },
  aws_s3_bucket: {
    "bucket-has-a-customer-key": `${KEY_SETTING} The state's bucket has a setting of that name too.`,
    "bucket-logs-access":
      "The log would need a bucket of its own, with the same demand. CloudTrail's data events say who read what, for " +
      "all buckets of the account.",
    "bucket-is-replicated":
      "Results live for days and can be asked for again; the state has versions. Another region doubles the storage, " +
      "and who may read it.",
    "bucket-tells-of-changes":
      "Nobody waits for an object: results are written before their request is marked as done.",
  },
  aws_cloudwatch_log_group: {
    "log-group-has-a-customer-key": `Logs hold no prompts and no answers. ${KEY_SETTING}`,
    "log-group-is-kept-a-year":
      "The setting log_retention_in_days decides: a year of logs is paid for, and what is not kept cannot leak.",
  },
  aws_sns_topic: {
    "topic-has-a-customer-key":
      "AWS's own key of SNS, which satisfies scanners, silences every alarm. Alarms tell no secrets; who wants a " +
      "key sets kms_key_arn to one that CloudWatch may use, or gives alarm_topic_arn a topic with such a key.",
  },
  aws_cloudfront_distribution: {
    "distribution-is-behind-a-firewall": `${EDGE}: what stage-is-behind-a-firewall says of prompts holds here too.`,
    "distribution-logs-access":
      `${EDGE}: the stage's access log has every request that the edge does not answer itself, and a bucket of logs ` +
      "with callers' addresses is one more to keep.",
    "distribution-is-for-some-countries": `${EDGE}: callers are known by their keys, wherever they are.`,
    "distribution-has-a-root-object": `${EDGE}: there is no page at its root.`,
    "distribution-has-a-second-origin": `${EDGE}: there is one stage, and CloudFront never fails over for POST.`,
    "distribution-sets-headers": `${EDGE}: no browser shows its answers as a page.`,
  },
};

/** Demands that one resource does not meet, by its address and rule, with the reason. */
const BY_RESOURCE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "aws_lambda_function.api_function": {
    "function-concurrency-is-limited":
      "The stage throttles what reaches the front door, and a reservation would take from the worker's share of the " +
      "account.",
  },
  "aws_lambda_function.authorizer_function": {
    "function-concurrency-is-limited":
      "The stage throttles what reaches it, its answers are kept by token, and a limit would refuse callers with " +
      "valid tokens.",
  },
  "aws_lambda_function.sweeper_function": {
    "function-concurrency-is-limited":
      "It is called once a minute, and for each failure: a limit would make callers wait for the end of " +
      "their requests.",
  },
  "aws_lambda_event_source_mapping.work_failures": {
    "mapping-concurrency-is-limited":
      "Failures come in bursts, after an outage, and each is one write; a limit would make their callers wait.",
  },
  "aws_iam_role_policy_attachment.account_logging_policy": {
    "role-policies-are-own":
      "API Gateway checks for the permissions of this very policy when the account is given the role.",
  },
  "aws_s3_bucket.store_results": {
    "bucket-keeps-versions":
      "A result is written once and deleted after request_retention_in_days; a version would keep an answer longer " +
      "than its caller was told.",
  },
};

const NAMED_BY_AWS = "AWS makes the name, so that none can be given before it is there";

/** Statements of the pipelines' policies whose resources cannot be named, by policy and Sid, with the reason. */
const BY_STATEMENT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  limits_boundary: {
    CallModels:
      "A boundary limits what roles may be allowed, and allows nothing itself. The operator decides which models are " +
      "called, and a role's own policy names them.",
  },
  may_functions: {
    TagMappings: `${NAMED_BY_AWS}: of a mapping. The function that it calls limits the changes, not the tags.`,
  },
  may_judge: { CallApi: `${NAMED_BY_AWS}: of an API. The stage is named, and the API itself asks who calls.` },
  may_read: {
    ReadMappings: `${NAMED_BY_AWS}: of a mapping. It is only read.`,
    ReadApis: `${NAMED_BY_AWS}: of an API, a plan and a key. They are only read.`,
    ReadDistributions: `${NAMED_BY_AWS}: of a distribution. It is only read.`,
    ReadFirewall: `${NAMED_BY_AWS}: of an API, whose stage's firewall is looked up. It is only read.`,
  },
  may_services: {
    ChangeApis:
      `${NAMED_BY_AWS}: of an API, a plan and a key. permissions_boundary_arn limits it where an account holds other ` +
      "APIs.",
    ChangeApisPolicies:
      `${NAMED_BY_AWS}: of an API. It says who may call one, and permissions_boundary_arn limits it where an account ` +
      "holds other APIs.",
    ChangeDistributions:
      `${NAMED_BY_AWS}: of a distribution. permissions_boundary_arn limits it where an account holds other ` +
      "distributions.",
    ChangeFirewall: `${NAMED_BY_AWS}: of an API. The deployment names the firewall.`,
    GuardStages: `${NAMED_BY_AWS}: of an API. It puts a firewall before a stage, or takes it away, and nothing else.`,
    DeliverFirewallLog: "These actions take no resource. They let the firewall write its log.",
  },
};

type Decision = Omit<Suppression, "until">;

const flatten = (
  table: Readonly<Record<string, Readonly<Record<string, string>>>>,
  toDecision: (place: string, name: string, reason: string) => Decision,
): Decision[] =>
  Object.entries(table).flatMap(([place, reasons]) =>
    Object.entries(reasons).map(([name, reason]) => toDecision(place, name, reason)),
  );

const DECISIONS: readonly Decision[] = [
  ...flatten(BY_TYPE, (type, rule, reason) => ({ rule, type, reason })),
  ...flatten(BY_RESOURCE, (resource, rule, reason) => ({ rule, resource, reason })),
  {
    rule: "method-needs-a-caller",
    resource: "aws_api_gateway_rest_api.rest_api",
    part: "GET /api/v1/health",
    reason:
      "Load balancers and uptime checks hold no credentials, and the answer names nothing; it is throttled as every " +
      "method is.",
  },
  {
    rule: "topic-has-a-subscriber",
    resource: "aws_sns_topic.alarm_topic",
    part: "in a trial environment",
    reason:
      "Nobody relies on an environment called ci, demo, dev, sandbox or test, and every plan warns (check " +
      "alarms_reach_a_person). Any other needs alarm_email or alarm_topic_arn.",
  },
  ...flatten(BY_STATEMENT, (policy, part, reason) => ({
    rule: "policy-names-resources",
    resource: `aws_iam_policy.${policy}`,
    part,
    reason,
  })),
];

/**
 * Demands that the stacks do not meet on purpose: scanners' demands that conflict with the design, and rules of the
 * project where nothing can be done. Users add theirs in `audit.json`.
 */
export const SUPPRESSIONS: readonly Suppression[] = DECISIONS.map((decision) => ({ ...decision, until: UNTIL }));
