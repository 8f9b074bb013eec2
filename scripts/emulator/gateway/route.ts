import type { AppliedMethodSettings, MethodSettings } from "../applied/api";
import { isExpression } from "./gateway-responses";
import { list, numberOr, record, strings, type Values } from "../applied/state";
import { readTokenAuthorizer, type TokenAuthorizer } from "./token-authorizer";
import { RequestValidation } from "./validation";

/** The function behind a route. */
export interface Integration {
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly cacheNamespace: string;
  readonly cacheKeyParameters: readonly string[];
  /** `integration.request.header.X` to the expression of its value. */
  readonly requestParameters: Readonly<Record<string, string>>;
}

/** One method of one resource. */
export interface Route {
  /** Such as `GET /api/v1/status/{request_id}`. */
  readonly name: string;
  readonly method: string;
  readonly resourcePath: string;
  readonly needsSignature: boolean;
  readonly needsApiKey: boolean;
  /** Who is asked about the caller's token; undefined = nobody. */
  readonly authorizer: TokenAuthorizer | undefined;
  readonly validation: RequestValidation;
  /** Undefined where its kind is not emulated. */
  readonly integration: Integration | undefined;
  readonly settings: MethodSettings;
  /** Whether the settings allow this method's answers to be kept, were there a cache. */
  readonly cacheable: boolean;
}

/** API Gateway's integration time-out, unless the integration has its own. */
const INTEGRATION_TIMEOUT_MS = 29_000;

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch"];

const NO_SETTINGS: MethodSettings = {
  cachingEnabled: false,
  cacheTtlSeconds: 300,
  requiresAuthorizationForCacheControl: true,
  cacheControlStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
  throttleRate: undefined,
  throttleBurst: undefined,
};

/** The routes of an OpenAPI document, with the settings of the stage. */
export function readRoutes(
  document: Values,
  applied: readonly AppliedMethodSettings[],
  warn: (message: string) => void,
): Route[] {
  return Object.entries(record(document.paths) ?? {}).flatMap(([resourcePath, item]) => {
    const operations = record(item) ?? {};
    const any = record(operations["x-amazon-apigateway-any-method"]);
    return METHODS.flatMap((verb) => {
      const operation = record(operations[verb]) ?? any;
      if (operation === undefined) return [];
      return [
        readRoute(
          { document, resourcePath, method: verb.toUpperCase(), operation, shared: list(operations.parameters) },
          applied,
          warn,
        ),
      ];
    });
  });
}

interface Operation {
  readonly document: Values;
  readonly resourcePath: string;
  readonly method: string;
  readonly operation: Values;
  /** Parameters of the whole path. */
  readonly shared: readonly unknown[];
}

function readRoute(
  given: Operation,
  applied: readonly AppliedMethodSettings[],
  warn: (message: string) => void,
): Route {
  const { document, resourcePath, method, operation } = given;
  const name = `${method} ${resourcePath}`;
  const own = applied.find((entry) => entry.resourcePath === resourcePath && entry.method === method);
  // The settings of a method replace those of the stage as a whole, as terraform writes every one of them.
  const settings =
    (own ?? applied.find((entry) => entry.resourcePath === "*" && entry.method === "*"))?.settings ?? NO_SETTINGS;
  const schemes = securitySchemes(document, operation);
  return {
    name,
    method,
    resourcePath,
    needsSignature: schemes.some((scheme) => scheme["x-amazon-apigateway-authtype"] === "awsSigv4"),
    needsApiKey: schemes.some(
      (scheme) => scheme.type === "apiKey" && String(scheme.name).toLowerCase() === "x-api-key",
    ),
    authorizer: schemes.map(readTokenAuthorizer).find((authorizer) => authorizer !== undefined),
    validation: new RequestValidation(name, document, operation, given.shared),
    integration: readIntegration(name, resourcePath, operation, warn),
    settings,
    // Settings for all methods turn the cache on for GET only; a method's own settings turn it on for that method.
    cacheable: settings.cachingEnabled && settings.cacheTtlSeconds > 0 && (method === "GET" || own !== undefined),
  };
}

function securitySchemes(document: Values, operation: Values): Values[] {
  const defined = record(record(document.components)?.securitySchemes) ?? {};
  return list(operation.security ?? document.security).flatMap((requirement) =>
    Object.keys(record(requirement) ?? {}).map((name) => {
      const scheme = record(defined[name]);
      if (scheme === undefined)
        throw new Error(
          `The applied API asks for the security scheme "${name}", which components.securitySchemes does not define (it has: ${Object.keys(defined).join(", ") || "none"}).`,
        );
      return scheme;
    }),
  );
}

function readIntegration(
  name: string,
  resourcePath: string,
  operation: Values,
  warn: (message: string) => void,
): Integration | undefined {
  const given = record(operation["x-amazon-apigateway-integration"]) ?? {};
  const functionArn = /\/functions\/(.+)\/invocations$/.exec(String(given.uri))?.[1];
  if (String(given.type).toLowerCase() !== "aws_proxy" || functionArn === undefined) {
    warn(
      `${name} answers 500: the local runtime emulates Lambda proxy integrations, and this one has type ${JSON.stringify(given.type)}, uri ${JSON.stringify(given.uri)}.`,
    );
    return undefined;
  }
  const requestParameters = strings(given.requestParameters);
  const cacheKeyParameters = list(given.cacheKeyParameters).map(String);
  for (const parameter of cacheKeyParameters) {
    if (isExpression(requestParameters[parameter] ?? parameter)) continue;
    throw new Error(
      `${name}: the cache key parameter "${parameter}" has no value. Use method.request.<place>.<name>, or give integration.request.<place>.<name> in requestParameters (has: ${Object.keys(requestParameters).join(", ") || "none"}).`,
    );
  }
  return {
    functionArn,
    timeoutMs: Math.min(numberOr(given.timeoutInMillis, INTEGRATION_TIMEOUT_MS), INTEGRATION_TIMEOUT_MS),
    cacheNamespace: String(given.cacheNamespace ?? resourcePath),
    cacheKeyParameters,
    requestParameters,
  };
}

/** A route, and what its path's variables hold, percent-encoded as received: REST APIs do not decode them. */
export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Finds the route of a request. A literal segment wins over `{name}`, and that over `{name+}`, whatever their order.
 */
export class RouteTable {
  private readonly routes: readonly { readonly route: Route; readonly segments: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.routes = routes
      .map((route) => ({ route, segments: split(route.resourcePath) }))
      .sort((left, right) => compare(left.segments, right.segments));
  }

  /** `path` is without the stage. */
  match(method: string, path: string): RouteMatch | undefined {
    const given = split(path);
    for (const { route, segments } of this.routes) {
      if (route.method !== method) continue;
      const pathParameters = matchSegments(segments, given);
      if (pathParameters !== undefined) return { route, pathParameters };
    }
    return undefined;
  }
}

function split(path: string): string[] {
  const trimmed = path.replace(/^\//, "").replace(/\/$/, "");
  return trimmed === "" ? [] : trimmed.split("/");
}

function matchSegments(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const [, name, greedy] = /^\{([^+}]+)(\+)?\}$/.exec(segment) ?? [];
    const value = greedy === undefined ? given[index] : given.slice(index).join("/");
    if (value === undefined || value === "" || (name === undefined && value !== segment)) return undefined;
    if (name !== undefined) parameters[name] = value;
    if (greedy !== undefined) return parameters;
  }
  return segments.length === given.length ? parameters : undefined;
}

function compare(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = rank(left[index]) - rank(right[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function rank(segment: string | undefined): number {
  if (segment === undefined || !segment.startsWith("{")) return 0;
  return segment.endsWith("+}") ? 2 : 1;
}
