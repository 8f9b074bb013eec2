import type { AuditedPlan, AuditedResource } from "./audited-plan";
import { placeAt, Unknown } from "./plan-json";

/** One method of a REST API, as its OpenAPI body has it. */
export interface Operation {
  /** Such as `GET /api/v1/status/{request_id}`. */
  readonly name: string;
  readonly verb: string;
  readonly path: string;
  /** Security schemes that a call must meet, by name; a text where it is not known. Empty: anybody may call. */
  readonly security: unknown;
  readonly body: Readonly<Record<string, unknown>>;
  readonly integration: Readonly<Record<string, unknown>>;
}

export interface ApiBody {
  readonly document: Readonly<Record<string, unknown>>;
  readonly operations: readonly Operation[];
}

const VERBS = ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];

/** The body of a REST API; undefined where its methods are resources of their own. */
export function apiBody(api: AuditedResource): ApiBody | Unknown | undefined {
  const text = api.get("body");
  if (typeof text !== "string") return text instanceof Unknown ? text : undefined;
  const document = parsed(text);
  if (document === undefined) return new Unknown();
  const operations = Object.entries(
    (document["paths"] ?? {}) as Readonly<Record<string, Readonly<Record<string, Operation["body"]>>>>,
  ).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([verb]) => VERBS.includes(verb))
      .map(([verb, body]) => operation(path, verb, body, document)),
  );
  return { document, operations };
}

/** The API that a stage or its method settings belong to. */
export function apiOf(resource: AuditedResource, plan: AuditedPlan): ApiBody | Unknown | undefined {
  const api = plan.target(resource, "rest_api_id", "aws_api_gateway_rest_api");
  return typeof api === "string" ? new Unknown() : apiBody(api);
}

function operation(path: string, verb: string, body: Operation["body"], document: ApiBody["document"]): Operation {
  const integration = (body["x-amazon-apigateway-integration"] ?? {}) as Operation["integration"];
  const name = verb.startsWith("x-") ? "ANY" : verb.toUpperCase();
  return {
    name: `${name} ${path}`,
    verb: name,
    path,
    security: body["security"] ?? document["security"] ?? [],
    body,
    integration,
  };
}

/** Schemes by name, as the body defines them. */
export function schemeOf({ document }: ApiBody, name: string): Readonly<Record<string, unknown>> {
  return (placeAt(document, ["components", "securitySchemes", name]) ??
    placeAt(document, ["securityDefinitions", name]) ??
    {}) as Readonly<Record<string, unknown>>;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    // YAML, which API Gateway takes too, is not read here.
    return undefined;
  }
}
