import { audit, type AuditInput } from "../../../scripts/review/audit-report";
import { RULES } from "../../../scripts/review/rules";
import {
  DENY_HTTP,
  allow,
  comesFirst,
  later,
  planOf,
  policy,
  resource as r,
  to,
  type SmallResource,
} from "./small-plans";

/** A plan in which a rule passes, one in which it fails, with what it then says, and one in which nobody can tell. */
interface Case {
  readonly pass: readonly SmallResource[];
  readonly fail: readonly SmallResource[];
  readonly says: RegExp;
  readonly unknown?: readonly SmallResource[];
  /** Sources of the passing and of the failing plan. */
  readonly sources?: AuditInput["sources"];
}

/** A rule that looks at one attribute. */
function one(address: string, good: object, bad: object, says: RegExp, unclear?: object): Case {
  const of = (attributes: object) => [r(address, attributes as Record<string, unknown>)];
  return { pass: of(good), fail: of(bad), says, ...(unclear && { unknown: of(unclear) }) };
}

const BUCKET = r("aws_s3_bucket.b");
const beside = (type: string, attributes: object) => [
  BUCKET,
  r(`${type}.x`, { bucket: to("aws_s3_bucket.b.id"), ...attributes }),
];
/** A rule about what stands beside a bucket: without it, it fails. */
const besideBucket = (type: string, attributes: object = {}): Case => ({
  pass: beside(type, attributes),
  fail: [BUCKET],
  says: new RegExp(`^No ${type} leads to aws_s3_bucket.b; allowed: one`),
  unknown: [BUCKET, r(`${type}.x`, { bucket: later })],
});
const bucketPolicy = (...statements: object[]) => beside("aws_s3_bucket_policy", { policy: policy(...statements) });

const IN_API = { rest_api_id: to("aws_api_gateway_rest_api.a.id") };
const SECURED = { security: [{ sigv4: [] }] };
const INTEGRATION = { "x-amazon-apigateway-integration": { passthroughBehavior: "never" } };
const api = (operation: object, document: object = {}) =>
  r("aws_api_gateway_rest_api.a", { body: JSON.stringify({ paths: { "/x/{id}": { get: operation } }, ...document }) });
const apiLater = [r("aws_api_gateway_rest_api.a", { body: later })];
const VALIDATED = {
  "x-amazon-apigateway-request-validator": "v",
  "x-amazon-apigateway-request-validators": { v: { validateRequestBody: true, validateRequestParameters: true } },
};
const STAGE = r("aws_api_gateway_stage.s", { stage_name: "live", cache_cluster_enabled: true });
const settings = (given: object, path = "*/*") =>
  r("aws_api_gateway_method_settings.m", { ...IN_API, stage_name: "live", method_path: path, settings: [given] });
const stage = (good: object, bad: object, says: RegExp): Case => ({
  pass: [STAGE, settings(good)],
  fail: [STAGE, settings(bad)],
  says,
});
const CACHED = { caching_enabled: true };
const KEYED = {
  sigv4: { in: "header", name: "Authorization", "x-amazon-apigateway-authtype": "awsSigv4" },
  api_key: { in: "header", name: "x-api-key" },
};
const cached = (
  key: readonly string[],
  security: readonly object[] = [{ sigv4: [] }],
  mapped: object = { "integration.request.header.caller": "context.identity.caller" },
) => [
  api(
    { security, "x-amazon-apigateway-integration": { cacheKeyParameters: key, requestParameters: mapped } },
    { components: { securitySchemes: KEYED } },
  ),
  settings(CACHED, "~1x~1{id}/GET"),
];

const ALARM = r("aws_cloudwatch_metric_alarm.a", { alarm_name: "a", alarm_actions: [to("aws_sns_topic.t.arn")] });
const PUBLISHES = allow("sns:Publish", {
  Principal: { Service: "cloudwatch.amazonaws.com" },
  Condition: { StringEquals: { a: "b" } },
});
const topicPolicy = (...statements: object[]) =>
  r("aws_sns_topic_policy.p", { arn: to("aws_sns_topic.t.arn"), policy: policy(...statements) });
const TOPIC = r("aws_sns_topic.t");
const topicPolicyLater = r("aws_sns_topic_policy.p", { arn: to("aws_sns_topic.t.arn"), policy: later });
const queuePolicy = (...statements: object[]) => [r("aws_sqs_queue.q", { policy: policy(...statements) })];
const QUEUE_LATER = [r("aws_sqs_queue.q", { policy: later })];
const rolePolicy = (...statements: object[]) => [r("aws_iam_role_policy.p", { policy: policy(...statements) })];
const POLICY_LATER = [r("aws_iam_role_policy.p", { policy: later })];
const trust = (...statements: object[]) => [r("aws_iam_role.r", { assume_role_policy: policy(...statements) })];
const TRUST_LATER = [r("aws_iam_role.r", { assume_role_policy: later })];
const token = (sub?: string) =>
  allow("sts:AssumeRoleWithWebIdentity", {
    Principal: { Federated: "arn:p" },
    Condition: {
      StringEquals: {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        ...(sub && { "token.actions.githubusercontent.com:sub": sub }),
      },
    },
  });

const OWN_POLICY = [
  r("aws_iam_policy.p"),
  r("aws_iam_role_policy_attachment.a", { policy_arn: to("aws_iam_policy.p.arn") }),
];

const FUNCTION = r("aws_lambda_function.f", { timeout: 10 });
const ALIAS = r("aws_lambda_alias.l", { function_name: to("aws_lambda_function.f.function_name") });
const mapping = (given: object = {}) =>
  r("aws_lambda_event_source_mapping.m", {
    event_source_arn: to("aws_sqs_queue.q.arn"),
    function_name: to("aws_lambda_alias.l.arn"),
    ...given,
  });
const mapped = (good: object, bad: object, says: RegExp): Case => ({
  pass: [r("aws_sqs_queue.q"), mapping(good)],
  fail: [r("aws_sqs_queue.q"), mapping(bad)],
  says,
});
const visible = (visibility: unknown) => [
  r("aws_sqs_queue.q", { visibility_timeout_seconds: visibility }),
  FUNCTION,
  ALIAS,
  mapping({ maximum_batching_window_in_seconds: 5 }),
];
const redriven = (count: unknown) => [
  r("aws_sqs_queue.q", {
    redrive_policy: JSON.stringify({ deadLetterTargetArn: "arn:aws:sqs:x:1:d", maxReceiveCount: count }),
  }),
];
const redriveLater = [
  r("aws_sqs_queue.q"),
  r("aws_sqs_queue_redrive_policy.r", { queue_url: to("aws_sqs_queue.q.id"), redrive_policy: later }),
];

const D = "aws_cloudfront_distribution.d";
const behavior = (given: object) => ({ default_cache_behavior: [given] });
const origin = (protocol: string, ssl: string) => ({
  origin: [
    { origin_id: "o", custom_origin_config: [{ origin_protocol_policy: protocol, origin_ssl_protocols: [ssl] }] },
  ],
});

const acl = (oversize: string) => [
  r("aws_wafv2_web_acl.w", {
    rule: [
      {
        name: "length",
        statement: [{ size_constraint_statement: [{ field_to_match: [{ body: [{ oversize_handling: oversize }] }] }] }],
      },
    ],
  }),
];

const NOT_OURS = {
  Effect: "Deny",
  Principal: "*",
  Action: "execute-api:Invoke",
  Resource: "*",
  Condition: { StringNotEquals: { "aws:SourceVpce": ["vpce-0a"] } },
};
const privateApi = (document: unknown) => [
  r("aws_api_gateway_rest_api.a", { endpoint_configuration: [{ types: ["PRIVATE"] }], policy: document }),
];

const CASES: Readonly<Record<string, Case>> = {
  "access-log-keeps-secrets-out": one(
    "aws_api_gateway_stage.s",
    { access_log_settings: [{ format: "$context.resourcePath" }] },
    { access_log_settings: [{ format: '{"p":"$context.path"}' }] },
    /holds \$context\.path; allowed/,
    { access_log_settings: [{ format: later }] },
  ),
  "alarm-calls-somebody": {
    pass: [ALARM],
    fail: [r("aws_cloudwatch_metric_alarm.a", { alarm_name: "a" })],
    says: /^alarm_actions is not given; allowed: the ARN of a topic/,
  },
  "alarm-says-what-silence-means": one(
    "aws_cloudwatch_metric_alarm.a",
    { treat_missing_data: "breaching" },
    {},
    /^treat_missing_data is not given/,
  ),
  "asynchronous-events-expire": one(
    "aws_lambda_function_event_invoke_config.c",
    { maximum_event_age_in_seconds: 60 },
    {},
    /^maximum_event_age_in_seconds is not given/,
    { maximum_event_age_in_seconds: later },
  ),
  "bucket-forgets": {
    ...besideBucket("aws_s3_bucket_lifecycle_configuration", {
      rule: [{ status: "Enabled", abort_incomplete_multipart_upload: [{ days_after_initiation: 1 }] }],
    }),
  },
  "bucket-has-a-customer-key": {
    ...besideBucket("aws_s3_bucket_server_side_encryption_configuration", {
      rule: [{ apply_server_side_encryption_by_default: [{ kms_master_key_id: "arn:k" }] }],
    }),
  },
  "bucket-has-no-access-lists": {
    pass: beside("aws_s3_bucket_ownership_controls", { rule: [{ object_ownership: "BucketOwnerEnforced" }] }),
    fail: beside("aws_s3_bucket_acl", {}),
    says: /^aws_s3_bucket_acl\.x gives the bucket an access control list/,
  },
  "bucket-is-encrypted": besideBucket("aws_s3_bucket_server_side_encryption_configuration", {
    rule: [{ apply_server_side_encryption_by_default: [{ sse_algorithm: "AES256" }] }],
  }),
  "bucket-is-not-public": {
    ...besideBucket("aws_s3_bucket_public_access_block", {
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    }),
  },
  "bucket-is-replicated": besideBucket("aws_s3_bucket_replication_configuration", { rule: [{ status: "Enabled" }] }),
  "bucket-keeps-versions": besideBucket("aws_s3_bucket_versioning", {
    versioning_configuration: [{ status: "Enabled" }],
  }),
  "bucket-logs-access": besideBucket("aws_s3_bucket_logging"),
  "bucket-policy-names-callers": {
    pass: bucketPolicy(DENY_HTTP),
    fail: bucketPolicy(allow("s3:GetObject", { Principal: "*" })),
    says: /allows s3:GetObject to anybody/,
    unknown: beside("aws_s3_bucket_policy", { policy: later }),
  },
  "bucket-takes-tls-only": {
    pass: bucketPolicy(DENY_HTTP),
    fail: bucketPolicy(),
    says: /does not deny calls with aws:SecureTransport false/,
    unknown: beside("aws_s3_bucket_policy", { policy: later }),
  },
  "bucket-tells-of-changes": besideBucket("aws_s3_bucket_notification"),
  "cache-is-emptied-on-authority": one(
    "aws_api_gateway_method_settings.m",
    { settings: [{ ...CACHED, require_authorization_for_cache_control: true }] },
    { settings: [CACHED] },
    /^settings\[0\]\.require_authorization_for_cache_control is not given/,
  ),
  "cache-is-keyed-by-caller": {
    pass: cached(["method.request.path.id", "integration.request.header.caller"]),
    fail: cached(["method.request.path.id"]),
    says: /callers by sigv4 are not told apart: one caller would get another's answer/,
    unknown: [...apiLater, settings(CACHED, "~1x~1{id}/GET")],
  },
  "cached-answers-are-encrypted": one(
    "aws_api_gateway_method_settings.m",
    { settings: [{ ...CACHED, cache_data_encrypted: true }] },
    { settings: [{ ...CACHED, cache_data_encrypted: false }] },
    /^settings\[0\]\.cache_data_encrypted is false; allowed: true/,
  ),
  "data-trace-is-off": one(
    "aws_api_gateway_method_settings.m",
    { settings: [{}] },
    { settings: [{ data_trace_enabled: true }] },
    /data_trace_enabled is true; allowed: false/,
  ),
  "distribution-has-a-root-object": one(
    D,
    { default_root_object: "index.html" },
    {},
    /^default_root_object is not given/,
  ),
  "distribution-has-a-second-origin": one(
    D,
    { origin_group: [{ member: [{ origin_id: "a" }, { origin_id: "b" }] }] },
    {},
    /^origin_group\[0\]\.member\[1\] is not given/,
  ),
  "distribution-is-behind-a-firewall": one(D, { web_acl_id: "arn:w" }, {}, /^web_acl_id is not given/),
  "distribution-is-for-some-countries": one(
    D,
    { restrictions: [{ geo_restriction: [{ restriction_type: "whitelist" }] }] },
    { restrictions: [{ geo_restriction: [{ restriction_type: "none" }] }] },
    /restriction_type is "none"/,
  ),
  "distribution-is-on": one(D, { enabled: true }, { enabled: false }, /^enabled is false; allowed: true/),
  "distribution-logs-access": one(
    D,
    { logging_config: [{ bucket: "b" }] },
    {},
    /^logging_config\[0\]\.bucket is not given/,
  ),
  "distribution-sets-headers": one(
    D,
    behavior({ response_headers_policy_id: "p" }),
    behavior({}),
    /^response_headers_policy_id is not given/,
  ),
  "edge-keeps-callers-apart": one(
    D,
    behavior({ forwarded_values: [{ headers: ["Authorization", "X-Api-Key"] }] }),
    behavior({ max_ttl: 10, forwarded_values: [{ headers: ["Authorization"] }] }),
    /has no x-api-key, and max_ttl is 10: one caller would get another's answer/,
    behavior({ cache_policy_id: "own" }),
  ),
  "every-method-is-cached": one(
    "aws_api_gateway_method_settings.m",
    { settings: [CACHED] },
    { settings: [{ caching_enabled: false }] },
    /caching_enabled is false; allowed: true/,
  ),
  "every-method-is-throttled": stage(
    { throttling_rate_limit: 1, throttling_burst_limit: 1 },
    { throttling_rate_limit: -1, throttling_burst_limit: 1 },
    /throttling_rate_limit is -1; allowed: a number from 0 on/,
  ),
  "failed-events-are-kept-or-given-up": one(
    "aws_cloudwatch_event_target.t",
    { retry_policy: [{ maximum_retry_attempts: 0 }] },
    { retry_policy: [{ maximum_retry_attempts: 3 }] },
    /^dead_letter_config is not given and maximum_retry_attempts is 3/,
    { retry_policy: [{ maximum_retry_attempts: later }] },
  ),
  "firewall-reads-whole-bodies": {
    pass: acl("MATCH"),
    fail: acl("CONTINUE"),
    says: /^body\[0\]\.oversize_handling in aws_wafv2_web_acl\.w is "CONTINUE"/,
  },
  "function-code-is-signed": one(
    "aws_lambda_function.f",
    { code_signing_config_arn: to("aws_lambda_code_signing_config.c.arn") },
    {},
    /^code_signing_config_arn is not given/,
  ),
  "function-concurrency-is-limited": one(
    "aws_lambda_function.f",
    { reserved_concurrent_executions: 1 },
    { reserved_concurrent_executions: "-1" },
    /is "-1"; allowed/,
    { reserved_concurrent_executions: later },
  ),
  "function-environment-has-a-customer-key": one(
    "aws_lambda_function.f",
    { kms_key_arn: later },
    {},
    /^kms_key_arn is not given/,
  ),
  "function-environment-holds-no-secret": one(
    "aws_lambda_function.f",
    {
      environment: [
        { variables: { TABLE: "t", TOKEN: "arn:aws:secretsmanager:x:1:secret:t", DIGEST: "a".repeat(64) } },
      ],
    },
    { environment: [{ variables: { KEY: "AKIAIOSFODNN7EXAMPLE" } }] },
    /^environment\[0\]\.variables\.KEY looks like an AWS access key/,
    { environment: [{ variables: later }] },
  ),
  "function-has-a-dead-letter-queue": one(
    "aws_lambda_function.f",
    { dead_letter_config: [{ target_arn: "arn:q" }] },
    {},
    /^dead_letter_config\[0\]\.target_arn is not given/,
  ),
  "function-is-in-a-network": one(
    "aws_lambda_function.f",
    { vpc_config: [{ subnet_ids: ["s"] }] },
    { vpc_config: [] },
    /^vpc_config\[0\]\.subnet_ids is not given/,
  ),
  "function-runs-the-package": one(
    "aws_lambda_function.f",
    { source_code_hash: "a", code_sha256: "a" },
    { source_code_hash: "a", code_sha256: "b" },
    /^code_sha256 is "b"; allowed: source_code_hash, "a"/,
    { source_code_hash: later, code_sha256: "b" },
  ),
  "function-is-traced": one(
    "aws_lambda_function.f",
    { tracing_config: [{ mode: "Active" }] },
    { tracing_config: [{ mode: "PassThrough" }] },
    /mode is "PassThrough"; allowed: "Active"/,
    { tracing_config: [{ mode: later }] },
  ),
  "function-memory-and-time-are-chosen": one(
    "aws_lambda_function.f",
    { memory_size: 128, timeout: 3 },
    { memory_size: 256 },
    /^timeout is not given; allowed: a value of your own/,
  ),
  "function-permission-has-a-source": one(
    "aws_lambda_permission.p",
    { principal: "events.amazonaws.com", source_arn: later },
    { principal: "events.amazonaws.com" },
    /^source_arn and source_account are not given, and "events\.amazonaws\.com" calls for anybody/,
  ),
  "function-permission-names-its-caller": one(
    "aws_lambda_permission.p",
    { principal: "events.amazonaws.com" },
    { principal: "*" },
    /^principal is "\*"; allowed: a service or an account/,
  ),
  "function-runtime-is-supported": one(
    "aws_lambda_function.f",
    { runtime: "nodejs22.x" },
    { runtime: "nodejs18.x" },
    /^runtime is "nodejs18\.x"; allowed: nodejs22\.x,/,
    { runtime: later },
  ),
  "function-url-is-authorized": one(
    "aws_lambda_function_url.u",
    { authorization_type: "AWS_IAM" },
    { authorization_type: "NONE" },
    /^authorization_type is "NONE"; allowed: "AWS_IAM"/,
  ),
  "gateway-responses-leak-nothing": {
    pass: [api({}, { "x-amazon-apigateway-gateway-responses": { DEFAULT_4XX: {}, DEFAULT_5XX: {} } })],
    fail: [
      api(
        {},
        {
          "x-amazon-apigateway-gateway-responses": {
            DEFAULT_4XX: {},
            DEFAULT_5XX: { responseTemplates: { a: "$context.integrationErrorMessage" } },
          },
        },
      ),
    ],
    says: /^It holds \$context\.integrationErrorMessage; allowed: texts of your own/,
    unknown: apiLater,
  },
  "key-is-not-public": {
    pass: [r("aws_kms_key.k", { policy: policy(allow("kms:*", { Principal: { AWS: "arn:aws:iam::1:root" } })) })],
    fail: [r("aws_kms_key.k", { policy: policy(allow("kms:Decrypt", { Principal: "*" })) })],
    says: /^policy allows kms:Decrypt to anybody without a condition/,
    unknown: [r("aws_kms_key.k", { policy: later })],
  },
  "key-is-on": one("aws_kms_key.k", {}, { is_enabled: false }, /^is_enabled is false; allowed: true/),
  "key-rotates": one(
    "aws_kms_key.k",
    { enable_key_rotation: true },
    {},
    /^enable_key_rotation is not given; allowed: true/,
    { enable_key_rotation: later },
  ),
  "log-group-has-a-customer-key": one(
    "aws_cloudwatch_log_group.l",
    { kms_key_id: "arn:k" },
    {},
    /^kms_key_id is not given/,
  ),
  "log-group-has-an-end": one(
    "aws_cloudwatch_log_group.l",
    { retention_in_days: 7 },
    { retention_in_days: 0 },
    /^retention_in_days is 0; allowed: a number of days/,
  ),
  "log-group-is-kept-a-year": one(
    "aws_cloudwatch_log_group.l",
    { retention_in_days: 400 },
    { retention_in_days: 30 },
    /^retention_in_days is 30; allowed: from 365 on/,
    { retention_in_days: later },
  ),
  "mapping-concurrency-is-limited": mapped(
    { scaling_config: [{ maximum_concurrency: 2 }] },
    {},
    /^scaling_config\[0\]\.maximum_concurrency is not given/,
  ),
  "mapping-reports-partial-failures": mapped(
    { function_response_types: ["ReportBatchItemFailures"] },
    {},
    /^function_response_types is not given; allowed: \["ReportBatchItemFailures"\]/,
  ),
  "method-needs-a-caller": {
    pass: [api(SECURED)],
    fail: [api({ security: [] })],
    says: /^security is empty, so anybody may call/,
    unknown: apiLater,
  },
  "methods-are-measured": stage({ metrics_enabled: true }, {}, /metrics_enabled is not given; allowed: true/),
  "other-content-types-are-refused": {
    pass: [api(INTEGRATION)],
    fail: [api({ "x-amazon-apigateway-integration": { passthroughBehavior: "when_no_match" } })],
    says: /^passthroughBehavior is "when_no_match"; allowed: never/,
    unknown: apiLater,
  },
  "passed-roles-are-limited": {
    pass: rolePolicy(
      allow("iam:PassRole", {
        Resource: "arn:r",
        Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
      }),
    ),
    fail: rolePolicy(allow("iam:PassRole", { Resource: "arn:r" })),
    says: /^iam:PassRole is for arn:r, to any service/,
    unknown: POLICY_LATER,
  },
  "pipeline-role-is-limited": {
    pass: trust(token("repo:a/b:ref:refs/heads/main")),
    fail: trust(token("repo:a/*:pull_request")),
    says: /^The token's sub may be "repo:a\/\*:pull_request"; allowed: a whole project/,
    unknown: TRUST_LATER,
  },
  "policy-names-actions": {
    pass: rolePolicy(allow("s3:GetObject", { Resource: "arn:r" })),
    fail: rolePolicy(allow("s3:*", { Resource: "arn:r" })),
    says: /^Action is s3:\*; allowed: actions by name/,
    unknown: POLICY_LATER,
  },
  "policy-names-resources": {
    pass: rolePolicy(
      allow("xray:PutTraceSegments", { Resource: "*" }),
      allow("s3:GetObject", { Resource: "arn:aws:s3:::b/*" }),
    ),
    fail: rolePolicy(allow("s3:GetObject", { Resource: "*" })),
    says: /^Resource is \* for s3:GetObject; allowed: resources by name, a condition, or a suppression/,
    unknown: POLICY_LATER,
  },
  "private-api-names-its-endpoints": {
    pass: privateApi(policy(NOT_OURS)),
    fail: privateApi(policy(allow("execute-api:Invoke", { Principal: "*" }))),
    says: /^The API is private, and its policy does not deny calls through other endpoints/,
    unknown: privateApi(later),
  },
  "queue-has-a-dead-letter-queue": {
    pass: redriven(5),
    fail: [r("aws_sqs_queue.q")],
    says: /^redrive_policy is not given, and no queue sends its failures here/,
    unknown: redriveLater,
  },
  "queue-is-encrypted": one(
    "aws_sqs_queue.q",
    { sqs_managed_sse_enabled: true },
    { sqs_managed_sse_enabled: false },
    /^sqs_managed_sse_enabled is false and kms_master_key_id is not given/,
  ),
  "queue-is-not-public": {
    pass: queuePolicy(DENY_HTTP),
    fail: queuePolicy(allow("sqs:SendMessage", { Principal: "*" })),
    says: /allows sqs:SendMessage to \* without a condition/,
    unknown: QUEUE_LATER,
  },
  "queue-key-can-be-granted": one(
    "aws_sqs_queue.q",
    {},
    { kms_master_key_id: "alias/aws/sqs" },
    /^kms_master_key_id is "alias\/aws\/sqs"; allowed: a key of your own/,
    { kms_master_key_id: later },
  ),
  "queue-takes-tls-only": {
    pass: queuePolicy(DENY_HTTP),
    fail: [r("aws_sqs_queue.q")],
    says: /does not deny calls with aws:SecureTransport false/,
    unknown: QUEUE_LATER,
  },
  "queue-visibility-covers-its-function": {
    pass: visible(65),
    fail: visible(64),
    says: /^visibility_timeout_seconds of aws_sqs_queue\.q is 64; allowed: from 65 s on, six times the 10 s/,
    unknown: visible(later),
  },
  "redrive-gives-five-tries": {
    pass: redriven(5),
    fail: redriven(4),
    says: /maxReceiveCount 4; allowed: from 5 on/,
    unknown: redriveLater,
  },
  "replacement-comes-first": {
    pass: [r("aws_api_gateway_deployment.d")],
    fail: [r("aws_api_gateway_deployment.other")],
    says: /^lifecycle\.create_before_destroy is not given; allowed: true/,
    sources: comesFirst("aws_api_gateway_deployment.d"),
  },
  "requests-are-validated": {
    pass: [api({}, VALIDATED)],
    fail: [api({})],
    says: /^x-amazon-apigateway-request-validator is not given/,
    unknown: apiLater,
  },
  "role-is-no-administrator": {
    pass: OWN_POLICY,
    fail: [r("aws_iam_role_policy_attachment.a", { policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess" })],
    says: /AdministratorAccess"; allowed: a policy that names/,
    unknown: [r("aws_iam_role_policy_attachment.a", { policy_arn: later })],
  },
  "role-names-who-may-take-it": {
    pass: trust(allow("sts:AssumeRole", { Principal: { Service: "lambda.amazonaws.com" } })),
    fail: trust(allow("sts:AssumeRole", { Principal: { AWS: "123456789012" } })),
    says: /^assume_role_policy lets in AWS: 123456789012; allowed/,
    unknown: TRUST_LATER,
  },
  "role-policies-are-own": {
    pass: OWN_POLICY,
    fail: [r("aws_iam_role_policy_attachment.a", { policy_arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" })],
    says: /ReadOnlyAccess"; allowed: a policy of your own/,
    unknown: [r("aws_iam_role_policy_attachment.a", { policy_arn: later })],
  },
  "stage-caches-nothing-unasked": stage(
    { caching_enabled: false },
    CACHED,
    /caching_enabled is true; allowed: false, for every method that is not named/,
  ),
  "stage-has-a-client-certificate": one(
    "aws_api_gateway_stage.s",
    { client_certificate_id: later },
    {},
    /^client_certificate_id is not given/,
  ),
  "stage-has-an-access-log": {
    pass: [
      r("aws_cloudwatch_log_group.l"),
      r("aws_api_gateway_stage.s", {
        access_log_settings: [{ destination_arn: to("aws_cloudwatch_log_group.l.arn"), format: "{}" }],
      }),
    ],
    fail: [r("aws_api_gateway_stage.s")],
    says: /^access_log_settings\[0\]\.destination_arn is not given; allowed: the ARN of a log group/,
    unknown: [r("aws_api_gateway_stage.s", { access_log_settings: [{ destination_arn: later, format: "{}" }] })],
  },
  "stage-is-behind-a-firewall": {
    pass: [STAGE, r("aws_wafv2_web_acl_association.w", { resource_arn: to("aws_api_gateway_stage.s.arn") })],
    fail: [STAGE],
    says: /^No aws_wafv2_web_acl_association leads to aws_api_gateway_stage\.s; allowed: one/,
    unknown: [STAGE, r("aws_wafv2_web_acl_association.w", { resource_arn: later })],
  },
  "stage-is-traced": one(
    "aws_api_gateway_stage.s",
    { xray_tracing_enabled: true },
    { xray_tracing_enabled: false },
    /^xray_tracing_enabled is false; allowed: true/,
    { xray_tracing_enabled: later },
  ),
  "stage-logs-errors": stage(
    { logging_level: "ERROR" },
    { logging_level: "OFF" },
    /logging_level is "OFF"; allowed: "ERROR" or "INFO"/,
  ),
  "table-can-be-restored": one(
    "aws_dynamodb_table.t",
    { point_in_time_recovery: [{ enabled: true }] },
    {},
    /^point_in_time_recovery\[0\]\.enabled is not given; allowed: true/,
  ),
  "table-has-a-customer-key": one(
    "aws_dynamodb_table.t",
    { server_side_encryption: [{ kms_key_arn: "arn:k" }] },
    { server_side_encryption: [{ enabled: true }] },
    /kms_key_arn is not given/,
  ),
  "table-is-protected-from-deletion": one(
    "aws_dynamodb_table.t",
    { deletion_protection_enabled: true },
    { deletion_protection_enabled: false },
    /^deletion_protection_enabled is false; allowed: true/,
    { deletion_protection_enabled: later },
  ),
  "table-scales-by-itself": one(
    "aws_dynamodb_table.t",
    { billing_mode: "PAY_PER_REQUEST" },
    { billing_mode: "PROVISIONED" },
    /^billing_mode is "PROVISIONED"; allowed/,
  ),
  "topic-has-a-customer-key": one(
    "aws_sns_topic.t",
    { kms_master_key_id: "arn:k" },
    {},
    /^kms_master_key_id is not given/,
  ),
  "topic-has-a-subscriber": {
    pass: [ALARM, TOPIC, r("aws_sns_topic_subscription.s", { topic_arn: to("aws_sns_topic.t.arn") })],
    fail: [ALARM, TOPIC],
    says: /^No aws_sns_topic_subscription leads to the topic, so alarms notify nobody/,
    unknown: [ALARM, TOPIC, r("aws_sns_topic.other"), r("aws_sns_topic_subscription.s", { topic_arn: later })],
  },
  "topic-is-not-public": {
    pass: [TOPIC, topicPolicy(PUBLISHES)],
    fail: [TOPIC, topicPolicy(allow("sns:Subscribe", { Principal: { AWS: "*" } }))],
    says: /allows sns:Subscribe to AWS: \* without a condition/,
    unknown: [TOPIC, topicPolicyLater],
  },
  "topic-takes-alarms": {
    pass: [ALARM, TOPIC, topicPolicy(PUBLISHES)],
    fail: [ALARM, TOPIC, topicPolicy()],
    says: /does not let cloudwatch\.amazonaws\.com sns:Publish, so no alarm arrives/,
    unknown: [ALARM, TOPIC, topicPolicyLater],
  },
  "topic-takes-tls-only": {
    pass: [TOPIC, topicPolicy(DENY_HTTP)],
    fail: [TOPIC],
    says: /does not deny calls with aws:SecureTransport false/,
    unknown: [TOPIC, topicPolicyLater],
  },
  "usage-plan-has-a-quota": one(
    "aws_api_gateway_usage_plan.u",
    { quota_settings: [{ limit: 10 }], throttle_settings: [{ rate_limit: 1 }] },
    { throttle_settings: [{ rate_limit: 1 }] },
    /^quota_settings\[0\]\.limit is not given/,
  ),
  "viewers-use-https": one(
    D,
    behavior({ viewer_protocol_policy: "https-only" }),
    behavior({ viewer_protocol_policy: "allow-all" }),
    /^viewer_protocol_policy is "allow-all"; allowed: "https-only"/,
  ),
  "viewers-use-tls-1-2": one(
    D,
    { viewer_certificate: [{ minimum_protocol_version: "TLSv1.2_2021" }] },
    { viewer_certificate: [{ minimum_protocol_version: "TLSv1.1_2016" }] },
    /^viewer_certificate\[0\]\.minimum_protocol_version is "TLSv1\.1_2016"; allowed: TLSv1\.2_2021/,
  ),
  "origin-is-asked-over-tls": one(
    D,
    origin("https-only", "TLSv1.2"),
    origin("http-only", "TLSv1.2"),
    /^origin_protocol_policy is "http-only" with TLSv1\.2; allowed/,
  ),
};

const judged = (id: string, resources: readonly SmallResource[], sources?: AuditInput["sources"]) =>
  audit(planOf(...resources), { rules: RULES.filter((rule) => rule.id === id), ...(sources && { sources }) }).rows;
/** The rule's own word, whether our suppressions let it stand or not. */
const outcomes = (id: string, resources: readonly SmallResource[], sources?: AuditInput["sources"]) =>
  judged(id, resources, sources).map(({ outcome }) => (outcome === "suppressed" ? "fail" : outcome));

test("every rule has a case", () => expect(Object.keys(CASES).sort()).toEqual(RULES.map(({ id }) => id)));

describe.each(Object.entries(CASES))("%s", (id, { pass, fail, says, unknown, sources }) => {
  test("passes where its title holds", () => {
    const found = outcomes(id, pass, sources);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found)).toEqual(new Set(["pass"]));
  });

  test("fails where its title does not hold, and says what was given and what is allowed", () => {
    const failed = judged(id, fail, sources).filter(({ outcome }) => outcome === "fail" || outcome === "suppressed");
    expect(failed.map(({ text }) => text)).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
  });

  if (unknown) {
    test("is unknown if the value is known only after the apply", () =>
      expect(outcomes(id, unknown)).toContain("unknown"));
  }
});

describe("the key of a cache", () => {
  const CALLER = "integration.request.header.caller";
  const said = (...resources: SmallResource[]) =>
    judged("cache-is-keyed-by-caller", resources).map(({ outcome, text }) => `${outcome} ${text}`);

  test("must hold the path's parameter, so that requests do not share an answer", () =>
    expect(said(...cached([CALLER]))[0]).toMatch(
      /^fail .*without method\.request\.path\.id: one request's answer would be another's/,
    ));
  test("must hold the API key or the caller; the header of a signature is neither", () => {
    expect(
      said(...cached(["method.request.path.id", "method.request.header.x-api-key"], [{ api_key: [] }], {})),
    ).toEqual(["pass "]);
    expect(
      said(...cached(["method.request.path.id", "method.request.header.Authorization"], [{ sigv4: [] }], {}))[0],
    ).toMatch(/^fail .*callers by sigv4/);
  });
  test("must not take the caller from a header that the caller writes", () =>
    expect(
      said(
        ...cached(["method.request.path.id", CALLER], [{ sigv4: [] }], { [CALLER]: "method.request.header.x-caller" }),
      )[0],
    ).toMatch(/^fail /));
  test("needs no caller if the method is open to all", () =>
    expect(said(...cached(["method.request.path.id"], []))).toEqual(["pass "]));
  test("must not cover all methods at once, or a method that changes something", () => {
    expect(said(api(SECURED), settings(CACHED))[0]).toMatch(/caches methods that nobody chose/);
    expect(said(api(SECURED), settings(CACHED, "~1x~1{id}/POST"))[0]).toMatch(
      /allowed: GET, because other methods change something/,
    );
  });
  test("must be of a method that the API has", () =>
    expect(said(api(SECURED), settings(CACHED, "~1y/GET"))[0]).toContain("allowed: GET /x/{id}."));
});

describe("a topic's key", () => {
  const said = (key: unknown, ...more: SmallResource[]) =>
    judged("topic-takes-alarms", [
      ALARM,
      r("aws_sns_topic.t", { kms_master_key_id: key }),
      topicPolicy(PUBLISHES),
      ...more,
    ]).map(({ outcome, text }) => `${outcome} ${text}`)[0];
  const key = (...statements: object[]) => r("aws_kms_key.k", { policy: policy(...statements) });
  const USES = allow(["kms:Decrypt", "kms:GenerateDataKey*"], { Principal: { Service: "cloudwatch.amazonaws.com" } });

  test("must not be AWS's own, which CloudWatch cannot use", () =>
    expect(said("alias/aws/sns")).toMatch(/^fail .*which CloudWatch cannot use, so no alarm arrives/));
  test("must let CloudWatch use it", () => {
    expect(said(to("aws_kms_key.k.arn"), key(USES))).toBe("pass ");
    expect(said(to("aws_kms_key.k.arn"), key())).toMatch(/^fail The policy of aws_kms_key\.k does not let cloudwatch/);
  });
  test("of another plan cannot be judged", () =>
    expect(said("arn:aws:kms:x:1:key/y")).toMatch(/^unknown .*not of this plan/));
});

test.each([
  ["allowed", { ...DENY_HTTP, Effect: "Allow" }],
  ["denied to one caller", { ...DENY_HTTP, Principal: { AWS: "arn:aws:iam::1:role/x" } }],
  ["denied over TLS", { ...DENY_HTTP, Condition: { Bool: { "aws:SecureTransport": "true" } } }],
])("plain HTTP that is %s is not denied to everybody", (_, statement) => {
  expect(outcomes("bucket-takes-tls-only", bucketPolicy(statement))).toEqual(["fail"]);
  expect(outcomes("queue-takes-tls-only", queuePolicy(statement))).toEqual(["fail"]);
  expect(outcomes("topic-takes-tls-only", [TOPIC, topicPolicy(statement)])).toEqual(["fail"]);
});

test.each([
  ["allowed", { ...NOT_OURS, Effect: "Allow" }],
  [
    "denied under a second condition",
    { ...NOT_OURS, Condition: { ...NOT_OURS.Condition, Bool: { "aws:SecureTransport": "false" } } },
  ],
])("a private API whose calls through other endpoints are %s does not name its endpoints", (_, statement) => {
  expect(outcomes("private-api-names-its-endpoints", privateApi(policy(statement)))).toEqual(["fail"]);
});

test.each([
  ["an AWS secret key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
  ["a private key", "-----BEGIN RSA PRIVATE KEY-----"],
  ["a token of a forge", `ghp_${"a1".repeat(18)}`],
  ["a key of a model's vendor", "sk-proj-abcdefghij0123456789"],
  ["a signed token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"],
  ["a password in an address", "redis://user:hunter2@cache:6379"],
])("a variable that looks like %s fails, and its value is not shown", (what, value) => {
  const [row] = judged("function-environment-holds-no-secret", [
    r("aws_lambda_function.f", { environment: [{ variables: { X: value } }] }),
  ]);
  expect(row).toMatchObject({
    outcome: "fail",
    part: "X",
    text: expect.stringContaining(`looks like ${what}`) as unknown,
  });
  expect(JSON.stringify(row)).not.toContain(value);
});

test.each([
  "repo:a/b:*",
  "repo:a/b",
  "*",
  "repo:a/b:ref:refs/heads/*",
  "project_path:group/*:ref_type:branch:ref:main",
])("a pipeline's subject %s is too wide", (sub) =>
  expect(outcomes("pipeline-role-is-limited", trust(token(sub)))).toEqual(["fail"]),
);

test("an alarm that is part of a composite one needs no action", () => {
  const part = r("aws_cloudwatch_metric_alarm.a", { alarm_name: "a" });
  expect(
    outcomes("alarm-calls-somebody", [
      part,
      r("aws_cloudwatch_composite_alarm.c", { alarm_rule: 'ALARM("a")', alarm_actions: ["arn:t"] }),
    ]),
  ).not.toContain("fail");
});
