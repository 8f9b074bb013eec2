import { asObject, asTexts, type JsonObject } from "../json";
import type { GatewayRequest } from "./gateway";

/** A request on its way through the gateway, with everything that a mapping expression may read. */
export interface MappingSource {
  readonly request: GatewayRequest;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** `$context` variables, such as `identity.userArn`. */
  readonly context: Map<string, string>;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Set when the request is looked up in the stage's cache. */
  cacheResult?: "hit" | "miss";
}

/** Forms of mapping expressions that are evaluated here. As for proxy integrations, none reads the request's body. */
const FORMS: readonly (readonly [RegExp, (name: string, source: MappingSource) => string | undefined])[] = [
  [/^'(.*)'$/s, (text) => text],
  [/^method\.request\.path\.(.+)$/, (name, { pathParameters }) => pathParameters[name]],
  [/^method\.request\.(?:multivalue)?header\.(.+)$/i, (name, { request }) => joinValues(request.headerValues(name))],
  [
    /^method\.request\.(?:multivalue)?querystring\.(.+)$/i,
    (name, { request }) => joinValues(request.query.get(name) ?? []),
  ],
  [/^context\.(.+)$/, (name, { context }) => context.get(name)],
  [/^stageVariables\.(.+)$/, (name, { stageVariables }) => stageVariables[name]],
];

/**
 * The value of an expression such as `method.request.path.id`, `context.identity.userArn` or
 * `'text'`. Undefined: none.
 */
export function evaluateExpression(expression: string, source: MappingSource): string | undefined {
  for (const [form, read] of FORMS) {
    const match = form.exec(expression);
    if (match !== null) return read(match[1] ?? "", source);
  }
  return undefined;
}

/** Whether {@link evaluateExpression} knows the form. */
export function isExpression(expression: string): boolean {
  return FORMS.some(([form]) => form.test(expression));
}

function joinValues(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(",");
}

/** API Gateway's own answers: status, message and `x-amzn-ErrorType`. An API can customise them. */
const DEFAULTS = {
  ACCESS_DENIED: [403, "Forbidden", "AccessDeniedException"],
  AUTHORIZER_CONFIGURATION_ERROR: [500, "Internal server error", "AuthorizerConfigurationException"],
  AUTHORIZER_FAILURE: [500, "Internal server error", "InternalServerErrorException"],
  API_CONFIGURATION_ERROR: [500, "Internal server error", "InternalServerErrorException"],
  BAD_REQUEST_BODY: [400, "Invalid request body", "BadRequestException"],
  BAD_REQUEST_PARAMETERS: [400, "Missing required request parameters", "BadRequestException"],
  INTEGRATION_FAILURE: [502, "Internal server error", "InternalServerErrorException"],
  INTEGRATION_TIMEOUT: [504, "Endpoint request timed out", "InternalServerErrorException"],
  INVALID_API_KEY: [403, "Forbidden", "ForbiddenException"],
  INVALID_SIGNATURE: [
    403,
    "The request signature we calculated does not match the signature you provided.",
    "InvalidSignatureException",
  ],
  MISSING_AUTHENTICATION_TOKEN: [403, "Missing Authentication Token", "MissingAuthenticationTokenException"],
  QUOTA_EXCEEDED: [429, "Limit Exceeded", "LimitExceededException"],
  REQUEST_URI_TOO_LONG: [414, "Request-URI Too Long", "RequestUriTooLongException"],
  REQUEST_TOO_LARGE: [413, "Request Too Long", "RequestTooLargeException"],
  THROTTLED: [429, "Too Many Requests", "TooManyRequestsException"],
  UNAUTHORIZED: [401, "Unauthorized", "UnauthorizedException"],
} as const;

type GatewayResponseType = keyof typeof DEFAULTS;

/** Why the gateway answers by itself. */
export interface GatewayFailure {
  readonly type: GatewayResponseType;
  /** Default: the type's own message. */
  readonly message?: string;
  /** Default: the type's own status. AWS answers some types with several. */
  readonly status?: number;
  /** For `$context.error.validationErrorString`. */
  readonly validationError?: string;
}

/** An answer on its way to the caller. */
export interface GatewayAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/**
 * Renders failures with the API's customisation of their type, else with its DEFAULT_4XX or
 * DEFAULT_5XX, else as AWS.
 */
export class GatewayResponses {
  private readonly applied: JsonObject;

  constructor(document: JsonObject) {
    this.applied = asObject(document["x-amazon-apigateway-gateway-responses"]) ?? {};
  }

  render(failure: GatewayFailure, source: MappingSource): GatewayAnswer {
    const [defaultStatus, defaultMessage, errorType] = DEFAULTS[failure.type];
    const status = failure.status ?? defaultStatus;
    const message = failure.message ?? defaultMessage;
    source.context.set("error.message", message);
    source.context.set("error.messageString", JSON.stringify(message));
    source.context.set("error.responseType", failure.type);
    source.context.set("error.validationErrorString", failure.validationError ?? "");
    // 413 cannot be customised (API Gateway developer guide, gateway responses).
    const custom = failure.type === "REQUEST_TOO_LARGE" ? {} : this.findCustomisation(failure.type, status);
    const template =
      asTexts(custom.responseTemplates)["application/json"] ?? '{"message":$context.error.messageString}';
    const headers = Object.entries(asTexts(custom.responseParameters)).flatMap(
      ([target, expression]): [string, string][] => {
        const name = /^gatewayresponse\.header\.(.+)$/.exec(target)?.[1];
        const value = evaluateExpression(expression, source);
        return name === undefined || value === undefined ? [] : [[name, value]];
      },
    );
    return {
      status: Number(custom.statusCode ?? status),
      headers: [["Content-Type", "application/json"], ["x-amzn-ErrorType", errorType], ...headers],
      body: Buffer.from(fillTemplate(template, source.context)),
    };
  }

  private findCustomisation(type: GatewayResponseType, status: number): JsonObject {
    return asObject(this.applied[type]) ?? asObject(this.applied[status >= 500 ? "DEFAULT_5XX" : "DEFAULT_4XX"]) ?? {};
  }
}

/**
 * Replaces `$context.name` and `${context.name}` by the variables' values, escaped by the given function.
 * A variable without a value becomes the fallback.
 */
export function fillTemplate(
  template: string,
  context: ReadonlyMap<string, string>,
  { fallback = "", escape = (_name: string, value: string) => value } = {},
): string {
  return template.replace(
    /\$(?:\{context\.([\w.-]+)\}|context\.(\w+(?:[.-]\w+)*))/g,
    (_match, braced?: string, bare?: string) => {
      const name = braced ?? bare ?? "";
      const value = context.get(name);
      return value === undefined || value === "" ? fallback : escape(name, value);
    },
  );
}
