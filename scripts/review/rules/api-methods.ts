import { API_POLICY, deniesOtherNetworks, policyOf } from "../policy-documents";
import { unknown, when, type Rule, PASS, fail, of, type Judgement } from "../rule";
import { Unknown, isUnclear } from "../plan-json";
import type { AuditedResource } from "../audited-plan";
import { apiBody, type ApiBody, type Operation } from "../api-body";

/**
 * A private API is within reach of every endpoint of every account, until a policy says which (API Gateway developer
 * guide, "Private REST APIs in API Gateway").
 */
const PRIVATE_API_NAMES_ITS_ENDPOINTS: Rule = {
  id: "private-api-names-its-endpoints",
  title: "A private API's policy denies every way but its endpoints",
  asks: [],
  severity: "critical",
  types: [API_POLICY.type],
  evaluate: (api, plan) => {
    const kind = api.get("endpoint_configuration", 0, "types", 0);
    if (kind instanceof Unknown) return [unknown("endpoint_configuration[0].types is known only after the apply.")];
    if (kind !== "PRIVATE") return [];
    const statements = policyOf(api, plan, API_POLICY);
    if (statements instanceof Unknown) return [unknown("The API's policy is known only after the apply.")];
    return [
      when(
        deniesOtherNetworks(statements),
        "The API is private, and its policy does not deny calls through other endpoints; allowed: a Deny for everybody with StringNotEquals of aws:SourceVpce.",
      ),
    ];
  },
};

const API = ["aws_api_gateway_rest_api"];

/** Judges every method of an API, each a part. */
function everyMethod(judge: (operation: Operation, body: ApiBody) => Judgement) {
  return (api: AuditedResource): Judgement[] => {
    const body = apiBody(api);
    if (body === undefined) return [];
    if (body instanceof Unknown) return [unknown("body is known only after the apply.")];
    return body.operations.map((operation) => of(operation.name, judge(operation, body)));
  };
}

/** Nobody is asked who they are where a method has no scheme. */
const METHODS_NEED_A_CALLER: Rule = {
  id: "method-needs-a-caller",
  title: "Every method asks who calls",
  asks: ["CKV_AWS_59", "CKV2_AWS_70", "AwsSolutions-APIG4"],
  severity: "critical",
  types: API,
  evaluate: everyMethod(({ verb, security }) => {
    if (verb === "OPTIONS") return PASS;
    if (!Array.isArray(security)) return unknown("security is known only after the apply.");
    return when(
      security.length > 0 && security.every((scheme) => Object.keys(scheme as object).length > 0),
      "security is empty, so anybody may call; allowed: a scheme, such as sigv4 or api_key.",
    );
  }),
};

/** Bodies and parameters are checked by the gateway, before a function is paid for them. */
const REQUESTS_ARE_VALIDATED: Rule = {
  id: "requests-are-validated",
  title: "The gateway checks bodies and parameters",
  asks: ["CKV2_AWS_53", "AwsSolutions-APIG2"],
  severity: "warning",
  types: API,
  evaluate: everyMethod(({ body }, { document }) => {
    const name = body["x-amazon-apigateway-request-validator"] ?? document["x-amazon-apigateway-request-validator"];
    const validators = document["x-amazon-apigateway-request-validators"] as
      | Readonly<Record<string, Readonly<Record<string, unknown>>>>
      | undefined;
    const validator = validators?.[String(name)];
    return when(
      validator?.["validateRequestBody"] === true && validator["validateRequestParameters"] === true,
      `x-amazon-apigateway-request-validator is ${JSON.stringify(name) ?? "not given"}; allowed: one that validates body and parameters.`,
    );
  }),
};

/**
 * Else a body of a type that the API has no model for passes without a check (API Gateway developer guide, "Method
 * request behavior for payloads without mapping templates").
 */
const OTHER_CONTENT_TYPES_ARE_REFUSED: Rule = {
  id: "other-content-types-are-refused",
  title: "A body of a type that the API does not know is refused",
  asks: [],
  severity: "warning",
  types: API,
  evaluate: everyMethod(({ integration }) => {
    const given = integration["passthroughBehavior"];
    return when(
      String(given).toLowerCase() === "never",
      `passthroughBehavior is ${JSON.stringify(given) ?? "not given"}; allowed: never.`,
    );
  }),
};

/** What a caller has no business to know: what stands behind the gateway, who called, what was sent. */
const LEAKING =
  /\$(context\.(integrationErrorMessage|integration\.error|authorizer|identity|error\.validationErrorString)|input|stageVariables)\b/;

/** The two that stand in for every other. */
const DEFAULTS = ["DEFAULT_4XX", "DEFAULT_5XX"];

/** The gateway's own answers say no more than they must. */
const GATEWAY_RESPONSES_LEAK_NOTHING: Rule = {
  id: "gateway-responses-leak-nothing",
  title: "The gateway's own answers name nothing behind it",
  asks: [],
  severity: "warning",
  types: API,
  evaluate: (api) => {
    const body = apiBody(api);
    if (body === undefined) return [];
    if (body instanceof Unknown) return [unknown("body is known only after the apply.")];
    const responses = (body.document["x-amazon-apigateway-gateway-responses"] ?? {}) as Readonly<
      Record<string, unknown>
    >;
    const missing = DEFAULTS.filter((type) => responses[type] === undefined);
    return [
      when(
        missing.length === 0,
        `x-amazon-apigateway-gateway-responses has no ${missing.join(" and no ")}; allowed: both defaults, with a template of your own.`,
      ),
      ...Object.entries(responses).map(([type, response]) => of(type, leaks(response))),
    ];
  },
};

function leaks(response: unknown): Judgement {
  const text = JSON.stringify(response);
  if (isUnclear(text)) return unknown("The answer is known only after the apply.");
  const found = LEAKING.exec(text)?.[0];
  return found === undefined
    ? PASS
    : fail(`It holds ${found}; allowed: texts of your own, $context.error.message and $context.requestId.`);
}

export const API_METHOD_RULES: readonly Rule[] = [
  PRIVATE_API_NAMES_ITS_ENDPOINTS,
  METHODS_NEED_A_CALLER,
  REQUESTS_ARE_VALIDATED,
  OTHER_CONTENT_TYPES_ARE_REFUSED,
  GATEWAY_RESPONSES_LEAK_NOTHING,
];
