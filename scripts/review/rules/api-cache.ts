import type { AuditedPlan, AuditedResource } from "../audited-plan";
import { attribute, isOneOf, isTrue, PASS, fail, unknown, when, type Judgement, type Rule } from "../rule";
import { apiOf, schemeOf, type ApiBody, type Operation } from "../api-body";
import { Unknown, isUnclear } from "../plan-json";

const SETTINGS = ["aws_api_gateway_method_settings"];
const caches = (settings: AuditedResource): boolean => settings.get("settings", 0, "caching_enabled") === true;

/** Context of API Gateway that tells callers apart, once it has found out who they are. */
const CALLER = /^context\.(identity\.(caller|user|userArn|cognitoIdentityId|apiKeyId)|authorizer\.\w+)/;

/** One caller never gets what is cached for another: no scanner looks at what a cache is keyed by. */
const CACHE_IS_KEYED_BY_CALLER: Rule = {
  id: "cache-is-keyed-by-caller",
  title: "A cached answer is kept by path and by caller",
  asks: [],
  severity: "critical",
  types: SETTINGS,
  evaluate: (settings, plan) => {
    const caching = settings.get("settings", 0, "caching_enabled");
    if (caching instanceof Unknown) return [unknown("settings[0].caching_enabled is known only after the apply.")];
    return caches(settings) ? [cachedMethod(settings, plan)] : [];
  },
};

function cachedMethod(settings: AuditedResource, plan: AuditedPlan): Judgement {
  const methodPath = settings.get("method_path");
  if (typeof methodPath !== "string") return unknown("method_path is known only after the apply.");
  const [, resource = "", verb = ""] = /^(.*)\/([A-Z*]+)$/.exec(methodPath) ?? [];
  if (methodPath.includes("*"))
    return fail(
      `method_path is ${JSON.stringify(methodPath)} with caching_enabled, which caches methods that nobody chose; allowed: one method, such as ~1status~1{id}/GET.`,
    );
  if (verb !== "GET")
    return fail(
      `method_path is ${JSON.stringify(methodPath)} with caching_enabled; allowed: GET, because other methods change something.`,
    );
  const api = apiOf(settings, plan);
  if (api === undefined || api instanceof Unknown)
    return unknown(
      "The API's body is known only after the apply, or is not of this plan: its cache key cannot be read.",
    );
  const path = resource.replace(/^(?!~1)/, "~1").replaceAll("~1", "/");
  const operation = api.operations.find((each) => each.path === path && each.verb === verb);
  return operation === undefined
    ? fail(
        `method_path is ${JSON.stringify(methodPath)}, and the API has no such method; allowed: ${api.operations.map(({ name }) => name).join(", ")}.`,
      )
    : keyOf(operation, api);
}

function keyOf(operation: Operation, api: ApiBody): Judgement {
  const key = operation.integration["cacheKeyParameters"] ?? [];
  if (!Array.isArray(key) || key.some(isUnclear) || !Array.isArray(operation.security))
    return unknown("cacheKeyParameters is known only after the apply.");
  const parameters = [...operation.path.matchAll(/\{([\w-]+)\+?\}/g)].map(([, name]) => `method.request.path.${name}`);
  const missing = parameters.filter((parameter) => !key.includes(parameter));
  if (missing.length > 0)
    return fail(
      `cacheKeyParameters is ${JSON.stringify(key)} without ${missing.join(", ")}: one request's answer would be another's.`,
    );
  const schemes = operation.security.flatMap((scheme) => Object.keys(scheme as object));
  const strangers = schemes.filter((scheme) => !holdsCaller(scheme, key as readonly string[], operation, api));
  return when(
    strangers.length === 0,
    `cacheKeyParameters is ${JSON.stringify(key)}, and callers by ${strangers.join(", ")} are not told apart: one caller would get another's answer. Add what the gateway found out of the caller.`,
  );
}

/** Whether the key holds who calls: what the gateway found out itself, or the very key that was shown. */
function holdsCaller(scheme: string, key: readonly string[], { integration }: Operation, api: ApiBody): boolean {
  const mapped = (integration["requestParameters"] ?? {}) as Readonly<Record<string, string>>;
  if (key.some((parameter) => CALLER.test(String(mapped[parameter] ?? "")))) return true;
  const { in: place, name, "x-amazon-apigateway-authtype": kind } = schemeOf(api, scheme);
  // A signature is another one with each request, and the gateway keeps it from the integration.
  return (
    kind === undefined &&
    place === "header" &&
    key.some((parameter) => parameter.toLowerCase() === `method.request.header.${String(name)}`.toLowerCase())
  );
}

/**
 * With a cluster and nothing said, API Gateway would be free to cache: every method is told not to, and one is told to.
 */
const STAGE_CACHES_NOTHING_UNASKED: Rule = {
  id: "stage-caches-nothing-unasked",
  title: "A stage with a cache is told not to cache every method",
  asks: [],
  severity: "critical",
  types: ["aws_api_gateway_stage"],
  evaluate: (stage, plan) => {
    const cluster = stage.get("cache_cluster_enabled");
    if (cluster instanceof Unknown) return [unknown("cache_cluster_enabled is known only after the apply.")];
    if (cluster !== true) return [];
    const everywhere = plan
      .pointingAt(stage, "aws_api_gateway_method_settings", "stage_name")
      .find((settings) => settings.get("method_path") === "*/*");
    if (everywhere === undefined)
      return [
        fail(
          'No aws_api_gateway_method_settings of the stage has method_path "*/*"; allowed: one with caching_enabled = false.',
        ),
      ];
    return [
      attribute(
        everywhere,
        ["settings", 0, "caching_enabled"],
        (value) => value === false,
        "false, for every method that is not named",
      ),
    ];
  },
};

/** Else any client empties the cache with a header (API Gateway developer guide, "Invalidate an existing cache"). */
const CACHE_IS_EMPTIED_BY_ITS_CALLERS: Rule = {
  id: "cache-is-emptied-on-authority",
  title: "Only callers who are allowed to may invalidate a cached answer",
  asks: [],
  severity: "warning",
  types: SETTINGS,
  evaluate: (settings) =>
    caches(settings)
      ? [
          attribute(
            settings,
            ["settings", 0, "require_authorization_for_cache_control"],
            isTrue,
            "true, or any client empties the cache with Cache-Control: max-age=0",
          ),
        ]
      : [],
};

/** What the cluster holds are answers to prompts. */
const CACHED_ANSWERS_ARE_ENCRYPTED: Rule = {
  id: "cached-answers-are-encrypted",
  title: "Cached answers are encrypted",
  asks: ["CKV_AWS_308", "APIGWCacheEnabledAndEncrypted"],
  severity: "warning",
  types: SETTINGS,
  evaluate: (settings) =>
    caches(settings) ? [attribute(settings, ["settings", 0, "cache_data_encrypted"], isTrue, "true")] : [],
};

/** What scanners ask without a look at the key: to cache everything. See the decision in `suppressions.ts`. */
const EVERY_METHOD_IS_CACHED: Rule = {
  id: "every-method-is-cached",
  title: "Every method's answers are cached",
  asks: ["CKV_AWS_120", "CKV_AWS_225", "AWS-0190", "APIGWCacheEnabledAndEncrypted"],
  severity: "info",
  types: SETTINGS,
  evaluate: (settings) => [
    settings.get("settings", 0, "caching_enabled") === true
      ? PASS
      : attribute(settings, ["settings", 0, "caching_enabled"], isOneOf(true), "true"),
  ],
};

export const API_CACHE_RULES: readonly Rule[] = [
  CACHE_IS_KEYED_BY_CALLER,
  STAGE_CACHES_NOTHING_UNASKED,
  CACHE_IS_EMPTIED_BY_ITS_CALLERS,
  CACHED_ANSWERS_ARE_ENCRYPTED,
  EVERY_METHOD_IS_CACHED,
];
