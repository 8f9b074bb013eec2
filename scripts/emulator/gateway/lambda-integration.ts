import type { MappingSource, GatewayAnswer, GatewayFailure } from "./gateway-responses";
import { ENDPOINT_HEADER } from "./resource-policy";
import type { Route, Integration } from "./route";
import { list, record, type Values } from "../applied/state";
import type { Applied } from "../applied/applied";
import type { InvocationResult } from "../functions/function-host";
import { mayInvoke } from "../applied/functions";

/** Media types that the API passes as Base64, from `x-amazon-apigateway-binary-media-types`. */
export function isBinary(mediaTypes: readonly string[], contentType: string | undefined): boolean {
  const given = (contentType ?? "application/json").split(";")[0]!.trim().toLowerCase();
  return mediaTypes.some((type) => type === "*/*" || type.toLowerCase() === given);
}

/**
 * The event of a Lambda proxy integration, payload version 1.0 (API Gateway developer guide, set up Lambda proxy
 * integrations).
 */
export function proxyEvent(
  route: Route,
  source: MappingSource,
  mediaTypes: readonly string[],
): Record<string, unknown> {
  const { request, context } = source;
  const headers = forwardedHeaders(route, source);
  const query = [...request.query];
  const binary = isBinary(mediaTypes, request.header("content-type"));
  return {
    resource: route.resourcePath,
    path: request.rawPath.slice(`/${context.get("stage")}`.length) || "/",
    httpMethod: request.method,
    headers: lastValues(headers),
    multiValueHeaders: allValues(headers),
    queryStringParameters: orNull(Object.fromEntries(query.map(([name, values]) => [name, values.at(-1) ?? ""]))),
    multiValueQueryStringParameters: orNull(Object.fromEntries(query)),
    pathParameters: orNull(source.pathParameters),
    stageVariables: orNull(source.stageVariables),
    requestContext: requestContext(route, context),
    body: request.body.length === 0 ? null : request.body.toString(binary ? "base64" : "utf8"),
    isBase64Encoded: binary && request.body.length > 0,
  };
}

function requestContext(route: Route, context: ReadonlyMap<string, string>): Record<string, unknown> {
  const take = (...names: string[]) => Object.fromEntries(names.map((name) => [name, context.get(name) ?? null]));
  const identity = [
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "accessKey",
    "sourceIp",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "userArn",
    "userAgent",
    "user",
    "apiKey",
    "apiKeyId",
  ];
  return {
    ...take(
      "accountId",
      "apiId",
      "stage",
      "path",
      "protocol",
      "requestId",
      "extendedRequestId",
      "requestTime",
      "domainName",
      "domainPrefix",
    ),
    resourceId: route.resourcePath,
    resourcePath: route.resourcePath,
    httpMethod: route.method,
    requestTimeEpoch: Number(context.get("requestTimeEpoch")),
    ...authorizer(context),
    identity: Object.fromEntries(identity.map((name) => [name, context.get(`identity.${name}`) ?? null])),
  };
}

/** What the authorizer said, where there is one. */
function authorizer(context: ReadonlyMap<string, string>): { readonly authorizer?: Readonly<Record<string, string>> } {
  const said = [...context].flatMap(([name, value]): [string, string][] =>
    name.startsWith("authorizer.") ? [[name.slice("authorizer.".length), value]] : [],
  );
  return said.length === 0 ? {} : { authorizer: Object.fromEntries(said) };
}

/**
 * What the function sees: hop-by-hop headers, a checked signature and what only this runtime reads stay at the gateway,
 * the forwarding headers are added.
 */
function forwardedHeaders(route: Route, { request, context }: MappingSource): [string, string][] {
  const dropped = [
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-forwarded-port",
    "x-forwarded-proto",
    ENDPOINT_HEADER.toLowerCase(),
  ];
  if (route.needsSignature) dropped.push("authorization");
  const kept = request.headers
    .filter(([name]) => !dropped.includes(name.toLowerCase()))
    .map(([name, value]): [string, string] => [name, value]);
  const forwardedFor = [...request.headerValues("x-forwarded-for"), request.sourceIp].join(", ");
  return [
    ...kept,
    ["X-Amzn-Trace-Id", context.get("xrayTraceId") ?? ""],
    ["X-Forwarded-For", forwardedFor],
    ["X-Forwarded-Port", "443"],
    ["X-Forwarded-Proto", "https"],
  ];
}

function lastValues(headers: readonly [string, string][]): Record<string, string> {
  return Object.fromEntries(headers);
}

/** By a map: a header may be called `constructor`, which every object has. */
function allValues(headers: readonly [string, string][]): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

/** API Gateway writes null where a map would be empty. */
function orNull<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : map;
}

/** Reads a function's answer; undefined where it is not what a Lambda proxy integration must return, which is a 502. */
export function parseProxyResponse(payload: string, decodesBase64: boolean): GatewayAnswer | undefined {
  let answer: Values | undefined;
  try {
    answer = record(JSON.parse(payload));
  } catch {
    return undefined; // Not JSON is one of the ways to be malformed.
  }
  if (answer === undefined) return undefined;
  const status = Number(answer.statusCode);
  const { body, headers, multiValueHeaders } = answer;
  const goodStatus = Number.isInteger(status) && status >= 100 && status <= 599 && answer.statusCode !== "";
  if (!goodStatus || !isText(body) || !isMap(headers) || !isMap(multiValueHeaders)) return undefined;
  const pairs = readHeaders(record(headers) ?? {}, record(multiValueHeaders) ?? {});
  if (pairs === undefined) return undefined;
  const typed = pairs.some(([name]) => name.toLowerCase() === "content-type");
  return {
    status,
    headers: typed ? pairs : [["Content-Type", "application/json"], ...pairs],
    // Without binary media types API Gateway hands the Base64 text itself to the caller.
    body: Buffer.from(
      typeof body === "string" ? body : "",
      answer.isBase64Encoded === true && decodesBase64 ? "base64" : "utf8",
    ),
  };
}

function isText(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

function isMap(value: unknown): boolean {
  return value === undefined || value === null || record(value) !== undefined;
}

/** Headers of many values win over those of one with the same name and value. */
function readHeaders(single: Values, multiple: Values): [string, string][] | undefined {
  const pairs = Object.entries(multiple).flatMap(([name, values]) =>
    list(values).map((value): [string, unknown] => [name, value]),
  );
  for (const [name, value] of Object.entries(single)) {
    if (!pairs.some(([other, given]) => other.toLowerCase() === name.toLowerCase() && given === value))
      pairs.push([name, value]);
  }
  const scalar = pairs.every(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return scalar ? pairs.map(([name, value]) => [name, String(value)]) : undefined;
}

/** Lambda proxy integrations: the event in, the answer out, and what API Gateway says when there is none. */
export class LambdaIntegration {
  private readonly mediaTypes: readonly string[];

  constructor(
    private readonly applied: Applied,
    private readonly invoke: (functionArn: string, payload: string) => Promise<InvocationResult>,
  ) {
    this.mediaTypes = list(applied.api.document["x-amazon-apigateway-binary-media-types"]).map(String);
  }

  async call(route: Route, integration: Integration, source: MappingSource): Promise<GatewayAnswer | GatewayFailure> {
    const { context } = source;
    // Without a permission for exactly this alias AWS answers 500, "Invalid permissions on Lambda function".
    if (!this.permits(route, integration)) return { type: "API_CONFIGURATION_ERROR" };
    const began = performance.now();
    const result = await this.invokeInTime(integration, JSON.stringify(proxyEvent(route, source, this.mediaTypes)));
    const latency = String(Math.round(performance.now() - began));
    context.set("integrationLatency", latency);
    context.set("integration.latency", latency);
    if (result === "timeout") return { type: "INTEGRATION_TIMEOUT" };
    context.set("integrationStatus", result.kind === "throttled" ? "429" : "200");
    context.set("integration.status", result.kind === "throttled" ? "429" : "200");
    return this.read(result, source);
  }

  private read(result: InvocationResult, { request, context }: MappingSource): GatewayAnswer | GatewayFailure {
    if (result.kind === "too-large") return { type: "REQUEST_TOO_LARGE" };
    if (result.kind === "unknown-function") return { type: "API_CONFIGURATION_ERROR" };
    // Lambda's 429 reaches the caller as 500: a proxy integration does not pass its error type on
    // (repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ, read 2026-11).
    if (result.kind === "throttled") return { type: "INTEGRATION_FAILURE", status: 500 };
    if (result.kind === "error") return { type: "INTEGRATION_FAILURE" };
    const answer = parseProxyResponse(result.payload, isBinary(this.mediaTypes, request.header("accept")));
    if (answer === undefined) return { type: "INTEGRATION_FAILURE" };
    context.set("integration.integrationStatus", String(answer.status));
    return answer;
  }

  private permits(route: Route, { functionArn }: Integration): boolean {
    const { api, stage, permissions } = this.applied;
    const resource = route.resourcePath.replace(/\{[^}]*\}/g, "*");
    return mayInvoke(
      permissions,
      "apigateway.amazonaws.com",
      functionArn,
      `${api.executionArn}/${stage.name}/${route.method}${resource}`,
    );
  }

  /** The gateway gives up; the function runs on, as on AWS. */
  private async invokeInTime(
    { functionArn, timeoutMs }: Integration,
    payload: string,
  ): Promise<InvocationResult | "timeout"> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"timeout">((resolve) => (timer = setTimeout(() => resolve("timeout"), timeoutMs)));
    const result = this.invoke(functionArn, payload);
    result.catch(() => undefined); // Told by the race, unless the race is over.
    try {
      return await Promise.race([result, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
