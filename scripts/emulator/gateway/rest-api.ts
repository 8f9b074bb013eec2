import { randomUUID } from "node:crypto";
import type { Applied } from "../applied/applied";
import type { RuntimeContext } from "../functions/function-host";
import { increment } from "../statistics";
import { authorize, methodArnOf, TokenCheck, writeIdentity, type Caller } from "./authorization";
import type { GatewayRequest } from "./gateway";
import { GatewayResponses, type GatewayAnswer, type GatewayFailure, type MappingSource } from "./gateway-responses";
import { LambdaIntegration } from "./lambda-integration";
import { ResourcePolicy, type AuthorizerAnswer } from "./policy";
import { readRoutes, RouteTable, type Route, type ServedRoute } from "./route";
import {
  makeCacheKey,
  ExpiringCache,
  readCacheControl,
  type AccessLog,
  type ResponseCache,
  type Throttle,
} from "./stage";

interface RestApiOptions extends RuntimeContext {
  readonly callers: readonly Caller[];
  readonly now: () => number;
  readonly cache: ResponseCache;
  /** Default: an empty cache of this API. */
  readonly authorizerCache?: ExpiringCache<AuthorizerAnswer>;
  readonly throttle: Throttle;
  readonly accessLog: AccessLog;
  /**
   * Name of the header by which a call says through which VPC endpoint it comes: an id, or `none`. Functions do not see
   * it. Default: X-Local-Vpc-Endpoint. A call without it comes through the first endpoint that the API's policy names.
   */
  readonly endpointHeader?: string;
}

/** Longest ARN of a method, path included, that can be authorized: 1,600 bytes (API Gateway quotas). */
const MAX_METHOD_ARN_BYTES = 1_600;

/** Local only: whether an answer came from the cache (`hit`), was put into it (`miss`) or is not cached (`off`). */
export const CACHE_HEADER = "x-local-cache";

/** A REST API answers 403 instead of 404 to a path that it does not know. */
const UNKNOWN_ROUTE: GatewayFailure = { type: "MISSING_AUTHENTICATION_TOKEN" };

/** One applied REST API on its stage. It checks in AWS's order: route, caller, limits, request, cache, function. */
export class RestApi {
  private readonly routes: RouteTable;
  private readonly responses: GatewayResponses;
  private readonly integration: LambdaIntegration;
  private readonly tokens: TokenCheck;
  private readonly policy: ResourcePolicy | undefined;
  private readonly endpointHeader: string;

  constructor(
    private readonly applied: Applied,
    private readonly options: RestApiOptions,
  ) {
    const { document, policy } = applied.api;
    const { warn, now, authorizerCache = new ExpiringCache<AuthorizerAnswer>(now) } = options;
    this.endpointHeader = options.endpointHeader ?? "X-Local-Vpc-Endpoint";
    const invoke = (arn: string, payload: string) => options.invoke(arn, payload);
    this.policy = policy === undefined ? undefined : new ResourcePolicy(policy);
    this.routes = new RouteTable(readRoutes(document, applied.methodSettings, warn));
    this.responses = new GatewayResponses(document);
    this.integration = new LambdaIntegration(applied, invoke, this.endpointHeader);
    this.tokens = new TokenCheck(applied, authorizerCache, invoke);
  }

  /** Answers a request. @param problem why the server could not take it at all */
  async handle(request: GatewayRequest, problem?: GatewayFailure): Promise<GatewayAnswer> {
    const { stage } = this.applied;
    const beganMs = performance.now();
    const context = createContext(this.applied, request, this.options.now());
    const isOfStage = request.rawPath.startsWith(`/${stage.name}/`);
    const match = isOfStage
      ? this.routes.match(request.method, request.rawPath.slice(stage.name.length + 1))
      : undefined;
    const source: MappingSource = {
      request,
      context,
      pathParameters: match?.pathParameters ?? {},
      stageVariables: stage.variables,
    };
    const result = problem ?? (match === undefined ? UNKNOWN_ROUTE : await this.answer(match.route, source));
    const answer = "type" in result ? this.responses.render(result, source) : result;
    if (match !== undefined)
      increment(this.options.statistics.route(match.route.name).responses, String(answer.status));
    const latencyMs = performance.now() - beganMs;
    this.log(answer, context, latencyMs);
    if (isOfStage) this.observe(answer, source, latencyMs);
    return addHeaders(answer, [
      ["x-amzn-RequestId", context.get("requestId") ?? ""],
      ["x-amz-apigw-id", context.get("extendedRequestId") ?? ""],
    ]);
  }

  private async answer(route: Route, source: MappingSource): Promise<GatewayAnswer | GatewayFailure> {
    this.options.statistics.route(route.name).requests += 1;
    source.context.set("resourcePath", route.resourcePath);
    const refusal = await this.findRefusal(route, source);
    if (refusal !== undefined) return refusal;
    if (!isServed(route)) return { type: "API_CONFIGURATION_ERROR" };
    if (this.applied.stage.cacheClusterEnabled && route.cacheable) return this.answerCached(route, source);
    const answer = await this.callFunction(route, source);
    return "type" in answer ? answer : addHeaders(answer, [[CACHE_HEADER, "off"]]);
  }

  private async findRefusal(route: Route, source: MappingSource): Promise<GatewayFailure | undefined> {
    const { request, context } = source;
    const { region, callers, now, throttle } = this.options;
    const { needsSignature, authorizer } = route;
    if (needsSignature && Buffer.byteLength(methodArnOf(this.applied, request)) > MAX_METHOD_ARN_BYTES)
      return { type: "REQUEST_URI_TOO_LONG" };
    // A signature is checked before the policy, which needs the signer; tokens and keys are checked after it.
    const earlyRefusal = needsSignature ? undefined : this.checkPolicy(route, source);
    if (earlyRefusal !== undefined) return earlyRefusal;
    const { apiKeys } = this.applied;
    const identity = await authorize(route, request, { region, callers, apiKeys, nowMs: now() });
    if ("type" in identity) return identity;
    writeIdentity(identity, context);
    return (
      (needsSignature ? this.checkPolicy(route, source) : undefined) ??
      (authorizer === undefined ? undefined : await this.tokens.check(authorizer, source)) ??
      throttle.check(route, identity.apiKey) ??
      route.validation.check(request, source.pathParameters)
    );
  }

  /** The API's resource policy can deny every call. A call without signature and token needs its permission. */
  private checkPolicy(route: Route, { request, context }: MappingSource): GatewayFailure | undefined {
    if (this.policy === undefined) return undefined;
    const endpoint = this.policy.endpointOf(request.header(this.endpointHeader));
    if (endpoint !== undefined) context.set("identity.vpceId", endpoint);
    const caller = context.get("identity.userArn") ?? "anonymous";
    const question = { methodArn: methodArnOf(this.applied, request), endpoint, caller };
    const needsPermission = !route.needsSignature && route.authorizer === undefined;
    return this.policy.checkDeny(question) ?? (needsPermission ? this.policy.checkAllow(question) : undefined);
  }

  /** Answers from the cache, or calls the function and caches its answer whatever the status, as AWS does. */
  private async answerCached(route: ServedRoute, source: MappingSource): Promise<GatewayAnswer | GatewayFailure> {
    const control = readCacheControl(source.request, route.settings);
    if ("type" in control) return control;
    const { cache, statistics } = this.options;
    const key = makeCacheKey(route, source);
    const cached = control.refresh ? undefined : cache.get(key);
    source.cacheResult = cached === undefined ? "miss" : "hit";
    statistics.route(route.name)[cached === undefined ? "cacheMisses" : "cacheHits"] += 1;
    const answer = cached ?? (await this.callFunction(route, source));
    if ("type" in answer) return answer;
    if (cached === undefined) cache.put(key, answer, route.settings.cacheTtlSeconds);
    return addHeaders(answer, [[CACHE_HEADER, source.cacheResult], ...control.headers]);
  }

  private callFunction(route: ServedRoute, source: MappingSource): Promise<GatewayAnswer | GatewayFailure> {
    this.options.statistics.route(route.name).integrationCalls += 1;
    return this.integration.call(route, source);
  }

  private observe({ status }: GatewayAnswer, { context, cacheResult }: MappingSource, latencyMs: number): void {
    const { api, stage } = this.applied;
    const integrationLatency = context.get("integrationLatency");
    this.options.observer?.answered({
      apiName: api.name,
      stage: stage.name,
      startedAtMs: Date.now() - latencyMs,
      status,
      latencyMs,
      integrationLatencyMs: integrationLatency === undefined ? undefined : Number(integrationLatency),
      cache: stage.cacheClusterEnabled ? (cacheResult ?? "none") : "off",
    });
  }

  private log(answer: GatewayAnswer, context: Map<string, string>, latencyMs: number): void {
    const format = this.applied.stage.accessLogFormat;
    if (format === undefined) return;
    context.set("status", String(answer.status));
    context.set("responseLength", String(answer.body.length));
    context.set("responseLatency", String(Math.round(latencyMs)));
    this.options.accessLog.write(format, context);
  }
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * `$context` of one request, which mapping expressions, gateway responses, the event and the access log read.
 * @param nowMs milliseconds since 1970
 */
export function createContext(
  { api, stage }: Pick<Applied, "api" | "stage">,
  request: GatewayRequest,
  nowMs: number,
): Map<string, string> {
  const traceId =
    request.header("x-amzn-trace-id") ?? `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${randomHex(24)}`;
  const domainName = request.header("host") ?? "";
  return new Map([
    ["requestId", randomUUID()],
    ["extendedRequestId", `${randomHex(15)}=`],
    ["accountId", api.executionArn.split(":")[4] ?? ""],
    ["apiId", api.id],
    ["stage", stage.name],
    ["path", request.rawPath],
    ["httpMethod", request.method],
    ["protocol", "HTTP/1.1"],
    ["domainName", domainName],
    ["domainPrefix", domainName.split(".")[0] ?? ""],
    ["requestTime", formatLogTime(nowMs)],
    ["requestTimeEpoch", String(nowMs)],
    ["xrayTraceId", traceId],
    ["identity.sourceIp", request.sourceIp],
    ["identity.userAgent", request.header("user-agent") ?? ""],
  ]);
}

const randomHex = (digits: number): string => randomUUID().replaceAll("-", "").slice(0, digits);

/** Such as `09/Apr/2026:12:34:56 +0000`. */
export function formatLogTime(nowMs: number): string {
  const [date = "", time = ""] = new Date(nowMs).toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}

const isServed = (route: Route): route is ServedRoute => route.integration !== undefined;

function addHeaders(answer: GatewayAnswer, headers: GatewayAnswer["headers"]): GatewayAnswer {
  return { ...answer, headers: [...answer.headers, ...headers] };
}
