import { expression, interpolate, type Expression } from "./expressions";

/** Resource path of the only route that is ever cached. */
export const STATUS_ROUTE = "/api/v1/status/{request_id}";
const INVOKE_ROUTE = "/api/v1/invoke";
const HEALTH_ROUTE = "/api/v1/health";

/** The only method without authorization, as the end of its ARN. */
export const HEALTH_METHOD = `GET${HEALTH_ROUTE}`;

/** API Gateway's own limit. The front door answers in milliseconds, so less would only hide a slow cold start. */
const INTEGRATION_TIMEOUT_MS = 29_000;

/** Header that carries the caller into the cache key. Only the gateway can write it. */
const CALLER_HEADER = "integration.request.header.x-quickturn-caller";

/** Header that carries the end of the caller's token into the cache key, so that no answer outlives the token. */
const TOKEN_END_HEADER = "integration.request.header.x-quickturn-token-end";

/**
 * A signed token: three parts of base64url. The gateway refuses anything else without the authorizer, which has the
 * same pattern (handlers/tokens).
 */
const BEARER = "^Bearer [A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$";

interface OpenApiProps {
  readonly title: string;
  /** ARN by which API Gateway invokes the front door. */
  readonly invokeArn: string;
  /** `iam`, `api_key`, `jwt` or `none`. */
  readonly authorization: Expression;
  /** With `jwt`: the function that checks tokens. */
  readonly tokenAuthorizer: TokenAuthorizerProps;
  /** Whether a distribution stands in front. */
  readonly edgeEnabled: Expression;
  /** Header by which the distribution proves itself. */
  readonly originHeader: string;
}

interface TokenAuthorizerProps {
  /** ARN by which API Gateway invokes the function; "" where there is none. */
  readonly invokeArn: Expression;
  /** Seconds that API Gateway keeps the answer to a token. */
  readonly ttlInSeconds: Expression;
}

/**
 * The API's OpenAPI document as the value of a Terraform local, so its strings are templates. It is one object, whose
 * hash decides about a new deployment.
 */
export function openApiDocument(props: OpenApiProps): Record<string, unknown> {
  return {
    openapi: "3.0.1",
    info: { title: props.title, version: "1" },
    paths: {
      [INVOKE_ROUTE]: { post: invokeOperation(props) },
      [STATUS_ROUTE]: { get: statusOperation(props) },
      [HEALTH_ROUTE]: { get: healthOperation(props) },
    },
    components: { schemas: SCHEMAS, securitySchemes: securitySchemes(props) },
    "x-amazon-apigateway-request-validators": {
      body_and_parameters: { validateRequestBody: true, validateRequestParameters: true },
    },
    "x-amazon-apigateway-request-validator": "body_and_parameters",
    "x-amazon-apigateway-gateway-responses": GATEWAY_RESPONSES,
  };
}

function invokeOperation(props: OpenApiProps): object {
  return {
    operationId: "invoke",
    summary: "Queue a prompt for the agents.",
    security: callerSecurity(props),
    requestBody: {
      required: true,
      content: { "application/json": { schema: { $ref: "#/components/schemas/Invocation" } } },
    },
    responses: { "202": { description: "Queued; Location says where to ask." } },
    "x-amazon-apigateway-integration": integration(props),
  };
}

function statusOperation(props: OpenApiProps): object {
  return {
    operationId: "status",
    summary: "Ask how far a request is.",
    security: callerSecurity(props),
    parameters: [
      { name: "request_id", in: "path", required: true, schema: { type: "string" } },
      { name: "x-api-key", in: "header", required: false, schema: { type: "string" } },
      { name: props.originHeader, in: "header", required: false, schema: { type: "string" } },
    ],
    responses: {
      "200": { description: "The request, and its result once it is there." },
      "404": { description: "No such request of this caller." },
    },
    "x-amazon-apigateway-integration": { ...integration(props), ...cacheKey(props) },
  };
}

function healthOperation(props: OpenApiProps): object {
  return {
    operationId: "health",
    summary: "Ask whether the service is alive and ready.",
    // Open to all: load balancers and uptime checks hold no credentials, and the answer holds no secret.
    security: [],
    responses: { "200": { description: "Alive." } },
    "x-amazon-apigateway-integration": integration(props),
  };
}

function integration({ invokeArn }: OpenApiProps): Record<string, unknown> {
  return {
    type: "aws_proxy",
    httpMethod: "POST",
    uri: invokeArn,
    passthroughBehavior: "never",
    timeoutInMillis: INTEGRATION_TIMEOUT_MS,
  };
}

/**
 * A status answer is cached by request and caller, so that no caller gets another's. The key has the caller's
 * principal, because SigV4's Authorization header changes with every request and would never hit.
 *
 * Behind a distribution the key has the origin's secret too: a direct call misses the cache and reaches the front door,
 * which refuses it.
 */
function cacheKey({ authorization, edgeEnabled, originHeader }: OpenApiProps): object {
  const callerKeys = [
    `iam = ["${CALLER_HEADER}"]`,
    `api_key = ["method.request.header.x-api-key"]`,
    `jwt = ["${CALLER_HEADER}", "${TOKEN_END_HEADER}"]`,
    "none = []",
  ].join(", ");
  const callerKey = expression`{ ${callerKeys} }[${authorization}]`;
  const originKey = expression`${edgeEnabled} ? ["method.request.header.${originHeader}"] : []`;
  const whereJwt = (value: string, otherwise: string) =>
    interpolate(expression`${authorization} == "jwt" ? "${value}" : "${otherwise}"`);
  return {
    cacheKeyParameters: interpolate(expression`concat(["method.request.path.request_id"], ${callerKey}, ${originKey})`),
    requestParameters: {
      "integration.request.path.request_id": "method.request.path.request_id",
      "integration.request.header.x-api-key": "method.request.header.x-api-key",
      [`integration.request.header.${originHeader}`]: `method.request.header.${originHeader}`,
      [CALLER_HEADER]: whereJwt("context.authorizer.principalId", "context.identity.caller"),
      [TOKEN_END_HEADER]: whereJwt("context.authorizer.expires_at", "'-'"),
    },
  };
}

function callerSecurity({ authorization }: OpenApiProps): string {
  const schemes = "{ iam = [{ sigv4 = [] }], api_key = [{ api_key = [] }], jwt = [{ jwt = [] }], none = [] }";
  return interpolate(expression`${schemes}[${authorization}]`);
}

/** API Gateway takes no authorizer without a function, so the scheme `jwt` exists only with one. */
function securitySchemes({ authorization, tokenAuthorizer }: OpenApiProps): string {
  const always = `{ sigv4 = ${SIGV4}, api_key = ${API_KEY} }`;
  const jwt = `{ for scheme in ["jwt"] : scheme => ${jwtScheme(tokenAuthorizer)} if ${authorization} == scheme }`;
  return interpolate(expression`merge(${always}, ${jwt})`);
}

const SIGV4 = '{ type = "apiKey", name = "Authorization", in = "header", "x-amazon-apigateway-authtype" = "awsSigv4" }';
const API_KEY = '{ type = "apiKey", name = "x-api-key", in = "header" }';

/** A TOKEN authorizer (API Gateway developer guide, "x-amazon-apigateway-authorizer object"). */
function jwtScheme({ invokeArn, ttlInSeconds }: TokenAuthorizerProps): string {
  const authorizer = [
    'type = "token"',
    `authorizerUri = ${invokeArn}`,
    `identityValidationExpression = "${BEARER}"`,
    `authorizerResultTtlInSeconds = ${ttlInSeconds}`,
  ].join(", ");
  return [
    '{ type = "apiKey", name = "Authorization", in = "header", "x-amazon-apigateway-authtype" = "custom"',
    `"x-amazon-apigateway-authorizer" = { ${authorizer} } }`,
  ].join(", ");
}

/** What the gateway can check (JSON schema draft 4, lengths in characters). The front door checks lengths in bytes. */
const SCHEMAS = {
  Invocation: {
    type: "object",
    required: ["prompt"],
    additionalProperties: false,
    properties: {
      prompt: { type: "string", minLength: 1, maxLength: 32_768 },
      session_id: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}$" },
    },
  },
};

const BODY_RULES =
  "The body is not what this route takes: a JSON object with prompt (string, 1 to 32,768 bytes) and, if wanted, " +
  "session_id (1 to 64 letters, digits, _ and -), and nothing else.";

/** Every answer that the gateway gives by itself, as JSON in the shape of the front door's errors. */
const GATEWAY_RESPONSES = Object.fromEntries(
  Object.entries({
    DEFAULT_4XX: ["bad_request"],
    DEFAULT_5XX: ["internal_error"],
    ACCESS_DENIED: ["access_denied", 403],
    // The token could not be checked, so the caller may send it again.
    AUTHORIZER_FAILURE: [
      "service_unavailable",
      503,
      "The token cannot be checked at the moment. Send the request again.",
    ],
    BAD_REQUEST_BODY: ["invalid_request", 400, BODY_RULES],
    BAD_REQUEST_PARAMETERS: ["invalid_request", 400],
    EXPIRED_TOKEN: ["expired_credentials", 403],
    INTEGRATION_FAILURE: ["service_unavailable", 503],
    INTEGRATION_TIMEOUT: ["timeout", 504],
    INVALID_API_KEY: ["invalid_api_key", 403],
    INVALID_SIGNATURE: ["invalid_signature", 403],
    // API Gateway answers so for missing credentials and for unknown routes alike.
    MISSING_AUTHENTICATION_TOKEN: ["missing_credentials_or_unknown_route", 403],
    QUOTA_EXCEEDED: ["quota_exceeded", 429],
    REQUEST_TOO_LARGE: ["payload_too_large", 413],
    THROTTLED: ["throttled", 429],
    UNAUTHORIZED: [
      "unauthorized",
      401,
      "The bearer token is missing, is not valid or has expired. Send Authorization: Bearer <token>.",
    ],
    UNSUPPORTED_MEDIA_TYPE: ["unsupported_media_type", 415],
  } satisfies Record<string, [code: string, status?: number, message?: string]>).map(
    ([type, [code, status, message]]) => [type, gatewayResponse(code, status, message)],
  ),
);

function gatewayResponse(code: string, status?: number, message?: string): object {
  // messageString comes quoted and escaped; validationErrorString does not, and may hold quotes, so it is not used.
  const text = message ? `"${message}"` : "$context.error.messageString";
  return {
    ...(status === undefined ? {} : { statusCode: String(status) }),
    responseParameters: {
      "gatewayresponse.header.Cache-Control": "'no-store'",
      ...(status === 401 ? { "gatewayresponse.header.WWW-Authenticate": "'Bearer'" } : {}),
      ...(status === 429 || status === 503 ? { "gatewayresponse.header.Retry-After": "'1'" } : {}),
    },
    responseTemplates: {
      "application/json": `{"error":{"code":"${code}","message":${text},"gateway_request_id":"$context.requestId"}}`,
    },
  };
}
