import { audit, rowsWith, type AuditRow } from "../../../../scripts/judges/audit/audit";
import { withoutIndexes, type StackSources } from "../../../../scripts/judges/audit/plan-json";
import { RULES } from "../../../../scripts/judges/audit/rules";
import { SUPPRESSIONS } from "../../../../scripts/judges/audit/suppressions";
import { suppresses } from "../../../../scripts/judges/audit/suppression";
import { PLAN_NAMES, auditedFixture, type PlanName } from "../../../support/audited-plan";
import { writeAuditedPlans } from "../../../support/write-audited-plans";

/**
 * The plans of the stacks, as terraform made them, and each of them broken in one thing: the rule that is about it says so, and no
 * other. UPDATE_AUDIT_PLANS=1 has terraform make them anew; without it emulator/lifecycle.test audits what terraform makes now.
 */
if (process.env["UPDATE_AUDIT_PLANS"] === "1") beforeAll(writeAuditedPlans, 600_000);

type Json = { [name: string]: unknown };
type Change = Json & { after: Json; after_unknown: Json };

/** A plan to be broken. */
class Broken {
  private readonly plan: { resource_changes: (Json & { address: string; change: Change })[]; variables: Json; configuration: { root_module: { resources: (Json & { address: string; expressions: Json })[] } } };
  private readonly sources: { locals: Json; resource: Json };

  constructor(readonly name: PlanName) {
    const { plan, sources } = auditedFixture(name);
    this.plan = plan as unknown as Broken["plan"];
    this.sources = sources as unknown as Broken["sources"];
  }

  /** Gives an attribute another value, known when planning; null takes it away. Inside a block: `settings.0.caching_enabled`. */
  set(address: string, path: string, value: unknown): this {
    const { change } = this.plan.resource_changes.find((each) => each.address === address) ?? refuse(`The plan ${this.name} has no ${address}`);
    const configured = this.plan.configuration.root_module.resources.find((each) => each.address === withoutIndexes(address))?.expressions ?? {};
    const steps = path.split(".");
    put(change.after, steps, value);
    take(change.after_unknown, steps);
    take(configured, steps);
    return this;
  }

  remove(address: string): this {
    this.plan.resource_changes = this.plan.resource_changes.filter((each) => each.address !== address);
    return this;
  }

  add(address: string, after: Json, expressions: Json = {}): this {
    const change = { actions: ["create"], before: null, after, after_unknown: Object.fromEntries(Object.keys(expressions).map((name) => [name, true])) };
    this.plan.resource_changes.push({ address, type: address.split(".")[0], mode: "managed", change });
    this.plan.configuration.root_module.resources.push({ address, expressions });
    return this;
  }

  /** Changes a place in a local of the stack's sources; null takes it away. */
  local(name: string, steps: readonly string[], value: unknown): this {
    put(this.sources.locals, [name, ...steps], value);
    return this;
  }

  /** Changes the statements of a policy that is a local. */
  statements(name: string, change: (statements: readonly object[]) => readonly object[]): this {
    const { Statement } = this.sources.locals[name] as { Statement: readonly object[] };
    return this.local(name, ["Statement"], change(Statement));
  }

  withoutLifecycles(type: string): this {
    delete this.sources.resource[type];
    return this;
  }

  variable(name: string, value: unknown): this {
    this.plan.variables[name] = { value };
    return this;
  }

  rows(): readonly AuditRow[] {
    return audit(this.plan, { sources: this.sources as StackSources }).rows;
  }
}

function refuse(message: string): never {
  throw new Error(message);
}

function put(value: Json, [first = "", ...rest]: readonly string[], given: unknown): void {
  if (rest.length > 0) put((value[first] ??= /^\d+$/.test(rest[0]!) ? [] : {}) as Json, rest, given);
  else if (given === null) delete value[first];
  else value[first] = given;
}
function take(value: Json, [first = "", ...rest]: readonly string[]): void {
  const inside = value[first];
  if (rest.length > 0 && typeof inside === "object" && inside !== null) take(inside as Json, rest);
  else delete value[first];
}
const leads = (to: string) => ({ constant_value: `\${${to}}`, references: [to, to.split(".").slice(0, 2).join(".")] });

const on = (name: PlanName) => new Broken(name);
const set = (address: string, path: string, value: unknown = null) => on("agent-api").set(address, path, value);
const edge = (path: string, value: unknown = null) => on("agent-api-edge").set("aws_cloudfront_distribution.edge_distribution[0]", path, value);
const api = (steps: readonly string[], value: unknown) => on("agent-api").local("rest_openapi", steps, value);
const status = (name: string, value: unknown) => api(["paths", "/api/v1/status/{request_id}", "get", "x-amazon-apigateway-integration", name], value);
const statement = (local: string, given: object) => on("agent-api").statements(local, (statements) => [...statements, { Sid: "Broken", Effect: "Allow", ...given }]);
const METHOD = "aws_api_gateway_method_settings.live_status_method";
const EVERYWHERE = "aws_api_gateway_method_settings.live_every_method";
const STAGE = "aws_api_gateway_stage.live_stage";
const TABLE = "aws_dynamodb_table.store_requests";
const QUEUE = "aws_sqs_queue.work_queue";
const FUNCTION = "aws_lambda_function.worker_function";
const MAPPING = "aws_lambda_event_source_mapping.work_delivery";
const TOPIC = "aws_sns_topic.alarm_topic[0]";

/** By rule: the one thing that is broken. */
const BREAKS: Readonly<Record<string, () => Broken>> = {
  "access-log-keeps-secrets-out": () => set(STAGE, "access_log_settings.0.format", '{"path":"$context.path"}'),
  "alarm-calls-somebody": () => set("aws_cloudwatch_metric_alarm.alarm_worker_errors[0]", "alarm_actions"),
  "alarm-says-what-silence-means": () => set("aws_cloudwatch_metric_alarm.alarm_worker_errors[0]", "treat_missing_data"),
  "asynchronous-events-expire": () => set("aws_lambda_function_event_invoke_config.api_live_events", "maximum_event_age_in_seconds"),
  "bucket-forgets": () => set("aws_s3_bucket_lifecycle_configuration.store_results_lifecycle", "rule.0.abort_incomplete_multipart_upload"),
  "bucket-has-no-access-lists": () => on("state").set("aws_s3_bucket_ownership_controls.state_ownership", "rule.0.object_ownership", "ObjectWriter"),
  "bucket-is-encrypted": () => set("aws_s3_bucket_server_side_encryption_configuration.store_results_encryption", "rule.0.apply_server_side_encryption_by_default.0.sse_algorithm"),
  "bucket-is-not-public": () => set("aws_s3_bucket_public_access_block.store_results_public_access", "block_public_policy", false),
  "bucket-keeps-versions": () => on("state").set("aws_s3_bucket_versioning.state_versioning", "versioning_configuration.0.status", "Suspended"),
  "bucket-policy-names-callers": () => statement("store_results_tls_only", { Action: "s3:GetObject", Resource: "*", Principal: "*" }),
  "bucket-takes-tls-only": () => on("state").statements("state_tls_only", () => []),
  "cache-is-emptied-on-authority": () => set(METHOD, "settings.0.require_authorization_for_cache_control", false),
  "cache-is-keyed-by-caller": () => status("cacheKeyParameters", ["method.request.path.request_id"]),
  "cached-answers-are-encrypted": () => set(METHOD, "settings.0.cache_data_encrypted", false),
  "data-trace-is-off": () => set(EVERYWHERE, "settings.0.data_trace_enabled", true),
  "distribution-is-on": () => edge("enabled", false),
  "edge-keeps-callers-apart": () => edge("ordered_cache_behavior.0.forwarded_values.0.headers", ["Authorization"]),
  "every-method-is-throttled": () => set(METHOD, "settings.0.throttling_rate_limit", -1),
  "failed-events-are-kept-or-given-up": () => set("aws_cloudwatch_event_target.sweep_target", "retry_policy"),
  "function-environment-holds-no-secret": () => set("aws_lambda_function.api_function", "environment.0.variables", { GITHUB: `ghp_${"a1".repeat(18)}` }),
  "function-runs-the-package": () => set(FUNCTION, "source_code_hash", "of the zip").set(FUNCTION, "code_sha256", "of another one"),
  "function-is-traced": () => set(FUNCTION, "tracing_config.0.mode", "PassThrough"),
  "function-memory-and-time-are-chosen": () => set(FUNCTION, "memory_size"),
  "function-permission-has-a-source": () => set("aws_lambda_permission.rest_permission", "source_arn"),
  "function-permission-names-its-caller": () => set("aws_lambda_permission.rest_permission", "principal", "*"),
  "function-runtime-is-supported": () => set(FUNCTION, "runtime", "nodejs18.x"),
  "gateway-responses-leak-nothing": () => api(["x-amazon-apigateway-gateway-responses", "DEFAULT_5XX", "responseTemplates", "application/json"], "$context.integrationErrorMessage"),
  "log-group-has-an-end": () => set("aws_cloudwatch_log_group.live_access_log", "retention_in_days", 0),
  "mapping-reports-partial-failures": () => set(MAPPING, "function_response_types"),
  "method-needs-a-caller": () => on("agent-api").variable("authorization", "none"),
  "origin-is-asked-over-tls": () => edge("origin.0.custom_origin_config.0.origin_protocol_policy", "match-viewer"),
  "other-content-types-are-refused": () => status("passthroughBehavior", null),
  "passed-roles-are-limited": () => statement("api_statements", { Action: "iam:PassRole", Resource: "arn:aws:iam::1:role/x" }),
  "pipeline-role-is-limited": () => on("pipeline-access").variable("github_repository", "octo-org/*"),
  "policy-names-actions": () => statement("api_statements", { Action: "s3:*", Resource: "arn:aws:s3:::b/x" }),
  "policy-names-resources": () => statement("api_statements", { Action: "s3:GetObject", Resource: "*" }),
  "queue-has-a-dead-letter-queue": () => on("agent-api").remove("aws_sqs_queue_redrive_policy.work_redrive"),
  "queue-is-encrypted": () => set(QUEUE, "sqs_managed_sse_enabled"),
  "private-api-names-its-endpoints": () => on("agent-api").set("aws_api_gateway_rest_api.rest_api", "endpoint_configuration.0.types", ["PRIVATE"]).set("aws_api_gateway_rest_api.rest_api", "policy", JSON.stringify({ Statement: [{ Effect: "Allow", Principal: "*", Action: "execute-api:Invoke" }] })),
  "queue-is-not-public": () => set(QUEUE, "policy", JSON.stringify({ Statement: [{ Effect: "Allow", Principal: "*", Action: "sqs:SendMessage" }, { Effect: "Deny", Principal: "*", Action: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } }] })),
  "queue-key-can-be-granted": () => set(QUEUE, "kms_master_key_id", "alias/aws/sqs"),
  "queue-takes-tls-only": () => set(QUEUE, "policy"),
  "queue-visibility-covers-its-function": () => set(QUEUE, "visibility_timeout_seconds", 900),
  "redrive-gives-five-tries": () => on("agent-api").local("work_redrive_policy", ["maxReceiveCount"], 2),
  "replacement-comes-first": () => on("agent-api").withoutLifecycles("aws_api_gateway_deployment"),
  "requests-are-validated": () => api(["x-amazon-apigateway-request-validators", "body_and_parameters", "validateRequestBody"], false),
  "role-is-no-administrator": () => on("pipeline-access").set("aws_iam_role_policy_attachment.github_plan_read[0]", "policy_arn", "arn:aws:iam::1:policy/AdministratorAccess"),
  "role-names-who-may-take-it": () => set("aws_iam_role.api_role", "assume_role_policy", JSON.stringify({ Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: "*" } }] })),
  "stage-caches-nothing-unasked": () => set(EVERYWHERE, "settings.0.caching_enabled", null),
  "stage-has-an-access-log": () => set(STAGE, "access_log_settings"),
  "stage-is-traced": () => set(STAGE, "xray_tracing_enabled", false),
  "stage-logs-errors": () => set(EVERYWHERE, "settings.0.logging_level", "OFF"),
  "table-can-be-restored": () => set(TABLE, "point_in_time_recovery"),
  "table-is-protected-from-deletion": () => set(TABLE, "deletion_protection_enabled", false),
  "table-scales-by-itself": () => set(TABLE, "billing_mode", "PROVISIONED"),
  "topic-has-a-subscriber": () => on("agent-api-edge").remove("aws_sns_topic_subscription.alarm_email[0]"),
  "topic-is-not-public": () => statement("alarm_publishers", { Action: "sns:Subscribe", Resource: "*", Principal: { AWS: "*" } }),
  "topic-takes-alarms": () => on("agent-api").statements("alarm_publishers", (all) => all.slice(1)),
  "topic-takes-tls-only": () => on("agent-api").statements("alarm_publishers", (all) => all.slice(0, -1)),
  "usage-plan-has-a-quota": () => on("agent-api").add("aws_api_gateway_usage_plan.x", { throttle_settings: [{ rate_limit: 1 }] }),
  "viewers-use-https": () => edge("default_cache_behavior.0.viewer_protocol_policy", "allow-all"),
  "viewers-use-tls-1-2": () => edge("viewer_certificate.0.minimum_protocol_version", "TLSv1"),
};

/** Demands that the stacks do not meet on purpose: what would meet them, at one resource. */
const MENDS: Readonly<Record<string, () => Broken>> = {
  "bucket-has-a-customer-key": () => set("aws_s3_bucket_server_side_encryption_configuration.store_results_encryption", "rule.0.apply_server_side_encryption_by_default.0.kms_master_key_id", "arn:k"),
  "bucket-is-replicated": () => on("agent-api").add("aws_s3_bucket_replication_configuration.x", { rule: [{ status: "Enabled" }] }, { bucket: leads("aws_s3_bucket.store_results.id") }),
  "bucket-logs-access": () => on("agent-api").add("aws_s3_bucket_logging.x", {}, { bucket: leads("aws_s3_bucket.store_results.id") }),
  "bucket-tells-of-changes": () => on("agent-api").add("aws_s3_bucket_notification.x", {}, { bucket: leads("aws_s3_bucket.store_results.id") }),
  "distribution-has-a-root-object": () => edge("default_root_object", "index.html"),
  "distribution-has-a-second-origin": () => edge("origin_group", [{ member: [{ origin_id: "a" }, { origin_id: "b" }] }]),
  "distribution-is-behind-a-firewall": () => edge("web_acl_id", "arn:w"),
  "distribution-is-for-some-countries": () => edge("restrictions.0.geo_restriction.0.restriction_type", "whitelist"),
  "distribution-logs-access": () => edge("logging_config", [{ bucket: "b" }]),
  "distribution-sets-headers": () => edge("default_cache_behavior.0.response_headers_policy_id", "p"),
  "every-method-is-cached": () => set(EVERYWHERE, "settings.0.caching_enabled", true),
  "function-code-is-signed": () => set(FUNCTION, "code_signing_config_arn", "arn:c"),
  "function-concurrency-is-limited": () => set("aws_lambda_function.api_function", "reserved_concurrent_executions", 10),
  "function-environment-has-a-customer-key": () => set(FUNCTION, "kms_key_arn", "arn:k"),
  "function-has-a-dead-letter-queue": () => set(FUNCTION, "dead_letter_config", [{ target_arn: "arn:q" }]),
  "function-is-in-a-network": () => set(FUNCTION, "vpc_config", [{ subnet_ids: ["s"] }]),
  "log-group-has-a-customer-key": () => set("aws_cloudwatch_log_group.live_access_log", "kms_key_id", "arn:k"),
  "log-group-is-kept-a-year": () => set("aws_cloudwatch_log_group.live_access_log", "retention_in_days", 365),
  "mapping-concurrency-is-limited": () => set("aws_lambda_event_source_mapping.work_failures", "scaling_config", [{ maximum_concurrency: 2 }]),
  "methods-are-measured": () => set(EVERYWHERE, "settings.0.metrics_enabled", true),
  "role-policies-are-own": () => on("agent-api-edge").set("aws_iam_role_policy_attachment.account_logging_policy[0]", "policy_arn", "arn:aws:iam::1:policy/x"),
  "stage-has-a-client-certificate": () => set(STAGE, "client_certificate_id", "c"),
  "stage-is-behind-a-firewall": () => on("agent-api").add("aws_wafv2_web_acl_association.x", {}, { resource_arn: leads(`${STAGE}.arn`) }),
  "table-has-a-customer-key": () => set(TABLE, "server_side_encryption.0.kms_key_arn", "arn:k"),
  "topic-has-a-customer-key": () => set(TOPIC, "kms_master_key_id", "alias/aws/sns"),
};

/** What no stack makes by itself; rules.test has them. */
const NOT_MADE = ["firewall-reads-whole-bodies", "function-url-is-authorized", "key-is-not-public", "key-is-on", "key-rotates"];

const fails = ({ outcome }: AuditRow) => outcome === "fail" || outcome === "suppressed";
const key = ({ rule, address, part }: AuditRow) => `${rule} ${address} ${part ?? ""}`;
const failing = (rows: readonly AuditRow[]) => new Map(rows.filter(fails).map((row) => [key(row), row]));
const unbroken = new Map<PlanName, ReturnType<typeof failing>>();
/** What fails or is suppressed in a plan as it is. */
function before(name: PlanName): ReturnType<typeof failing> {
  if (!unbroken.has(name)) unbroken.set(name, failing(on(name).rows()));
  return unbroken.get(name)!;
}

describe("the plans of the stacks", () => {
  test.each(PLAN_NAMES)("%s: nothing fails, and nothing is unknown", (name) => {
    const { plan, sources } = auditedFixture(name);
    const report = audit(plan, { sources, today: "2026-11-21" });
    expect([...rowsWith(report, "fail"), ...rowsWith(report, "unknown")]).toEqual([]);
    expect(report.good).toBe(true);
    expect(rowsWith(report, "pass").length).toBeGreaterThan(9);
  });

  test("without the sources of the stack some things are unknown, and still nothing fails", () => {
    const { plan } = auditedFixture("agent-api");
    const report = audit(plan);
    expect(rowsWith(report, "fail")).toEqual([]);
    expect(rowsWith(report, "unknown").map(({ rule }) => rule)).toEqual(expect.arrayContaining(["cache-is-keyed-by-caller", "policy-names-resources", "topic-takes-alarms"]));
  });

  test("every decision of ours hides something in one of them: none is stale", () => {
    const rows = PLAN_NAMES.flatMap((name) => [...before(name).values()]);
    expect(SUPPRESSIONS.filter((suppression) => !rows.some((row) => suppresses(suppression, row)))).toEqual([]);
  });
});

test("every rule is broken, mended, or about what no stack makes", () => {
  expect([...Object.keys(BREAKS), ...Object.keys(MENDS), ...NOT_MADE].sort()).toEqual(RULES.map(({ id }) => id));
  const made = new Set(PLAN_NAMES.flatMap((name) => (auditedFixture(name).plan.resource_changes ?? []).map(({ type }) => type)));
  expect(RULES.filter(({ id, types }) => NOT_MADE.includes(id) && types.some((type) => made.has(type)))).toEqual([]);
});

test.each(Object.entries(BREAKS))("broken in one thing, %s fails, and no other rule", (id, make) => {
  const broken = make();
  const now = failing(broken.rows());
  const anew = [...now].filter(([place]) => !before(broken.name).has(place)).map(([, row]) => row);
  expect([...new Set(anew.map(({ rule }) => rule))]).toEqual([id]);
  expect(anew.every(({ text }) => /allowed|alarm arrives|call nobody|another's|any project/.test(text))).toBe(true);
});

test.each(["iam", "api_key", "jwt", "none"])("whatever authorization is, here %s, a poll's answer is kept by caller where there is one", (authorization) => {
  const judged = (broken: Broken) => broken.variable("authorization", authorization).rows().filter(({ rule }) => rule === "cache-is-keyed-by-caller").map(({ outcome }) => outcome);
  expect(judged(on("agent-api"))).toEqual(["pass"]);
  expect(judged(status("cacheKeyParameters", ["method.request.path.request_id"]))).toEqual([authorization === "none" ? "pass" : "fail"]);
});

test.each(Object.entries(MENDS))("mended at one place, %s fails there no more", (id, make) => {
  const mended = make();
  const now = failing(mended.rows());
  const gone = [...before(mended.name)].filter(([place]) => !now.has(place)).map(([, row]) => row.rule);
  expect(gone).toContain(id);
});

test.each([["dev", "suppressed"], ["test", "suppressed"], ["prod", "fail"], ["staging", "fail"], [undefined, "fail"]])("alarms that call nobody: environment %s is %s, because somebody counts on any that is no trial", (environment, outcome) => {
  const { plan, sources } = auditedFixture("agent-api");
  const variables = { ...plan.variables, environment: { value: environment } };
  const { rows, good } = audit({ ...plan, variables: environment === undefined ? {} : variables }, { sources });
  expect(rows.filter(({ rule }) => rule === "topic-has-a-subscriber").map((row) => row.outcome)).toEqual([outcome]);
  if (environment !== undefined) expect(good).toBe(outcome === "suppressed");
});
