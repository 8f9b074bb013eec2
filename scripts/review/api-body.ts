import type { Attributes } from "../kit/plan-changes";
import type { AuditedPlan, AuditedResource } from "./audited-plan";
import { readPath, Unknown } from "./plan-json";

/** One method of a REST API, as its OpenAPI body has it. */
export interface Operation {
  /** Such as `GET /api/v1/status/{request_id}`. */
  readonly name: string;
  readonly verb: string;
  readonly path: string;
  /** Security schemes that a call must meet, by name; a text where it is not known. Empty: anybody may call. */
  readonly security: unknown;
  readonly body: Attributes;
  readonly integration: Attributes;
}

export interface ApiBody {
  readonly document: Attributes;
  readonly operations: readonly Operation[];
}

const VERBS = ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];

/** The body of a REST API; undefined where its methods are resources of their own. */
export function readApiBody(api: AuditedResource): ApiBody | Unknown | undefined {
  const text = api.get("body");
  if (typeof text !== "string") return text instanceof Unknown ? text : undefined;
  const document = parseBody(text);
  if (document === undefined) return new Unknown();
  const paths = (document["paths"] ?? {}) as Readonly<Record<string, Readonly<Record<string, Attributes>>>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([verb]) => VERBS.includes(verb))
      .map(([key, body]): Operation => {
        const verb = key.startsWith("x-") ? "ANY" : key.toUpperCase();
        return {
          name: `${verb} ${path}`,
          verb,
          path,
          security: body["security"] ?? document["security"] ?? [],
          body,
          integration: (body["x-amazon-apigateway-integration"] ?? {}) as Attributes,
        };
      }),
  );
  return { document, operations };
}

function parseBody(text: string): Attributes | undefined {
  try {
    return JSON.parse(text) as Attributes;
  } catch {
    // API Gateway also accepts YAML, which is not read here.
    return undefined;
  }
}

/** The body of the API that a stage or its method settings belong to. */
export function findApiBody(resource: AuditedResource, plan: AuditedPlan): ApiBody | Unknown | undefined {
  const api = plan.findTarget(resource, "rest_api_id", "aws_api_gateway_rest_api");
  return typeof api === "string" ? new Unknown() : readApiBody(api);
}

/** A security scheme by its name; empty where the body does not define it. */
export function findScheme({ document }: ApiBody, name: string): Attributes {
  return (readPath(document, ["components", "securitySchemes", name]) ??
    readPath(document, ["securityDefinitions", name]) ??
    {}) as Attributes;
}
