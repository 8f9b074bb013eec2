import type { AuditedPlan, AuditedResource } from "../audited-plan";
import {
  attribute,
  attributeRule,
  isAtLeast,
  isGiven,
  isOneOf,
  isTrue,
  PASS,
  fail,
  of,
  unknown,
  when,
  type Judgement,
  type Rule,
} from "../rule";
import { attached } from "../policy-documents";
import { Unknown } from "../plan-json";

const STAGE = "aws_api_gateway_stage";
const SETTINGS = "aws_api_gateway_method_settings";

/**
 * What an access log must not hold: secrets of callers, and paths, which carry what callers must keep for themselves.
 */
const REVEALING = /\$(context\.(path|identity\.apiKey|authorizer|requestOverride|responseOverride)\b|input)/;

const STAGE_IS_TRACED = attributeRule({
  id: "stage-is-traced",
  title: "The stage is traced",
  asks: ["CKV_AWS_73", "APIGWXrayEnabled"],
  severity: "info",
  type: STAGE,
  path: ["xray_tracing_enabled"],
  holds: isTrue,
  allowed: "true",
});

/** Followed to the log group, whose retention is judged for itself. */
const STAGE_HAS_AN_ACCESS_LOG: Rule = {
  id: "stage-has-an-access-log",
  title: "The stage writes an access log of JSON lines into a log group",
  asks: ["CKV_AWS_76", "AwsSolutions-APIG1", "APIGWAccessLogging", "APIGWStructuredLogging"],
  severity: "warning",
  types: [STAGE],
  evaluate: (stage, plan) => [accessLog(stage, plan)],
};

function accessLog(stage: AuditedResource, plan: AuditedPlan): Judgement {
  const destination = stage.get("access_log_settings", 0, "destination_arn");
  if (destination === undefined)
    return fail("access_log_settings[0].destination_arn is not given; allowed: the ARN of a log group.");
  const group = plan.leadsTo(stage, "access_log_settings", destination, ["aws_cloudwatch_log_group"]);
  if (typeof group === "string")
    return unknown("access_log_settings[0].destination_arn leads to nothing of this plan.");
  return attribute(
    stage,
    ["access_log_settings", 0, "format"],
    (format) => String(format).trimStart().startsWith("{"),
    "a JSON object of $context fields",
  );
}

/** An access log is read by more people than a prompt is meant for. */
const ACCESS_LOG_KEEPS_SECRETS_OUT: Rule = {
  id: "access-log-keeps-secrets-out",
  title: "The access log holds no keys, paths or claims of callers",
  asks: [],
  severity: "warning",
  types: [STAGE],
  evaluate: (stage) => {
    const format = stage.get("access_log_settings", 0, "format");
    if (format === undefined) return [];
    if (format instanceof Unknown) return [unknown("access_log_settings[0].format is known only after the apply.")];
    const found = REVEALING.exec(String(format))?.[0];
    return [
      found === undefined
        ? PASS
        : fail(
            `access_log_settings[0].format holds ${found}; allowed: fields without what a caller must keep secret, such as $context.resourcePath.`,
          ),
    ];
  },
};

/** Judges what a stage says of all its methods. */
function everywhere(judge: (settings: AuditedResource) => readonly Judgement[]) {
  return (stage: AuditedResource, plan: AuditedPlan): readonly Judgement[] => {
    const { found, unclear } = attached(plan, stage, SETTINGS, "stage_name");
    const all = found.find((settings) => settings.get("method_path") === "*/*");
    if (all !== undefined) return judge(all);
    return [
      unclear
        ? unknown("Nobody can tell which method settings are this stage's.")
        : fail(
            'No aws_api_gateway_method_settings of the stage has method_path "*/*"; allowed: one, which holds for every method.',
          ),
    ];
  };
}

const STAGE_LOGS_ERRORS: Rule = {
  id: "stage-logs-errors",
  title: "The gateway logs what fails in it",
  asks: ["CKV2_AWS_4", "AwsSolutions-APIG6"],
  severity: "warning",
  types: [STAGE],
  evaluate: everywhere((settings) => [
    attribute(settings, ["settings", 0, "logging_level"], isOneOf("ERROR", "INFO"), '"ERROR" or "INFO"'),
  ]),
};

/** The other half of CKV2_AWS_4. */
const METHODS_ARE_MEASURED: Rule = {
  id: "methods-are-measured",
  title: "Every method has metrics of its own",
  asks: ["CKV2_AWS_4"],
  severity: "info",
  types: [STAGE],
  evaluate: everywhere((settings) => [attribute(settings, ["settings", 0, "metrics_enabled"], isTrue, "true")]),
};

/** Settings of one method replace those of all, its limits too: both are looked at. */
const EVERY_METHOD_IS_THROTTLED: Rule = {
  id: "every-method-is-throttled",
  title: "Every method has a rate and a burst that it takes at most",
  asks: ["APIGWDefaultThrottling"],
  severity: "warning",
  types: [STAGE, SETTINGS],
  evaluate: (resource, plan) =>
    resource.type === STAGE
      ? everywhere(() => [PASS])(resource, plan)
      : [limit(resource, "throttling_rate_limit"), limit(resource, "throttling_burst_limit")],
};

const limit = (settings: AuditedResource, name: string): Judgement =>
  of(name, attribute(settings, ["settings", 0, name], isAtLeast(0), "a number from 0 on; -1 is no limit"));

const DATA_TRACE_IS_OFF = attributeRule({
  id: "data-trace-is-off",
  title: "The gateway does not log prompts and answers",
  asks: ["CKV_AWS_276"],
  severity: "critical",
  type: SETTINGS,
  path: ["settings", 0, "data_trace_enabled"],
  holds: (value) => value !== true,
  allowed: "false",
});

const STAGE_HAS_A_CLIENT_CERTIFICATE = attributeRule({
  id: "stage-has-a-client-certificate",
  title: "The stage shows a client certificate to what stands behind it",
  asks: ["CKV2_AWS_51"],
  severity: "info",
  type: STAGE,
  path: ["client_certificate_id"],
  holds: isGiven,
  allowed: "the id of a client certificate",
});

const STAGE_IS_BEHIND_A_FIREWALL: Rule = {
  id: "stage-is-behind-a-firewall",
  title: "A web ACL stands before the stage",
  asks: ["CKV2_AWS_29", "AwsSolutions-APIG3"],
  severity: "info",
  types: [STAGE],
  evaluate: (stage, plan) => {
    const { found, unclear } = attached(plan, stage, "aws_wafv2_web_acl_association", "resource_arn");
    return [
      found.length > 0
        ? PASS
        : unclear
          ? unknown("Nobody can tell what the web ACLs stand before.")
          : fail("No aws_wafv2_web_acl_association leads to the stage; allowed: one."),
    ];
  },
};

/** Terraform destroys first, unless it is told; what depends on a resource that comes first comes first too. */
const REPLACEMENT_COMES_FIRST: Rule = {
  id: "replacement-comes-first",
  title: "A new API or deployment is there before the old one goes",
  asks: ["CKV_AWS_217", "CKV_AWS_237"],
  severity: "warning",
  types: ["aws_api_gateway_rest_api", "aws_api_gateway_deployment"],
  evaluate: (resource, plan) => {
    const dependents = plan
      .ofType("aws_api_gateway_deployment")
      .filter((deployment) => plan.target(deployment, "rest_api_id", resource.type) === resource);
    const lifecycles = [resource, ...dependents].map((each) => plan.lifecycle(each));
    if (lifecycles.every((lifecycle) => lifecycle === undefined))
      return [unknown("A plan does not say what create_before_destroy is; the stack's sources do.")];
    return [
      when(
        lifecycles.some((lifecycle) => lifecycle?.["create_before_destroy"] === true),
        "lifecycle.create_before_destroy is not given; allowed: true.",
      ),
    ];
  },
};

const USAGE_PLAN_HAS_A_QUOTA: Rule = {
  id: "usage-plan-has-a-quota",
  title: "A key's requests are counted and limited",
  asks: [],
  severity: "warning",
  types: ["aws_api_gateway_usage_plan"],
  evaluate: (plan) => [
    of(
      "quota_settings",
      attribute(plan, ["quota_settings", 0, "limit"], isAtLeast(1), "a number of requests from 1 on"),
    ),
    of(
      "throttle_settings",
      attribute(plan, ["throttle_settings", 0, "rate_limit"], isAtLeast(0), "a number of requests a second"),
    ),
  ],
};

/** Body, and what else a rule of a web ACL may be too small to read whole. */
const OVERSIZED = ["body", "json_body", "cookies", "headers"];

/**
 * A web ACL reads the first 16 KB of an API's body, and passes the rest on unread where a rule says CONTINUE (AWS WAF
 * developer guide, "Oversize web request components"): prompts are longer than that.
 */
const FIREWALL_READS_WHOLE_BODIES: Rule = {
  id: "firewall-reads-whole-bodies",
  title: "A request that the firewall cannot read whole does not pass unread",
  asks: [],
  severity: "warning",
  types: ["aws_wafv2_web_acl"],
  evaluate: (acl) => {
    const rules = acl.get("rule");
    if (rules instanceof Unknown) return [unknown("rule is known only after the apply.")];
    return ((rules ?? []) as readonly Readonly<Record<string, unknown>>[]).map((rule) =>
      of(String(rule["name"]), handling(rule, acl)),
    );
  },
};

function handling(rule: Readonly<Record<string, unknown>>, acl: AuditedResource): Judgement {
  const found = components(rule).find(
    ([, handled]) => handled === undefined || handled === null || handled === "CONTINUE",
  );
  return found === undefined
    ? PASS
    : fail(
        `${found[0]}[0].oversize_handling in ${acl.address} is ${JSON.stringify(found[1]) ?? "not given"}, so what does not fit is passed on unread; allowed: "MATCH" in a rule that blocks, "NO_MATCH" in one that allows.`,
      );
}

/** Every component of a rule that may be too long, with what is done then. */
function components(value: unknown): (readonly [name: string, handling: unknown])[] {
  if (Array.isArray(value)) return value.flatMap(components);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (!OVERSIZED.includes(name) || !Array.isArray(inner) || inner.length === 0) return components(inner);
    return [[name, (inner[0] as Readonly<Record<string, unknown>>)["oversize_handling"]] as const];
  });
}

export const API_STAGE_RULES: readonly Rule[] = [
  STAGE_HAS_AN_ACCESS_LOG,
  ACCESS_LOG_KEEPS_SECRETS_OUT,
  STAGE_LOGS_ERRORS,
  METHODS_ARE_MEASURED,
  EVERY_METHOD_IS_THROTTLED,
  STAGE_IS_BEHIND_A_FIREWALL,
  REPLACEMENT_COMES_FIRST,
  USAGE_PLAN_HAS_A_QUOTA,
  FIREWALL_READS_WHOLE_BODIES,
  STAGE_IS_TRACED,
  DATA_TRACE_IS_OFF,
  STAGE_HAS_A_CLIENT_CERTIFICATE,
];
