import { type ApiBody, findApiBody, findScheme, type Operation, readApiBody } from "../api-body";
import type { AuditedPlan, AuditedResource } from "../audited-plan";
import { isUnclear, Unknown } from "../plan-json";
import { findPolicy, isExactlyAnybody, type Statement } from "../policy-documents";
import {
  attributeRule,
  type Evaluate,
  fail,
  isTrue,
  judgeAttribute,
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

const API = "aws_api_gateway_rest_api";
const SETTINGS = "aws_api_gateway_method_settings";

/** Judges the OpenAPI body of an API; an API whose methods are resources of their own is left out. */
const judgeBody =
  (judge: (body: ApiBody) => Judgements): Evaluate =>
  (api) => {
    const body = readApiBody(api);
    if (body === undefined) return NOT_APPLICABLE;
    return body instanceof Unknown ? unknownUntilApply("body") : judge(body);
  };

/** Judges every method of an API, each a part. */
const judgeEachMethod = (judge: (operation: Operation, body: ApiBody) => Judgement): Evaluate =>
  judgeBody((body) => body.operations.map((operation) => namePart(operation.name, judge(operation, body))));

/** True where every call that does not come through some VPC endpoint or network is denied to everybody. */
function deniesOtherNetworks(statements: readonly Statement[]): boolean {
  const hasNetworkKey = (keys: object = {}) =>
    Object.keys(keys).some((key) => ["aws:sourcevpce", "aws:sourcevpc"].includes(key.toLowerCase()));
  return statements.some(
    ({ effect, principals, condition }) =>
      effect === "Deny" &&
      principals.some(isExactlyAnybody) &&
      Object.keys(condition).length === 1 &&
      hasNetworkKey(condition["StringNotEquals"]),
  );
}

/** Until a policy denies it, any VPC endpoint of any account reaches a private API (guide, "Private REST APIs"). */
const judgePrivateApi: Evaluate = (api, plan) => {
  const kind = api.get("endpoint_configuration", 0, "types", 0);
  if (kind instanceof Unknown) return unknownUntilApply("endpoint_configuration[0].types");
  if (kind !== "PRIVATE") return NOT_APPLICABLE;
  const statements = findPolicy(api, plan);
  if (statements instanceof Unknown) return unknownUntilApply("The API's policy");
  return passIf(
    deniesOtherNetworks(statements),
    "The API is private, and its policy does not deny calls through other endpoints; " +
      "allowed: a Deny for everybody with StringNotEquals of aws:SourceVpce.",
  );
};

const VALIDATOR = "x-amazon-apigateway-request-validator";

/** What a caller must not learn: what is behind the gateway, who called, what was sent. */
const LEAKING = new RegExp(
  "\\$(context\\.(integrationErrorMessage|integration\\.error|authorizer|identity|error\\.validationErrorString)" +
    "|input|stageVariables)\\b",
);

const RESPONSES = "x-amazon-apigateway-gateway-responses";

/** The two responses that stand in for every other. */
const DEFAULT_RESPONSES = ["DEFAULT_4XX", "DEFAULT_5XX"];

function judgeResponse(response: unknown): Judgement {
  const text = JSON.stringify(response);
  if (isUnclear(text)) return unknownUntilApply("The response");
  const found = LEAKING.exec(text)?.[0];
  return passIf(
    found === undefined,
    `It holds ${found}; allowed: texts of your own, $context.error.message and $context.requestId.`,
  );
}

/** What API Gateway finds out about a caller, and what tells callers apart. */
const CALLER = /^context\.(identity\.(caller|user|userArn|cognitoIdentityId|apiKeyId)|authorizer\.\w+)/;

const CACHING = ["settings", 0, "caching_enabled"] as const;

/** Judges the settings of methods that are cached. */
const judgeCaching =
  (judge: Evaluate): Evaluate =>
  (settings, plan) =>
    settings.get(...CACHING) === true ? judge(settings, plan) : NOT_APPLICABLE;

function judgeCachedMethod(settings: AuditedResource, plan: AuditedPlan): Judgement {
  const methodPath = settings.get("method_path");
  if (typeof methodPath !== "string") return unknownUntilApply("method_path");
  const given = `method_path is ${JSON.stringify(methodPath)}`;
  if (methodPath.includes("*"))
    return fail(
      `${given} with caching_enabled, which caches methods that nobody chose; ` +
        "allowed: one method, such as ~1status~1{id}/GET.",
    );
  const [, resource = "", verb = ""] = /^(.*)\/([A-Z]+)$/.exec(methodPath) ?? [];
  if (verb !== "GET")
    return fail(`${given} with caching_enabled; allowed: GET, because other methods change something.`);
  const api = findApiBody(settings, plan);
  if (api === undefined || api instanceof Unknown)
    return unknown("The cache key cannot be read: the API's body is not in this plan, or known only after the apply.");
  const path = resource.replace(/^(?!~1)/, "~1").replaceAll("~1", "/");
  const operation = api.operations.find((candidate) => candidate.path === path && candidate.verb === verb);
  if (operation !== undefined) return judgeCacheKey(operation, api);
  const names = api.operations.map(({ name }) => name).join(", ");
  return fail(`${given}, and the API has no such method; allowed: ${names}.`);
}

function judgeCacheKey(operation: Operation, api: ApiBody): Judgement {
  const key = operation.integration["cacheKeyParameters"] ?? [];
  if (!Array.isArray(key) || key.some(isUnclear) || !Array.isArray(operation.security))
    return unknownUntilApply("cacheKeyParameters");
  const given = `cacheKeyParameters is ${JSON.stringify(key)}`;
  const parameters = [...operation.path.matchAll(/\{([\w-]+)\+?\}/g)].map(([, name]) => `method.request.path.${name}`);
  const missing = parameters.filter((parameter) => !key.includes(parameter));
  if (missing.length > 0)
    return fail(`${given} without ${missing.join(", ")}: one request's answer would be another's.`);
  const schemes = operation.security.flatMap((scheme) => Object.keys(scheme as object));
  const unkeyed = schemes.filter(
    (scheme) =>
      !holdsMappedCaller(key as readonly string[], operation) &&
      !holdsApiKey(key as readonly string[], findScheme(api, scheme)),
  );
  return passIf(
    unkeyed.length === 0,
    `${given}, and callers by ${unkeyed.join(", ")} are not told apart: one caller would get another's answer. ` +
      "Add what the gateway found out about the caller.",
  );
}

/** Whether a cache key holds what the gateway found out about the caller. */
function holdsMappedCaller(key: readonly string[], { integration }: Operation): boolean {
  const mapped = (integration["requestParameters"] ?? {}) as Readonly<Record<string, string>>;
  return key.some((parameter) => CALLER.test(mapped[parameter] ?? ""));
}

/** Whether a cache key holds the API key itself. A signature is no key: it differs in each request. */
function holdsApiKey(key: readonly string[], scheme: Readonly<Record<string, unknown>>): boolean {
  const header = `method.request.header.${String(scheme["name"])}`.toLowerCase();
  const isApiKey = scheme["x-amazon-apigateway-authtype"] === undefined && scheme["in"] === "header";
  return isApiKey && key.some((parameter) => parameter.toLowerCase() === header);
}

/** With a cluster and without such settings API Gateway would be free to cache every method. */
const judgeDefaultCaching: Evaluate = (stage, plan) => {
  const cluster = stage.get("cache_cluster_enabled");
  if (cluster instanceof Unknown) return unknownUntilApply("cache_cluster_enabled");
  if (cluster !== true) return NOT_APPLICABLE;
  const settings = plan.listPointingAt(stage, SETTINGS, "stage_name");
  const ofAllMethods = settings.find((each) => each.get("method_path") === "*/*");
  if (ofAllMethods === undefined)
    return fail(`No ${SETTINGS} of the stage has method_path "*/*"; allowed: one with caching_enabled = false.`);
  return judgeAttribute(ofAllMethods, CACHING, {
    holds: (value) => value === false,
    allowed: "false, for every method that is not named",
  });
};

export const API_METHOD_RULES: readonly Rule[] = [
  {
    id: "private-api-names-its-endpoints",
    title: "A private API's policy denies calls that do not come through its endpoints",
    severity: "critical",
    types: [API],
    evaluate: judgePrivateApi,
  },
  {
    id: "method-needs-a-caller",
    title: "Every method authenticates its callers",
    asks: ["CKV_AWS_59", "CKV2_AWS_70", "AwsSolutions-APIG4"],
    severity: "critical",
    types: [API],
    evaluate: judgeEachMethod(({ verb, security }) => {
      if (verb === "OPTIONS") return PASS;
      if (!Array.isArray(security)) return unknownUntilApply("security");
      return passIf(
        security.length > 0 && security.every((scheme) => Object.keys(scheme as object).length > 0),
        "security is empty, so anybody may call; allowed: a scheme, such as sigv4 or api_key.",
      );
    }),
  },
  {
    id: "requests-are-validated",
    title: "The gateway checks bodies and parameters",
    asks: ["CKV2_AWS_53", "AwsSolutions-APIG2"],
    severity: "warning",
    types: [API],
    evaluate: judgeEachMethod(({ body }, { document }) => {
      const name = body[VALIDATOR] ?? document[VALIDATOR];
      const validators = (document[`${VALIDATOR}s`] ?? {}) as Readonly<Record<string, Operation["body"]>>;
      const validator = validators[String(name)];
      return passIf(
        validator?.["validateRequestBody"] === true && validator["validateRequestParameters"] === true,
        `${VALIDATOR} is ${JSON.stringify(name) ?? "not given"}; allowed: one that validates body and parameters.`,
      );
    }),
  },
  // Otherwise a body whose type has no model passes unchecked (API Gateway developer guide, "Method request behavior
  // for payloads without mapping templates").
  {
    id: "other-content-types-are-refused",
    title: "A body of a type that the API does not know is refused",
    severity: "warning",
    types: [API],
    evaluate: judgeEachMethod(({ integration }) => {
      const given = integration["passthroughBehavior"];
      return passIf(
        String(given).toLowerCase() === "never",
        `passthroughBehavior is ${JSON.stringify(given) ?? "not given"}; allowed: never.`,
      );
    }),
  },
  {
    id: "gateway-responses-leak-nothing",
    title: "The gateway's own answers reveal nothing of what is behind it",
    severity: "warning",
    types: [API],
    evaluate: judgeBody(({ document }) => {
      const responses = (document[RESPONSES] ?? {}) as Readonly<Record<string, unknown>>;
      const missing = DEFAULT_RESPONSES.filter((type) => responses[type] === undefined).join(" and no ");
      return [
        passIf(missing === "", `${RESPONSES} has no ${missing}; allowed: both defaults, with a template of your own.`),
        ...Object.entries(responses).map(([type, response]) => namePart(type, judgeResponse(response))),
      ];
    }),
  },
  // No scanner looks at the key of a cache.
  {
    id: "cache-is-keyed-by-caller",
    title: "The cache's key holds path and caller",
    severity: "critical",
    types: [SETTINGS],
    evaluate: (settings, plan) =>
      settings.get(...CACHING) instanceof Unknown
        ? unknownUntilApply("settings[0].caching_enabled")
        : judgeCaching(judgeCachedMethod)(settings, plan),
  },
  {
    id: "stage-caches-nothing-unasked",
    title: "A stage with a cache does not cache every method by default",
    severity: "critical",
    types: ["aws_api_gateway_stage"],
    evaluate: judgeDefaultCaching,
  },
  {
    id: "cache-is-emptied-on-authority",
    title: "Only callers who are allowed to may invalidate a cached answer",
    severity: "warning",
    types: [SETTINGS],
    evaluate: judgeCaching((settings) =>
      judgeAttribute(settings, ["settings", 0, "require_authorization_for_cache_control"], {
        ...isTrue,
        // API Gateway developer guide, "Invalidate an existing cache".
        allowed: "true, or any client empties the cache with Cache-Control: max-age=0",
      }),
    ),
  },
  {
    id: "cached-answers-are-encrypted",
    title: "Cached answers are encrypted",
    asks: ["CKV_AWS_308", "APIGWCacheEnabledAndEncrypted"],
    severity: "warning",
    types: [SETTINGS],
    evaluate: judgeCaching((settings) => judgeAttribute(settings, ["settings", 0, "cache_data_encrypted"], isTrue)),
  },
  // Scanners ask to cache everything, whatever the key. The decision about it is in `suppressions.ts`.
  attributeRule({
    id: "every-method-is-cached",
    title: "Every method's answers are cached",
    asks: ["CKV_AWS_120", "CKV_AWS_225", "AWS-0190", "APIGWCacheEnabledAndEncrypted"],
    severity: "info",
    types: [SETTINGS],
    path: CACHING,
    demand: isTrue,
  }),
];
