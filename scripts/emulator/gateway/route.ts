import type { AppliedMethodSettings, MethodSettings } from "../applied/api";
import { asList, asObject, asTexts, numberOr, type JsonObject } from "../json";
import { isExpression } from "./gateway-responses";
import { readTokenAuthorizer, type TokenAuthorizer } from "./authorization";
import { RequestValidation, type Operation } from "./validation";

/** The function behind a route. */
export interface Integration {
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly cacheNamespace: string;
  readonly cacheKeyParameters: readonly string[];
  /** Name of a parameter, such as `integration.request.header.X`, to the expression of its value. */
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
  /** Checks the caller's token. Undefined: the route needs none. */
  readonly authorizer: TokenAuthorizer | undefined;
  readonly validation: RequestValidation;
  /** Undefined: its kind is not emulated. */
  readonly integration: Integration | undefined;
  readonly settings: MethodSettings;
  /** Whether the method's answers are cached where the stage has a cache. */
  readonly cacheable: boolean;
}

/** A route whose integration is emulated. */
export interface ServedRoute extends Route {
  readonly integration: Integration;
}

/** API Gateway's longest integration time-out, and its default. */
const INTEGRATION_TIMEOUT_MS = 29_000;

const METHODS = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH"];

const NO_SETTINGS: MethodSettings = {
  cachingEnabled: false,
  cacheTtlSeconds: 300,
  requiresAuthorizationForCacheControl: true,
  cacheControlStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
  throttle: undefined,
};

/**
 * The routes of an OpenAPI document, with the settings of the stage. An integration that is not emulated is a warning.
 * @throws Error where the document contradicts itself
 */
export function readRoutes(
  document: JsonObject,
  applied: readonly AppliedMethodSettings[],
  warn: (message: string) => void,
): Route[] {
  return Object.entries(asObject(document.paths) ?? {}).flatMap(([resourcePath, item]) => {
    const operations = asObject(item) ?? {};
    const any = asObject(operations["x-amazon-apigateway-any-method"]);
    return METHODS.flatMap((method) => {
      const operation = asObject(operations[method.toLowerCase()]) ?? any;
      if (operation === undefined) return [];
      const name = `${method} ${resourcePath}`;
      const pathParameters = asList(operations.parameters);
      const schemes = findSecuritySchemes(document, operation);
      return {
        name,
        method,
        resourcePath,
        needsSignature: schemes.some((scheme) => scheme["x-amazon-apigateway-authtype"] === "awsSigv4"),
        needsApiKey: schemes.some(
          (scheme) => scheme.type === "apiKey" && String(scheme.name).toLowerCase() === "x-api-key",
        ),
        authorizer: schemes.map(readTokenAuthorizer).find((authorizer) => authorizer !== undefined),
        validation: new RequestValidation({ name, document, operation, pathParameters }),
        integration: readIntegration({ name, resourcePath, operation }, warn),
        ...findSettings({ method, resourcePath }, applied),
      };
    });
  });
}

/** A method's own settings replace those of the whole stage, because terraform writes every one of them. */
function findSettings(
  { method, resourcePath }: Pick<Route, "method" | "resourcePath">,
  applied: readonly AppliedMethodSettings[],
): Pick<Route, "settings" | "cacheable"> {
  const find = (path: string, verb: string) =>
    applied.find((entry) => entry.resourcePath === path && entry.method === verb)?.settings;
  const own = find(resourcePath, method);
  const settings = own ?? find("*", "*") ?? NO_SETTINGS;
  // Settings of the whole stage turn the cache on for GET only.
  const cacheable = settings.cachingEnabled && settings.cacheTtlSeconds > 0 && (method === "GET" || own !== undefined);
  return { settings, cacheable };
}

function findSecuritySchemes(document: JsonObject, operation: JsonObject): JsonObject[] {
  const defined = asObject(asObject(document.components)?.securitySchemes) ?? {};
  const required = asList(operation.security ?? document.security);
  return required
    .flatMap((requirement) => Object.keys(asObject(requirement) ?? {}))
    .map((name) => {
      const scheme = asObject(defined[name]);
      if (scheme !== undefined) return scheme;
      throw new Error(
        `The applied API asks for the security scheme "${name}", which components.securitySchemes does not define ` +
          `(it has: ${Object.keys(defined).join(", ") || "none"}).`,
      );
    });
}

function readIntegration(
  { name, resourcePath, operation }: Pick<Operation, "name" | "operation"> & Pick<Route, "resourcePath">,
  warn: (message: string) => void,
): Integration | undefined {
  const { type, uri, timeoutInMillis, cacheNamespace, ...given } =
    asObject(operation["x-amazon-apigateway-integration"]) ?? {};
  const functionArn = /\/functions\/(.+)\/invocations$/.exec(String(uri))?.[1];
  if (String(type).toLowerCase() !== "aws_proxy" || functionArn === undefined) {
    warn(
      `${name} answers 500: the local runtime emulates Lambda proxy integrations, and this one has type ` +
        `${JSON.stringify(type)}, uri ${JSON.stringify(uri)}.`,
    );
    return undefined;
  }
  const requestParameters = asTexts(given.requestParameters);
  const cacheKeyParameters = asList(given.cacheKeyParameters).map(String);
  const unknown = cacheKeyParameters.find((parameter) => !isExpression(requestParameters[parameter] ?? parameter));
  if (unknown !== undefined)
    throw new Error(
      `${name}: the cache key parameter "${unknown}" has no value. Use method.request.<place>.<name>, ` +
        "or give integration.request.<place>.<name> in requestParameters " +
        `(has: ${Object.keys(requestParameters).join(", ") || "none"}).`,
    );
  return {
    functionArn,
    timeoutMs: Math.min(numberOr(timeoutInMillis, INTEGRATION_TIMEOUT_MS), INTEGRATION_TIMEOUT_MS),
    cacheNamespace: String(cacheNamespace ?? resourcePath),
    cacheKeyParameters,
    requestParameters,
  };
}

/**
 * A route, with the values of its path's variables. They stay percent-encoded, because REST APIs do
 * not decode them.
 */
interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** Finds the route of a request. A literal segment has priority over `{name}`, and that over `{name+}`. */
export class RouteTable {
  private readonly routes: readonly { readonly route: Route; readonly segments: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.routes = routes
      .map((route) => ({ route, segments: splitPath(route.resourcePath) }))
      .sort((left, right) => compareSegments(left.segments, right.segments));
  }

  /** @param path without the stage */
  match(method: string, path: string): RouteMatch | undefined {
    const given = splitPath(path);
    for (const { route, segments } of this.routes) {
      if (route.method !== method) continue;
      const pathParameters = matchSegments(segments, given);
      if (pathParameters !== undefined) return { route, pathParameters };
    }
    return undefined;
  }
}

function splitPath(path: string): string[] {
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

function compareSegments(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = rankSegment(left[index]) - rankSegment(right[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function rankSegment(segment: string | undefined): number {
  if (segment === undefined || !segment.startsWith("{")) return 0;
  return segment.endsWith("+}") ? 2 : 1;
}
