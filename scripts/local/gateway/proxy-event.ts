import type { MappingSource } from "./mapping-expression";
import { ENDPOINT_HEADER } from "./resource-policy";
import type { Route } from "./route";

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
