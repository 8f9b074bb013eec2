import type { Applied } from "../applied/applied";
import { mayInvoke } from "../applied/functions";
import type { InvocationResult } from "../functions/function-host";
import { asList, asObject, parseObject, type JsonObject } from "../json";
import type { GatewayAnswer, GatewayFailure, MappingSource } from "./gateway-responses";
import type { Integration, Route, ServedRoute } from "./route";

/**
 * The event of a Lambda proxy integration, payload version 1.0 (API Gateway developer guide, set up Lambda proxy
 * integrations).
 * @param hiddenHeader a header that the function does not get
 */
export function makeProxyEvent(route: Route, source: MappingSource, hiddenHeader = ""): Record<string, unknown> {
  const { request, context } = source;
  const headers = selectHeaders(route, source).filter(([name]) => name.toLowerCase() !== hiddenHeader.toLowerCase());
  const query = [...request.query];
  return {
    resource: route.resourcePath,
    path: request.rawPath.slice(`/${context.get("stage")}`.length) || "/",
    httpMethod: request.method,
    headers: Object.fromEntries(headers),
    multiValueHeaders: groupValues(headers),
    queryStringParameters: orNull(Object.fromEntries(query.map(([name, values]) => [name, values.at(-1) ?? ""]))),
    multiValueQueryStringParameters: orNull(Object.fromEntries(query)),
    pathParameters: orNull(source.pathParameters),
    stageVariables: orNull(source.stageVariables),
    requestContext: makeRequestContext(route, context),
    body: request.body.length === 0 ? null : request.body.toString("utf8"),
    isBase64Encoded: false,
  };
}

const CONTEXT_VARIABLES = [
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
];

const IDENTITY_VARIABLES = [
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

function makeRequestContext(route: Route, context: ReadonlyMap<string, string>): Record<string, unknown> {
  const pick = (names: readonly string[], prefix = "") =>
    Object.fromEntries(names.map((name) => [name, context.get(`${prefix}${name}`) ?? null]));
  const authorizer = [...context.keys()]
    .filter((name) => name.startsWith("authorizer."))
    .map((name) => name.slice("authorizer.".length));
  return {
    ...pick(CONTEXT_VARIABLES),
    resourceId: route.resourcePath,
    resourcePath: route.resourcePath,
    httpMethod: route.method,
    requestTimeEpoch: Number(context.get("requestTimeEpoch")),
    ...(authorizer.length > 0 && { authorizer: pick(authorizer, "authorizer.") }),
    identity: pick(IDENTITY_VARIABLES, "identity."),
  };
}

/** Headers that the gateway does not pass on: of the connection, and its own. */
const DROPPED_HEADERS = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "x-amzn-trace-id",
  "x-forwarded-for",
  "x-forwarded-port",
  "x-forwarded-proto",
]);

/** The headers that the function gets. A signature that was checked is not passed on. */
function selectHeaders(route: Route, { request, context }: MappingSource): (readonly [string, string])[] {
  const isKept = (name: string) => !DROPPED_HEADERS.has(name) && !(route.needsSignature && name === "authorization");
  return [
    ...request.headers.filter(([name]) => isKept(name.toLowerCase())),
    ["X-Amzn-Trace-Id", context.get("xrayTraceId") ?? ""],
    ["X-Forwarded-For", [...request.headerValues("x-forwarded-for"), request.sourceIp].join(", ")],
    ["X-Forwarded-Port", "443"],
    ["X-Forwarded-Proto", "https"],
  ];
}

/** Collects in a map, because a header may have the name of a property of all objects, such as `constructor`. */
function groupValues(headers: readonly (readonly [string, string])[]): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

/** API Gateway writes null where a map would be empty. */
function orNull<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : map;
}

/**
 * Reads a function's answer; undefined where it is not what a Lambda proxy integration must return. An API without
 * binary media types passes a Base64 text on as it is.
 */
export function parseProxyResponse(payload: string): GatewayAnswer | undefined {
  const { statusCode, body, headers, multiValueHeaders } = parseObject(payload) ?? {};
  const status = statusCode === "" ? NaN : Number(statusCode);
  const isStatus = Number.isInteger(status) && status >= 100 && status <= 599;
  const isMap = (value: unknown) => asObject(value ?? {}) !== undefined;
  if (!isStatus || typeof (body ?? "") !== "string" || !isMap(headers) || !isMap(multiValueHeaders)) return undefined;
  const pairs = readHeaders(asObject(headers) ?? {}, asObject(multiValueHeaders) ?? {});
  if (pairs === undefined) return undefined;
  const hasType = pairs.some(([name]) => name.toLowerCase() === "content-type");
  return {
    status,
    headers: hasType ? pairs : [["Content-Type", "application/json"], ...pairs],
    body: Buffer.from(String(body ?? "")),
  };
}

/** Headers with one value are added to those with many, unless the same name and value is there. Undefined: invalid. */
function readHeaders(single: JsonObject, multiple: JsonObject): [string, string][] | undefined {
  const pairs = Object.entries(multiple).flatMap(([name, values]) =>
    asList(values).map((value): [string, unknown] => [name, value]),
  );
  for (const [name, value] of Object.entries(single)) {
    if (!pairs.some(([other, given]) => other.toLowerCase() === name.toLowerCase() && given === value))
      pairs.push([name, value]);
  }
  const scalar = pairs.every(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return scalar ? pairs.map(([name, value]) => [name, String(value)]) : undefined;
}

/** Lambda proxy integrations: makes the event, calls the function, and reads its answer or its failure. */
export class LambdaIntegration {
  /** @param hiddenHeader a header that functions do not get. Default: none */
  constructor(
    private readonly applied: Applied,
    private readonly invoke: (functionArn: string, payload: string) => Promise<InvocationResult>,
    private readonly hiddenHeader?: string,
  ) {}

  async call(route: ServedRoute, source: MappingSource): Promise<GatewayAnswer | GatewayFailure> {
    const { context } = source;
    // Without a permission for exactly this alias AWS answers 500, "Invalid permissions on Lambda function".
    if (!this.isPermitted(route)) return { type: "API_CONFIGURATION_ERROR" };
    const event = makeProxyEvent(route, source, this.hiddenHeader);
    const beganMs = performance.now();
    const result = await this.invokeInTime(route.integration, JSON.stringify(event));
    const latency = String(Math.round(performance.now() - beganMs));
    context.set("integrationLatency", latency);
    context.set("integration.latency", latency);
    if (result === "timeout") return { type: "INTEGRATION_TIMEOUT" };
    const status = result.kind === "throttled" ? "429" : "200";
    context.set("integrationStatus", status);
    context.set("integration.status", status);
    const answer = readResult(result);
    if (!("type" in answer)) context.set("integration.integrationStatus", String(answer.status));
    return answer;
  }

  private isPermitted({ method, resourcePath, integration: { functionArn } }: ServedRoute): boolean {
    const { api, stage, permissions } = this.applied;
    const sourceArn = `${api.executionArn}/${stage.name}/${method}${resourcePath.replace(/\{[^}]*\}/g, "*")}`;
    return mayInvoke(permissions, { principal: "apigateway.amazonaws.com", functionArn, sourceArn });
  }

  /** Past the time-out the gateway gives up, and the function runs on, as on AWS. */
  private async invokeInTime(
    { functionArn, timeoutMs }: Integration,
    payload: string,
  ): Promise<InvocationResult | "timeout"> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"timeout">((resolve) => (timer = setTimeout(() => resolve("timeout"), timeoutMs)));
    const result = this.invoke(functionArn, payload);
    result.catch(() => undefined); // The race rejects with it, unless it is over.
    try {
      return await Promise.race([result, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function readResult(result: InvocationResult): GatewayAnswer | GatewayFailure {
  if (result.kind === "too-large") return { type: "REQUEST_TOO_LARGE" };
  if (result.kind === "unknown-function") return { type: "API_CONFIGURATION_ERROR" };
  // Lambda's 429 reaches the caller as 500: a proxy integration does not pass its error type on
  // (repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ, read 2026-11).
  if (result.kind === "throttled") return { type: "INTEGRATION_FAILURE", status: 500 };
  const answer = result.kind === "error" ? undefined : parseProxyResponse(result.payload);
  return answer ?? { type: "INTEGRATION_FAILURE" };
}
