import type { Suppression } from "./suppression";

/**
 * A year after the decisions below were made or looked at again; each is then made anew. One day for all, because they
 * are reviewed together: `npm run release` refuses in the 180 days before it, and no installation fails after it.
 */
const UNTIL = "2027-11-20";

const decided = (
  rule: string,
  where: Pick<Suppression, "resource" | "type" | "part">,
  reason: string,
): Suppression => ({ rule, ...where, reason, until: UNTIL });

/** A demand that conflicts with the design, wherever it is made. */
const everywhere = (rule: string, type: string, reason: string): Suppression => decided(rule, { type }, reason);

const OWN_KEY =
  "AWS's own keys encrypt it by default: a key of the customer's costs a dollar a month and a call each, and its policy is one more thing that can be wrong.";
const BY_SETTING = `${OWN_KEY} Who must have one sets kms_key_arn.`;

/** Demands on what runs. */
const FUNCTIONS: readonly Suppression[] = [
  everywhere(
    "function-has-a-dead-letter-queue",
    "aws_lambda_function",
    "Requests come through the queue, whose redrive policy keeps what fails; asynchronous events are heartbeats and sweeps, and the next one is the second try.",
  ),
  everywhere(
    "function-is-in-a-network",
    "aws_lambda_function",
    "Nothing that the functions call is in a network; one would need a NAT gateway or endpoints, and its idle limit is what the heartbeat exists for.",
  ),
  everywhere(
    "function-code-is-signed",
    "aws_lambda_function",
    "The release's checksums name every zip, and a plan shows its hash. Signing needs a profile of the account's own, and looks at code only when it is deployed.",
  ),
  everywhere(
    "function-environment-has-a-customer-key",
    "aws_lambda_function",
    `It holds names and limits, and no secrets, which function-environment-holds-no-secret checks. ${OWN_KEY} kms_key_arn is for what holds prompts, answers and logs, and leaves it out.`,
  ),
  decided(
    "function-concurrency-is-limited",
    { resource: "aws_lambda_function.api_function" },
    "The stage throttles what reaches the front door, and a reservation would take from the worker's share of the account.",
  ),
  decided(
    "function-concurrency-is-limited",
    { resource: "aws_lambda_function.authorizer_function" },
    "The stage throttles what reaches it, its answers are kept by token, and a limit would refuse callers with good tokens.",
  ),
  decided(
    "function-concurrency-is-limited",
    { resource: "aws_lambda_function.sweeper_function" },
    "It is called once a minute, and by what failed: a limit would make callers wait for the end of their requests.",
  ),
  decided(
    "mapping-concurrency-is-limited",
    { resource: "aws_lambda_event_source_mapping.work_failures" },
    "Failures come in bursts, after an outage, and each is one write; a limit would make their callers wait.",
  ),
];

/** Demands on what callers reach. */
const API: readonly Suppression[] = [
  decided(
    "method-needs-a-caller",
    { resource: "aws_api_gateway_rest_api.rest_api", part: "GET /api/v1/health" },
    "Load balancers and uptime checks hold no credentials, and the answer names nothing; it is throttled as every method is.",
  ),
  everywhere(
    "every-method-is-cached",
    "aws_api_gateway_method_settings",
    "Only a poll's answer may be kept, by request and by caller; a cache for every method would hand one caller's answers to another. cache-is-keyed-by-caller and stage-caches-nothing-unasked check that.",
  ),
  everywhere(
    "methods-are-measured",
    "aws_api_gateway_stage",
    "The stage's own metrics and the functions' carry the alarms; metrics by method are paid for one by one, and nothing reads them.",
  ),
  everywhere(
    "stage-has-a-client-certificate",
    "aws_api_gateway_stage",
    "Nothing stands behind the gateway but Lambda, which asks for its permission and for no certificate.",
  ),
  everywhere(
    "stage-is-behind-a-firewall",
    "aws_api_gateway_stage",
    "It is off by default, because it costs $10 a month and callers are known, throttled and may have a quota; waf_enabled puts one there, whose rules over bodies count and do not block prompts that hold code.",
  ),
  decided(
    "role-policies-are-own",
    { resource: "aws_iam_role_policy_attachment.account_logging_policy" },
    "API Gateway checks for the permissions of this very policy when the account is given the role.",
  ),
];

/** Demands on what is kept. */
const STORES: readonly Suppression[] = [
  everywhere("table-has-a-customer-key", "aws_dynamodb_table", BY_SETTING),
  everywhere(
    "bucket-has-a-customer-key",
    "aws_s3_bucket",
    `${BY_SETTING} The state's bucket has a setting of that name too.`,
  ),
  everywhere(
    "log-group-has-a-customer-key",
    "aws_cloudwatch_log_group",
    `Logs hold no prompts and no answers. ${BY_SETTING}`,
  ),
  everywhere(
    "log-group-is-kept-a-year",
    "aws_cloudwatch_log_group",
    "How long is the setting log_retention_in_days: a year of logs is paid for, and what is not kept cannot leak.",
  ),
  decided(
    "bucket-keeps-versions",
    { resource: "aws_s3_bucket.store_results" },
    "A result is written once and deleted after request_retention_in_days; a version would keep an answer longer than its caller was told.",
  ),
  everywhere(
    "bucket-logs-access",
    "aws_s3_bucket",
    "The log would need a bucket of its own, with the same demand. CloudTrail's data events tell who read what, for all buckets of the account.",
  ),
  everywhere(
    "bucket-is-replicated",
    "aws_s3_bucket",
    "Results live for days and can be asked for again; the state has versions. Another region doubles what is kept, and who may read it.",
  ),
  everywhere(
    "bucket-tells-of-changes",
    "aws_s3_bucket",
    "Nobody waits for an object: results are written before their request is marked as done.",
  ),
];

/** Demands on what tells people. */
const ALARMS: readonly Suppression[] = [
  everywhere(
    "topic-has-a-customer-key",
    "aws_sns_topic",
    "AWS's own key of SNS, with which scanners are content, silences every alarm. What alarms say is no secret; who wants a key sets kms_key_arn to one that CloudWatch may use, or gives alarm_topic_arn a topic with such a key.",
  ),
  decided(
    "topic-has-a-subscriber",
    { resource: "aws_sns_topic.alarm_topic", part: "in a trial environment" },
    "Nobody counts on an environment called ci, demo, dev, sandbox or test, and every plan warns (check alarms_reach_a_person). Any other needs alarm_email or alarm_topic_arn.",
  ),
];

const OFF_BY_DEFAULT = "The distribution is off by default, and serves an API, not a site";

/** Demands on the edge. */
const EDGE: readonly Suppression[] = [
  everywhere(
    "distribution-is-behind-a-firewall",
    "aws_cloudfront_distribution",
    `${OFF_BY_DEFAULT}: what stage-is-behind-a-firewall says of prompts holds here too.`,
  ),
  everywhere(
    "distribution-logs-access",
    "aws_cloudfront_distribution",
    `${OFF_BY_DEFAULT}: the stage's access log has every request that the edge does not answer itself, and a bucket of logs with callers' addresses is one more to keep.`,
  ),
  everywhere(
    "distribution-is-for-some-countries",
    "aws_cloudfront_distribution",
    `${OFF_BY_DEFAULT}: callers are known by their keys, wherever they are.`,
  ),
  everywhere(
    "distribution-has-a-root-object",
    "aws_cloudfront_distribution",
    `${OFF_BY_DEFAULT}: there is no page at its root.`,
  ),
  everywhere(
    "distribution-has-a-second-origin",
    "aws_cloudfront_distribution",
    `${OFF_BY_DEFAULT}: there is one stage, and CloudFront never fails over for POST.`,
  ),
  everywhere(
    "distribution-sets-headers",
    "aws_cloudfront_distribution",
    `${OFF_BY_DEFAULT}: no browser shows its answers as a page.`,
  ),
];

const NAMED_BY_AWS = "AWS makes the name, so that none can be given before it is there";

const statement = (policy: string, part: string, reason: string): Suppression =>
  decided("policy-names-resources", { resource: `aws_iam_policy.may_${policy}`, part }, reason);

/** Statements of the pipelines' roles whose resources cannot be named. */
const PIPELINES: readonly Suppression[] = [
  decided(
    "policy-names-resources",
    { resource: "aws_iam_policy.limits_boundary", part: "CallModels" },
    "A boundary limits what roles may be allowed, and allows nothing itself. Which models are called is the operator's, and a role's own policy names them.",
  ),
  statement(
    "functions",
    "TagMappings",
    `${NAMED_BY_AWS}: of a mapping. Whose function it calls limits the changes, not the tags.`,
  ),
  statement("judge", "CallApi", `${NAMED_BY_AWS}: of an API. The stage is named, and the API itself asks who calls.`),
  statement("read", "ReadMappings", `${NAMED_BY_AWS}: of a mapping. It is read alone.`),
  statement("read", "ReadApis", `${NAMED_BY_AWS}: of an API, a plan and a key. It is read alone.`),
  statement("read", "ReadDistributions", `${NAMED_BY_AWS}: of a distribution. It is read alone.`),
  statement(
    "services",
    "ChangeApis",
    `${NAMED_BY_AWS}: of an API, a plan and a key. permissions_boundary_arn limits it where an account holds other APIs.`,
  ),
  statement(
    "services",
    "ChangeApisPolicies",
    `${NAMED_BY_AWS}: of an API. It says who may call one, and permissions_boundary_arn limits it where an account holds other APIs.`,
  ),
  statement(
    "services",
    "ChangeDistributions",
    `${NAMED_BY_AWS}: of a distribution. permissions_boundary_arn limits it where an account holds other distributions.`,
  ),
  statement(
    "read",
    "ReadFirewall",
    `${NAMED_BY_AWS}: of an API, whose stage's firewall is asked for. It is read alone.`,
  ),
  statement("services", "ChangeFirewall", `${NAMED_BY_AWS}: of an API. The firewall is named by the deployment.`),
  statement(
    "services",
    "GuardStages",
    `${NAMED_BY_AWS}: of an API. It puts a firewall before a stage, or takes it away, and nothing else.`,
  ),
  statement("services", "DeliverFirewallLog", "These actions take no resource. They let the firewall write its log."),
];

/**
 * What the stacks do not meet on purpose: demands of scanners that conflict with the design, and rules of our own where
 * nothing can be done. Users add theirs in `audit.json`.
 */
export const SUPPRESSIONS: readonly Suppression[] = [...FUNCTIONS, ...API, ...STORES, ...ALARMS, ...EDGE, ...PIPELINES];
