import {
  asList,
  asObject,
  asText,
  asTexts,
  firstBlock,
  numberOr,
  parseObject,
  type JsonObject,
  requireText,
} from "../json";
import type { StateResource } from "../../kit/state";
import type { State } from "./applied";

/** What happens to a caller's `Cache-Control` where invalidating the cache needs a permission. */
const STRATEGIES = ["FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"] as const;

/** Requests a second, and how many may come at once. */
export interface Limit {
  readonly rate: number;
  readonly burst: number;
}

/** Settings of one method of a stage. */
export interface MethodSettings {
  readonly cachingEnabled: boolean;
  readonly cacheTtlSeconds: number;
  readonly requiresAuthorizationForCacheControl: boolean;
  readonly cacheControlStrategy: (typeof STRATEGIES)[number];
  readonly throttle: Limit | undefined;
}

/** Settings of a stage, with the methods that they cover. */
export interface AppliedMethodSettings {
  /** `*` or a resource path such as `/api/v1/status/{request_id}`. */
  readonly resourcePath: string;
  /** `*` or an HTTP method. */
  readonly method: string;
  readonly settings: MethodSettings;
}

export interface AppliedApi {
  readonly id: string;
  /** CloudWatch's dimension ApiName; "" where the state has none. */
  readonly name: string;
  /** `arn:aws:execute-api:<region>:<account>:<api>`. */
  readonly executionArn: string;
  /** The parsed OpenAPI document. */
  readonly document: JsonObject;
  /** The resource policy, as JSON text; undefined where there is none. */
  readonly policy: string | undefined;
}

export interface AppliedStage {
  readonly name: string;
  readonly cacheClusterEnabled: boolean;
  readonly cacheClusterSize: string;
  readonly accessLogFormat: string | undefined;
  readonly variables: Readonly<Record<string, string>>;
}

export type QuotaPeriod = "DAY" | "WEEK" | "MONTH";

/** Limits of all callers that hold a key of the plan. */
interface AppliedUsagePlan {
  readonly id: string;
  readonly throttle: Limit | undefined;
  readonly quota: { readonly limit: number; readonly period: QuotaPeriod } | undefined;
}

/** A key that is enabled and belongs to a usage plan of the served stage. */
export interface AppliedApiKey {
  readonly id: string;
  readonly value: string;
  readonly plan: AppliedUsagePlan;
}

/** @throws Error where the body is not an OpenAPI document in JSON */
export function readApi(state: State): AppliedApi {
  const resource = state.only("aws_api_gateway_rest_api");
  const body = requireText(resource, "body");
  const document = parseObject(body);
  if (document === undefined)
    throw new Error(
      `${resource.address}: the local runtime reads an OpenAPI body in JSON, and this body begins ` +
        `"${body.slice(0, 40)}". Write it with jsonencode().`,
    );
  if (asObject(document.paths) === undefined) throw new Error(`${resource.address}: its OpenAPI body has no "paths".`);
  return {
    id: requireText(resource, "id"),
    name: asText(resource.values.name) ?? "",
    executionArn: requireText(resource, "execution_arn"),
    document,
    policy: asText(resource.values.policy),
  };
}

export function readStage(state: State): AppliedStage {
  const resource = state.only("aws_api_gateway_stage");
  const { values } = resource;
  return {
    name: requireText(resource, "stage_name"),
    cacheClusterEnabled: values.cache_cluster_enabled === true,
    cacheClusterSize: asText(values.cache_cluster_size) ?? "",
    accessLogFormat: asText(firstBlock(values.access_log_settings)?.format),
    variables: asTexts(values.variables),
  };
}

export function readMethodSettings(state: State): AppliedMethodSettings[] {
  return state.all("aws_api_gateway_method_settings").map((resource) => ({
    ...parseMethodPath(requireText(resource, "method_path")),
    settings: readSettings(firstBlock(resource.values.settings) ?? {}),
  }));
}

/** `api/v1/x/GET`, `/api/v1/x/GET` and `~1api~1v1~1x/GET` name the same method. */
export function parseMethodPath(methodPath: string): { resourcePath: string; method: string } {
  const path = methodPath.replaceAll("~1", "/").replace(/^\/+/, "");
  const slash = path.lastIndexOf("/");
  const resource = path.slice(0, Math.max(slash, 0));
  return { resourcePath: resource === "*" ? "*" : `/${resource}`, method: path.slice(slash + 1).toUpperCase() };
}

/**
 * Defaults for attributes that Terraform left out are API Gateway's: no cache, 300 s, and a permission is needed to
 * invalidate.
 */
function readSettings(given: JsonObject): MethodSettings {
  const strategy = given.unauthorized_cache_control_header_strategy;
  const [rate, burst] = [numberOr(given.throttling_rate_limit, -1), numberOr(given.throttling_burst_limit, -1)];
  return {
    cachingEnabled: given.caching_enabled === true,
    cacheTtlSeconds: numberOr(given.cache_ttl_in_seconds, 300),
    requiresAuthorizationForCacheControl: given.require_authorization_for_cache_control !== false,
    cacheControlStrategy: STRATEGIES.find((known) => known === strategy) ?? "SUCCEED_WITH_RESPONSE_HEADER",
    // The provider writes -1 for "no limit".
    throttle: rate < 0 ? undefined : { rate, burst: burst < 0 ? rate : burst },
  };
}

/** Keys that are enabled and belong to a usage plan of this stage. */
export function readApiKeys(state: State, api: AppliedApi, stage: AppliedStage): AppliedApiKey[] {
  const plans = state
    .all("aws_api_gateway_usage_plan")
    .filter((plan) => coversStage(plan, api, stage))
    .map(readPlan);
  const keys = state.all("aws_api_gateway_api_key").filter((key) => key.values.enabled !== false);
  return state.all("aws_api_gateway_usage_plan_key").flatMap((link) => {
    const plan = plans.find((candidate) => candidate.id === link.values.usage_plan_id);
    const key = keys.find((candidate) => candidate.values.id === link.values.key_id);
    return plan === undefined || key === undefined
      ? []
      : [{ id: requireText(key, "id"), value: requireText(key, "value"), plan }];
  });
}

function coversStage(plan: StateResource, api: AppliedApi, stage: AppliedStage): boolean {
  return asList(plan.values.api_stages).some(
    (entry) => asObject(entry)?.api_id === api.id && asObject(entry)?.stage === stage.name,
  );
}

function readPlan(resource: StateResource): AppliedUsagePlan {
  const throttle = firstBlock(resource.values.throttle_settings);
  const quota = firstBlock(resource.values.quota_settings);
  const rate = numberOr(throttle?.rate_limit, 0);
  const limit = numberOr(quota?.limit, 0);
  return {
    id: requireText(resource, "id"),
    throttle: throttle === undefined || rate <= 0 ? undefined : { rate, burst: numberOr(throttle.burst_limit, 0) },
    quota: quota === undefined || limit <= 0 ? undefined : { limit, period: quota.period as QuotaPeriod },
  };
}
