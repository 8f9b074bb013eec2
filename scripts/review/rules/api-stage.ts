import type { AuditedResource } from "../audited-plan";
import { Unknown } from "../plan-json";
import {
  attributeRule,
  type Evaluate,
  fail,
  isAtLeast,
  isGiven,
  isOneOf,
  isTrue,
  judgeAttribute,
  judgeCompanion,
  type Judgement,
  type Judgements,
  namePart,
  NOT_APPLICABLE,
  PASS,
  passIf,
  type Rule,
  unknown,
  unknownUntilApply,
} from "../rule";

const STAGE = "aws_api_gateway_stage";
const SETTINGS = "aws_api_gateway_method_settings";

/** Fields that an access log must not hold: callers' secrets, and paths, which contain the ids of requests. */
const REVEALING = /\$(context\.(path|identity\.apiKey|authorizer|requestOverride|responseOverride)\b|input)/;

const judgeAccessLog: Evaluate = (stage, plan) => {
  const destination = stage.get("access_log_settings", 0, "destination_arn");
  if (destination === undefined)
    return fail("access_log_settings[0].destination_arn is not given; allowed: the ARN of a log group.");
  const group = plan.findTargetOfValue(destination, {
    from: stage,
    attribute: "access_log_settings",
    types: ["aws_cloudwatch_log_group"],
  });
  if (typeof group === "string")
    return unknown("access_log_settings[0].destination_arn leads to nothing in this plan.");
  return judgeAttribute(stage, ["access_log_settings", 0, "format"], {
    holds: (format) => String(format).trimStart().startsWith("{"),
    allowed: "a JSON object of $context fields",
  });
};

const judgeLogFormat: Evaluate = (stage) => {
  const format = stage.get("access_log_settings", 0, "format");
  if (format === undefined) return NOT_APPLICABLE;
  if (format instanceof Unknown) return unknownUntilApply("access_log_settings[0].format");
  const found = REVEALING.exec(String(format))?.[0];
  return passIf(
    found === undefined,
    `access_log_settings[0].format holds ${found}; ` +
      "allowed: fields without what a caller must keep secret, such as $context.resourcePath.",
  );
};

/** Judges a stage's settings of all its methods; fails where it has none. */
const judgeDefaultSettings =
  (judge: (settings: AuditedResource) => Judgements): Evaluate =>
  (stage, plan) => {
    const { found, isUnclear } = plan.findCompanions(stage, SETTINGS, "stage_name");
    const ofAllMethods = found.find((settings) => settings.get("method_path") === "*/*");
    if (ofAllMethods !== undefined) return judge(ofAllMethods);
    return isUnclear
      ? unknown("Which method settings belong to this stage is known only after the apply.")
      : fail(`No ${SETTINGS} of the stage has method_path "*/*"; allowed: one, which holds for every method.`);
  };

const judgeLimit = (settings: AuditedResource, name: string): Judgement =>
  namePart(name, judgeAttribute(settings, ["settings", 0, name], isAtLeast(0, "a number from 0 on; -1 is no limit")));

/** Settings of one method replace those of all methods, their limits too, so both are judged. */
const judgeThrottling: Evaluate = (resource, plan) =>
  resource.type === STAGE
    ? judgeDefaultSettings(() => PASS)(resource, plan)
    : [judgeLimit(resource, "throttling_rate_limit"), judgeLimit(resource, "throttling_burst_limit")];

/** By default Terraform destroys first. It also creates a resource first if one that depends on it is created first. */
const judgeReplacement: Evaluate = (resource, plan) => {
  const dependents = plan
    .ofType("aws_api_gateway_deployment")
    .filter((deployment) => plan.findTarget(deployment, "rest_api_id", resource.type) === resource);
  const lifecycles = [resource, ...dependents].map((each) => plan.readLifecycle(each));
  if (lifecycles.every((lifecycle) => lifecycle === undefined))
    return unknown("A plan does not say what create_before_destroy is; the stack's sources do.");
  return passIf(
    lifecycles.some((lifecycle) => lifecycle?.["create_before_destroy"] === true),
    "lifecycle.create_before_destroy is not given; allowed: true.",
  );
};

/** Components of a request of which a web ACL may read only the beginning. */
const OVERSIZED = ["body", "json_body", "cookies", "headers"];

/**
 * A web ACL reads the first 16 KB of an API's body, and passes the rest on unread where a rule says CONTINUE (AWS WAF
 * developer guide, "Oversize web request components"). Prompts are longer than that.
 */
const judgeOversize: Evaluate = (acl) => {
  const rules = acl.get("rule");
  if (rules instanceof Unknown) return unknownUntilApply("rule");
  return ((rules ?? []) as readonly Readonly<Record<string, unknown>>[]).map((rule) => {
    const unread = listComponents(rule).find(({ handling }) => (handling ?? "CONTINUE") === "CONTINUE");
    const judgement = passIf(
      unread === undefined,
      `${unread?.name}[0].oversize_handling in ${acl.address} is ${JSON.stringify(unread?.handling) ?? "not given"}, ` +
        'so what does not fit is passed on unread; allowed: "MATCH" in a rule that blocks, "NO_MATCH" in ' +
        "one that allows.",
    );
    return namePart(String(rule["name"]), judgement);
  });
};

/** The components of a rule that may be too long, with their oversize handling. */
function listComponents(value: unknown): { readonly name: string; readonly handling: unknown }[] {
  if (Array.isArray(value)) return value.flatMap(listComponents);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    OVERSIZED.includes(name) && Array.isArray(inner) && inner.length > 0
      ? [{ name, handling: (inner[0] as Readonly<Record<string, unknown>>)["oversize_handling"] }]
      : listComponents(inner),
  );
}

export const API_STAGE_RULES: readonly Rule[] = [
  attributeRule({
    id: "stage-is-traced",
    title: "The stage is traced",
    asks: ["CKV_AWS_73", "APIGWXrayEnabled"],
    severity: "info",
    types: [STAGE],
    path: ["xray_tracing_enabled"],
    demand: isTrue,
  }),
  // Follows the log to its group, whose retention has a rule of its own.
  {
    id: "stage-has-an-access-log",
    title: "The stage writes an access log of JSON lines into a log group",
    asks: ["CKV_AWS_76", "AwsSolutions-APIG1", "APIGWAccessLogging", "APIGWStructuredLogging"],
    severity: "warning",
    types: [STAGE],
    evaluate: judgeAccessLog,
  },
  // More people read access logs than may read prompts.
  {
    id: "access-log-keeps-secrets-out",
    title: "The access log holds no keys, paths or claims of callers",
    severity: "warning",
    types: [STAGE],
    evaluate: judgeLogFormat,
  },
  {
    id: "stage-logs-errors",
    title: "The gateway logs what fails in it",
    asks: ["CKV2_AWS_4", "AwsSolutions-APIG6"],
    severity: "warning",
    types: [STAGE],
    evaluate: judgeDefaultSettings((settings) =>
      judgeAttribute(settings, ["settings", 0, "logging_level"], isOneOf("ERROR", "INFO")),
    ),
  },
  // The other half of CKV2_AWS_4.
  {
    id: "methods-are-measured",
    title: "Every method has metrics of its own",
    asks: ["CKV2_AWS_4"],
    severity: "info",
    types: [STAGE],
    evaluate: judgeDefaultSettings((settings) => judgeAttribute(settings, ["settings", 0, "metrics_enabled"], isTrue)),
  },
  {
    id: "every-method-is-throttled",
    title: "Every method has a limit of rate and burst",
    asks: ["APIGWDefaultThrottling"],
    severity: "warning",
    types: [STAGE, SETTINGS],
    evaluate: judgeThrottling,
  },
  attributeRule({
    id: "data-trace-is-off",
    title: "The gateway does not log prompts and answers",
    asks: ["CKV_AWS_276"],
    severity: "critical",
    types: [SETTINGS],
    path: ["settings", 0, "data_trace_enabled"],
    demand: { holds: (value) => value !== true, allowed: "false" },
  }),
  attributeRule({
    id: "stage-has-a-client-certificate",
    title: "The stage shows a client certificate to its integrations",
    asks: ["CKV2_AWS_51"],
    severity: "info",
    types: [STAGE],
    path: ["client_certificate_id"],
    demand: isGiven("the id of a client certificate"),
  }),
  {
    id: "stage-is-behind-a-firewall",
    title: "A web ACL protects the stage",
    asks: ["CKV2_AWS_29", "AwsSolutions-APIG3"],
    severity: "info",
    types: [STAGE],
    evaluate: judgeCompanion({ type: "aws_wafv2_web_acl_association", attribute: "resource_arn" }),
  },
  {
    id: "replacement-comes-first",
    title: "A new API or deployment is created before the old one is destroyed",
    asks: ["CKV_AWS_217", "CKV_AWS_237"],
    severity: "warning",
    types: ["aws_api_gateway_rest_api", "aws_api_gateway_deployment"],
    evaluate: judgeReplacement,
  },
  {
    id: "usage-plan-has-a-quota",
    title: "A key's requests are counted and limited",
    severity: "warning",
    types: ["aws_api_gateway_usage_plan"],
    evaluate: (usage) => [
      namePart(
        "quota_settings",
        judgeAttribute(usage, ["quota_settings", 0, "limit"], isAtLeast(1, "a number of requests from 1 on")),
      ),
      namePart(
        "throttle_settings",
        judgeAttribute(usage, ["throttle_settings", 0, "rate_limit"], isAtLeast(0, "a number of requests a second")),
      ),
    ],
  },
  {
    id: "firewall-reads-whole-bodies",
    title: "A request that is too long for the firewall to read does not pass",
    severity: "warning",
    types: ["aws_wafv2_web_acl"],
    evaluate: judgeOversize,
  },
];
