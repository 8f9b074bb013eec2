import type { ValidateFunction } from "ajv";
import Ajv from "ajv-draft-04";
import { asList, asObject, messageOf, type JsonObject } from "../json";
import type { GatewayRequest } from "./gateway";
import type { GatewayFailure } from "./gateway-responses";

interface RequiredParameter {
  readonly place: "path" | "query" | "header";
  readonly name: string;
}

/** One method of one path in an OpenAPI document. */
export interface Operation {
  /** Such as `GET /api/v1/status/{request_id}`. */
  readonly name: string;
  readonly document: JsonObject;
  readonly operation: JsonObject;
  /** Parameters of the whole path. */
  readonly pathParameters: readonly unknown[];
}

/** The checks that the API's request validator makes for one method. */
export class RequestValidation {
  private readonly parameters: readonly RequiredParameter[];
  private readonly body: ValidateFunction | undefined;

  constructor({ name, document, operation, pathParameters }: Operation) {
    const validator = findValidator(name, document, operation);
    const parameters = [...pathParameters, ...asList(operation.parameters)].map((each) => resolve(each, document));
    this.parameters = validator.validateRequestParameters === true ? parameters.flatMap(readRequired) : [];
    const body = resolve(operation.requestBody, document);
    const schema = asObject(asObject(asObject(body?.content)?.["application/json"])?.schema);
    this.body =
      validator.validateRequestBody === true && schema !== undefined ? compile(name, schema, document) : undefined;
  }

  /** Checks the parameters, then the body, as API Gateway does. @returns undefined for a valid request */
  check(request: GatewayRequest, pathParameters: Readonly<Record<string, string>>): GatewayFailure | undefined {
    const missing = this.parameters.filter(({ place, name }) => {
      if (place === "path") return !pathParameters[name];
      return place === "header" ? !request.header(name) : !request.query.get(name)?.some((value) => value !== "");
    });
    if (missing.length > 0) {
      return {
        type: "BAD_REQUEST_PARAMETERS",
        message: `Missing required request parameters: [${missing.map(({ name }) => name).join(", ")}]`,
      };
    }
    return this.checkBody(request);
  }

  private checkBody(request: GatewayRequest): GatewayFailure | undefined {
    // A body without a type counts as JSON. Proxy integrations pass on other types without a check.
    const [contentType = ""] = (request.header("content-type") ?? "application/json").split(";");
    if (this.body === undefined || contentType.trim().toLowerCase() !== "application/json") return undefined;
    let parsed: unknown;
    try {
      parsed = JSON.parse(request.body.toString("utf8"));
    } catch {
      // The cause is left out, because it holds the caller's text.
      return { type: "BAD_REQUEST_BODY", validationError: "[the body is not JSON]" };
    }
    if (this.body(parsed)) return undefined;
    const problems = (this.body.errors ?? []).map(
      (error) => `${error.instancePath || "object"} ${error.message ?? "is invalid"}`,
    );
    return { type: "BAD_REQUEST_BODY", validationError: `[${problems.join(", ")}]` };
  }
}

function findValidator(route: string, document: JsonObject, operation: JsonObject): JsonObject {
  const key = "x-amazon-apigateway-request-validator";
  const name = operation[key] ?? document[key];
  if (name === undefined || name === null) return {};
  const defined = asObject(document["x-amazon-apigateway-request-validators"]) ?? {};
  const found = asObject(defined[String(name)]);
  if (found !== undefined) return found;
  throw new Error(
    `${route} names the request validator "${String(name)}", which the applied API does not define ` +
      `(it has: ${Object.keys(defined).join(", ") || "none"}).`,
  );
}

/** Follows `$ref: #/components/...` once. */
function resolve(value: unknown, document: JsonObject): JsonObject | undefined {
  const given = asObject(value);
  if (typeof given?.$ref !== "string") return given;
  let target: unknown = document;
  for (const step of given.$ref.replace(/^#\//, "").split("/")) target = asObject(target)?.[step];
  return asObject(target);
}

function readRequired(parameter: JsonObject | undefined): RequiredParameter[] {
  const place = parameter?.in;
  if (parameter?.required !== true || (place !== "path" && place !== "query" && place !== "header")) return [];
  return [{ place, name: String(parameter.name) }];
}

function compile(route: string, schema: JsonObject, document: JsonObject): ValidateFunction {
  // API Gateway's models are JSON Schema draft 4 with Java's patterns. It does not check formats, and it accepts
  // OpenAPI's own keywords.
  const ajv = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, allErrors: true });
  try {
    return ajv.compile({ allOf: [schema], components: document.components ?? {} });
  } catch (cause) {
    throw new Error(`${route}: the applied body schema cannot be compiled: ${messageOf(cause)}.`, { cause });
  }
}
