import Ajv from "ajv-draft-04";
import type { ValidateFunction } from "ajv";
import type { GatewayFailure } from "./gateway-responses";
import type { GatewayRequest } from "./gateway";
import { list, record, type Values } from "../applied/state";

interface RequiredParameter {
  readonly place: "path" | "query" | "header";
  readonly name: string;
}

/** What the API's request validator asks of one method. */
export class RequestValidation {
  private readonly parameters: readonly RequiredParameter[];
  private readonly body: ValidateFunction | undefined;

  constructor(route: string, document: Values, operation: Values, shared: readonly unknown[]) {
    const validator = validatorOf(route, document, operation);
    const given = [...shared, ...list(operation.parameters)].map((parameter) => resolve(parameter, document));
    this.parameters = validator.validateRequestParameters === true ? given.flatMap(readRequired) : [];
    const body = resolve(operation.requestBody, document);
    const schema = record(record(record(body?.content)?.["application/json"])?.schema);
    this.body =
      validator.validateRequestBody === true && schema !== undefined ? compile(route, schema, document) : undefined;
  }

  /** Undefined for a good request. Parameters are looked at first, as in API Gateway. */
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
    // A body without a type counts as JSON; one of a type without a model is passed on unseen by a proxy integration.
    const contentType = (request.header("content-type") ?? "application/json").split(";")[0]!.trim().toLowerCase();
    if (this.body === undefined || contentType !== "application/json") return undefined;
    let parsed: unknown;
    try {
      parsed = JSON.parse(request.body.toString("utf8"));
    } catch {
      return { type: "BAD_REQUEST_BODY", validationError: "[the body is not JSON]" }; // The answer says it; the cause holds the caller's text.
    }
    if (this.body(parsed)) return undefined;
    const problems = (this.body.errors ?? []).map(
      (error) => `${error.instancePath || "object"} ${error.message ?? "is invalid"}`,
    );
    return { type: "BAD_REQUEST_BODY", validationError: `[${problems.join(", ")}]` };
  }
}

function validatorOf(route: string, document: Values, operation: Values): Values {
  const key = "x-amazon-apigateway-request-validator";
  const name = operation[key] ?? document[key];
  if (name === undefined || name === null) return {};
  const defined = record(document["x-amazon-apigateway-request-validators"]) ?? {};
  const found = record(defined[String(name)]);
  if (found !== undefined) return found;
  throw new Error(
    `${route} names the request validator "${String(name)}", which the applied API does not define (it has: ${Object.keys(defined).join(", ") || "none"}).`,
  );
}

/** Follows `$ref: #/components/...` once. */
function resolve(value: unknown, document: Values): Values | undefined {
  const given = record(value);
  if (typeof given?.$ref !== "string") return given;
  let target: unknown = document;
  for (const step of given.$ref.replace(/^#\//, "").split("/")) target = record(target)?.[step];
  return record(target);
}

function readRequired(parameter: Values | undefined): RequiredParameter[] {
  const place = parameter?.in;
  if (parameter?.required !== true || (place !== "path" && place !== "query" && place !== "header")) return [];
  return [{ place, name: String(parameter.name) }];
}

function compile(route: string, schema: Values, document: Values): ValidateFunction {
  // API Gateway's models are draft 4. Formats are not checked there, its patterns are Java's, and OpenAPI's own words
  // are not an error.
  const ajv = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, allErrors: true });
  try {
    return ajv.compile({ allOf: [schema], components: document.components ?? {} });
  } catch (cause) {
    throw new Error(
      `${route}: the applied body schema cannot be compiled: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}
