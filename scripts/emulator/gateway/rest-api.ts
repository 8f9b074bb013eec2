import { type AccessLog, createContext } from "./access-log";
import type { Applied } from "../applied/applied";
import { authorize, describeIdentity, type Caller } from "./authorization";
import type { InvocationResult } from "../functions/function-host";
import type { GatewayRequest } from "./gateway";
import { GatewayResponses, type GatewayAnswer, type GatewayFailure, type MappingSource } from "./gateway-responses";
import { LambdaIntegration } from "./lambda-integration";
import { type Observer, count, type StatisticsRecorder } from "../statistics";
import { cacheControlOf, cacheKey, type ResponseCache } from "./response-cache";
import { readRoutes, type Integration, RouteTable, type RouteMatch } from "./route";
import { ENDPOINT_HEADER, ResourcePolicy } from "./resource-policy";
import { AuthorizerDecisions, TokenCheck, methodArnOf } from "./token-authorizer";
import type { Throttle } from "./throttle";

export interface RestApiOptions {
  readonly region: string;
  readonly callers: readonly Caller[];
  readonly now: () => number;
  readonly cache: ResponseCache;
  /** Default: none are kept yet. */
  readonly decisions?: AuthorizerDecisions;
  readonly throttle: Throttle;
  readonly statistics: StatisticsRecorder;
  /** Default: nobody is told. */
  readonly observer?: Observer;
  readonly accessLog: AccessLog;
  readonly warn: (message: string) => void;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
}

/** A method's ARN, path included, where a request is authorized: 1,600 bytes (API Gateway quotas). */
const MAX_METHOD_ARN_BYTES = 1_600;

/** Local only: shows whether an answer came from the cache (`hit`), passed it (`miss`) or had none (`off`). */
export const CACHE_HEADER = "x-local-cache";

/** What the cache did, in the request's context. The space keeps it out of every format: no variable's name has one. */
const CACHE_RESULT = "cache result";

/**
 * One applied REST API on one applied stage. It answers in the order of AWS: route, caller, limits, request, cache,
 * function.
 */
export class RestApi {
  private readonly routes: RouteTable;
  private readonly responses: GatewayResponses;
  private readonly integration: LambdaIntegration;
  private readonly tokens: TokenCheck;
  private readonly policy: ResourcePolicy | undefined;

  constructor(
    private readonly applied: Applied,
    private readonly options: RestApiOptions,
  ) {
    const { document, policy } = applied.api;
    this.policy = policy === undefined ? undefined : ResourcePolicy.parse(policy);
    this.routes = new RouteTable(readRoutes(document, applied.methodSettings, options.warn));
    this.responses = new GatewayResponses(document);
    const invoke = (arn: string, payload: string) => options.invoke(arn, payload);
    this.integration = new LambdaIntegration(applied, invoke);
    this.tokens = new TokenCheck(applied, options.decisions ?? new AuthorizerDecisions(options.now), invoke);
  }

  /** The answer to a request; `problem` is set where the server could not take it at all. */
  async handle(request: GatewayRequest, problem?: GatewayFailure): Promise<GatewayAnswer> {
    const { api, stage } = this.applied;
    const began = performance.now();
    const context = createContext(api, stage, request, this.options.now());
    const path = request.rawPath.startsWith(`/${stage.name}/`)
      ? request.rawPath.slice(stage.name.length + 1)
      : undefined;
    const match = path === undefined ? undefined : this.routes.match(request.method, path);
    const source: MappingSource = {
      request,
      context,
      pathParameters: match?.pathParameters ?? {},
      stageVariables: stage.variables,
    };
    const result = problem ?? (match === undefined ? missingRoute : await this.answer(match, source));
    const answer = "type" in result ? this.responses.render(result, source) : result;
    if (match !== undefined) count(this.options.statistics.route(match.route.name).responses, String(answer.status));
    const latencyMs = performance.now() - began;
    this.log(answer, context, latencyMs);
    if (path !== undefined) this.tell(answer, context, latencyMs);
    return {
      ...answer,
      headers: [
        ...answer.headers,
        ["x-amzn-RequestId", context.get("requestId")!],
        ["x-amz-apigw-id", context.get("extendedRequestId")!],
      ],
    };
  }

  private async answer(match: RouteMatch, source: MappingSource): Promise<GatewayAnswer | GatewayFailure> {
    const { route } = match;
    const { request, context } = source;
    const { apiKeys, stage } = this.applied;
    this.options.statistics.route(route.name).requests += 1;
    context.set("resourcePath", route.resourcePath);
    if (route.needsSignature && this.methodArnBytes(source) > MAX_METHOD_ARN_BYTES)
      return { type: "REQUEST_URI_TOO_LONG" };
    const { region, callers, now } = this.options;
    // Who signs is known before the policy is asked; who shows a token or a key is asked for it after.
    const early = route.needsSignature ? undefined : this.refusedByPolicy(match, source);
    if (early !== undefined) return early;
    const identity = await authorize(route, request, { region, callers, apiKeys, nowMs: now() });
    if ("type" in identity) return identity;
    describeIdentity(identity, context);
    const late = route.needsSignature ? this.refusedByPolicy(match, source) : undefined;
    if (late !== undefined) return late;
    const denied = route.authorizer === undefined ? undefined : await this.tokens.check(route.authorizer, source);
    const refused =
      denied ??
      this.options.throttle.check(route, identity.apiKey) ??
      route.validation.check(request, source.pathParameters);
    if (refused !== undefined) return refused;
    if (route.integration === undefined) return { type: "API_CONFIGURATION_ERROR" };
    if (stage.cacheClusterEnabled && route.cacheable) return this.answerCached(match, route.integration, source);
    return this.callFunction(match, route.integration, source, "off");
  }

  /**
   * What the API's resource policy says: it denies whoever comes another way, and alone lets in who neither signs nor
   * shows a token.
   */
  private refusedByPolicy({ route }: RouteMatch, { request, context }: MappingSource): GatewayFailure | undefined {
    if (this.policy === undefined) return undefined;
    const endpoint = this.policy.endpointOf(request.header(ENDPOINT_HEADER));
    if (endpoint !== undefined) context.set("identity.vpceId", endpoint);
    const question = {
      methodArn: methodArnOf(this.applied, request),
      endpoint,
      caller: context.get("identity.userArn") ?? "anonymous",
    };
    const decidesAlone = !route.needsSignature && route.authorizer === undefined;
    return this.policy.denied(question) ?? (decidesAlone ? this.policy.notAllowed(question) : undefined);
  }

  private async answerCached(
    match: RouteMatch,
    integration: Integration,
    source: MappingSource,
  ): Promise<GatewayAnswer | GatewayFailure> {
    const { route } = match;
    const control = cacheControlOf(source.request, route.settings);
    if ("type" in control) return control;
    const statistics = this.options.statistics.route(route.name);
    const key = cacheKey(route, integration, source);
    const kept = control.refresh ? undefined : this.options.cache.get(key);
    source.context.set(CACHE_RESULT, kept === undefined ? "miss" : "hit");
    if (kept !== undefined) {
      statistics.cacheHits += 1;
      return withHeaders(kept, [[CACHE_HEADER, "hit"], ...control.headers]);
    }
    statistics.cacheMisses += 1;
    const answer = await this.callFunction(match, integration, source, "miss", key);
    return "type" in answer ? answer : withHeaders(answer, control.headers);
  }

  /** Calls the function; with a key, keeps what it says, whatever its status, as AWS does. */
  private async callFunction(
    match: RouteMatch,
    integration: Integration,
    source: MappingSource,
    cache: string,
    key?: string,
  ): Promise<GatewayAnswer | GatewayFailure> {
    this.options.statistics.route(match.route.name).integrationCalls += 1;
    const answer = await this.integration.call(match.route, integration, source);
    if ("type" in answer) return answer;
    if (key !== undefined) this.options.cache.put(key, answer, match.route.settings.cacheTtlSeconds);
    return withHeaders(answer, [[CACHE_HEADER, cache]]);
  }

  private methodArnBytes({ request }: MappingSource): number {
    return Buffer.byteLength(`${this.applied.api.executionArn}/${request.method}${request.rawPath}`);
  }

  private tell({ status }: GatewayAnswer, context: ReadonlyMap<string, string>, latencyMs: number): void {
    const { api, stage } = this.applied;
    const integrationLatency = context.get("integrationLatency");
    const result = context.get(CACHE_RESULT);
    this.options.observer?.answered({
      apiName: api.name,
      stage: stage.name,
      startedAtMs: Date.now() - latencyMs,
      status,
      latencyMs,
      integrationLatencyMs: integrationLatency === undefined ? undefined : Number(integrationLatency),
      cache: !stage.cacheClusterEnabled ? "off" : result === "hit" || result === "miss" ? result : "none",
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

/** A REST API does not say 404: without a route it cannot tell who may know. */
const missingRoute: GatewayFailure = { type: "MISSING_AUTHENTICATION_TOKEN" };

function withHeaders(answer: GatewayAnswer, headers: GatewayAnswer["headers"]): GatewayAnswer {
  return { ...answer, headers: [...answer.headers, ...headers] };
}
