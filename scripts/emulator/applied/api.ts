import { block, list, numberOr, record, strings, text, type State, type Values } from "./state";
import type { StateResource } from "../../kit/state";

/** What happens to a caller's `Cache-Control` where invalidation needs a permission. */
export type CacheControlStrategy = "FAIL_WITH_403" | "SUCCEED_WITH_RESPONSE_HEADER" | "SUCCEED_WITHOUT_RESPONSE_HEADER";

/** Settings of one method of a stage. */
export interface MethodSettings {
  readonly cachingEnabled: boolean;
  readonly cacheTtlSeconds: number;
  readonly requiresAuthorizationForCacheControl: boolean;
  readonly cacheControlStrategy: CacheControlStrategy;
  /** Requests a second; undefined = not throttled. */
  readonly throttleRate: number | undefined;
  readonly throttleBurst: number | undefined;
}

/** Settings as applied, with the methods that they cover. */
export interface AppliedMethodSettings {
  /** `*` or a resource path such as `/api/v1/status/{request_id}`. */
  readonly resourcePath: string;
  /** `*` or an HTTP method. */
  readonly method: string;
  readonly settings: MethodSettings;
}

export interface AppliedApi {
  readonly id: string;
  /** By which CloudWatch keys its metrics; "" where the state has none. */
  readonly name: string;
  /** `arn:aws:execute-api:<region>:<account>:<api>`. */
  readonly executionArn: string;
  /** The parsed OpenAPI document. */
  readonly document: Values;
  /** Its resource policy, as JSON text; undefined where it has none. */
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

export interface AppliedUsagePlan {
  readonly id: string;
  readonly throttle: { readonly rate: number; readonly burst: number } | undefined;
  readonly quota: { readonly limit: number; readonly period: QuotaPeriod } | undefined;
}

/** A key that is enabled and belongs to a usage plan of the served stage. */
export interface AppliedApiKey {
  readonly id: string;
  readonly value: string;
  readonly plan: AppliedUsagePlan;
}

export function readApi(state: State): AppliedApi {
  const resource = state.only("aws_api_gateway_rest_api");
  const body = text(resource, "body");
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch (cause) {
    throw new Error(
      `${resource.address}: the local runtime reads an OpenAPI body in JSON, and this body begins "${body.slice(0, 40)}". Write it with jsonencode().`,
      { cause },
    );
  }
  const parsed = record(document);
  if (record(parsed?.paths) === undefined) throw new Error(`${resource.address}: its OpenAPI body has no "paths".`);
  const { name, policy } = resource.values;
  return {
    id: text(resource, "id"),
    name: typeof name === "string" ? name : "",
    executionArn: text(resource, "execution_arn"),
    document: parsed!,
    policy: typeof policy === "string" && policy !== "" ? policy : undefined,
  };
}

export function readStage(state: State): AppliedStage {
  const resource = state.only("aws_api_gateway_stage");
  const { values } = resource;
  const format = block(values.access_log_settings)?.format;
  return {
    name: text(resource, "stage_name"),
    cacheClusterEnabled: values.cache_cluster_enabled === true,
    cacheClusterSize: typeof values.cache_cluster_size === "string" ? values.cache_cluster_size : "",
    accessLogFormat: typeof format === "string" ? format : undefined,
    variables: strings(values.variables),
  };
}

export function readMethodSettings(state: State): AppliedMethodSettings[] {
  return state.all("aws_api_gateway_method_settings").map((resource) => {
    const given = block(resource.values.settings) ?? {};
    return { ...parseMethodPath(text(resource, "method_path")), settings: readSettings(given) };
  });
}

/** `api/v1/x/GET`, `/api/v1/x/GET` and `~1api~1v1~1x/GET` name the same method. */
export function parseMethodPath(methodPath: string): { resourcePath: string; method: string } {
  const path = methodPath.replaceAll("~1", "/").replace(/^\/+/, "");
  const slash = path.lastIndexOf("/");
  const resource = path.slice(0, Math.max(slash, 0));
  return { resourcePath: resource === "*" ? "*" : `/${resource}`, method: path.slice(slash + 1).toUpperCase() };
}

/** API Gateway's defaults for what terraform left out: no cache, 300 s, invalidation needs a permission. */
function readSettings(given: Values): MethodSettings {
  const rate = numberOr(given.throttling_rate_limit, -1);
  const burst = numberOr(given.throttling_burst_limit, -1);
  const strategy = given.unauthorized_cache_control_header_strategy;
  return {
    cachingEnabled: given.caching_enabled === true,
    cacheTtlSeconds: numberOr(given.cache_ttl_in_seconds, 300),
    requiresAuthorizationForCacheControl: given.require_authorization_for_cache_control !== false,
    cacheControlStrategy: isStrategy(strategy) ? strategy : "SUCCEED_WITH_RESPONSE_HEADER",
    throttleRate: rate < 0 ? undefined : rate,
    throttleBurst: burst < 0 ? undefined : burst,
  };
}

function isStrategy(value: unknown): value is CacheControlStrategy {
  return (
    value === "FAIL_WITH_403" || value === "SUCCEED_WITH_RESPONSE_HEADER" || value === "SUCCEED_WITHOUT_RESPONSE_HEADER"
  );
}

export function readApiKeys(state: State, api: AppliedApi, stage: AppliedStage): AppliedApiKey[] {
  const plans = state
    .all("aws_api_gateway_usage_plan")
    .filter((plan) => coversStage(plan, api, stage))
    .map(readPlan);
  const keys = state.all("aws_api_gateway_api_key").filter((key) => key.values.enabled !== false);
  return state.all("aws_api_gateway_usage_plan_key").flatMap((link) => {
    const plan = plans.find((candidate) => candidate.id === link.values.usage_plan_id);
    const key = keys.find((candidate) => candidate.values.id === link.values.key_id);
    return plan === undefined || key === undefined ? [] : [{ id: text(key, "id"), value: text(key, "value"), plan }];
  });
}

function coversStage(plan: StateResource, api: AppliedApi, stage: AppliedStage): boolean {
  return list(plan.values.api_stages).some(
    (entry) => record(entry)?.api_id === api.id && record(entry)?.stage === stage.name,
  );
}

function readPlan(resource: StateResource): AppliedUsagePlan {
  const throttle = block(resource.values.throttle_settings);
  const quota = block(resource.values.quota_settings);
  const rate = numberOr(throttle?.rate_limit, 0);
  const limit = numberOr(quota?.limit, 0);
  return {
    id: text(resource, "id"),
    throttle: throttle === undefined || rate <= 0 ? undefined : { rate, burst: numberOr(throttle.burst_limit, 0) },
    quota: quota === undefined || limit <= 0 ? undefined : { limit, period: quota.period as QuotaPeriod },
  };
}
