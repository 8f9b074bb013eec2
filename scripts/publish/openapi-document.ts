import { ANSWERS, UNAUTHORIZED, UNKNOWN_ROUTE } from "./openapi-answers";
import {
  type Answer,
  type CallersDocument,
  type Operation,
  type Parameter,
  type Schema,
  ANSWER_SCHEMAS,
  UUID,
} from "./openapi-schemas";

/** The OpenAPI body that API Gateway is given, as far as it is read; values may be Terraform templates. */
export interface GatewayBody {
  readonly info?: { readonly version?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, GatewayOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface GatewayOperation {
  readonly operationId: string;
  readonly summary: string;
  /** An empty list: the route is open. */
  readonly security?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
}

/** What is known of a deployment; without it the document holds for all of them. */
export interface Deployed {
  /** Output `api_endpoint`. */
  readonly endpoint?: string;
  /** Setting `authorization` in effect. */
  readonly authorization?: string;
}

/** The security scheme of each value of the setting `authorization`; `none` has none. */
export const SCHEME_OF: Readonly<Record<string, { readonly name: string; readonly scheme: object } | undefined>> = {
  iam: {
    name: "sigv4",
    scheme: {
      type: "apiKey",
      name: "Authorization",
      in: "header",
      description: "AWS Signature Version 4, service execute-api.",
    },
  },
  api_key: {
    name: "api_key",
    scheme: {
      type: "apiKey",
      name: "x-api-key",
      in: "header",
      description: "An API key; each is a caller with a daily quota.",
    },
  },
  jwt: {
    name: "jwt",
    scheme: {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
      description: "A token of the issuer that the deployment trusts.",
    },
  },
};

const PLACEHOLDER = {
  url: "{endpoint}",
  variables: {
    endpoint: {
      default: "https://api-id.execute-api.region.amazonaws.com/live",
      description: "The output api_endpoint of the deployment.",
    },
  },
};

const REQUEST_ID: Parameter = {
  name: "request_id",
  in: "path",
  required: true,
  description: "The request_id of the answer to invoke.",
  schema: { type: "string", pattern: UUID },
  example: "0f6c2f0e-8a3b-4c57-9d0a-3f1f6f0c2b11",
};
const IDEMPOTENCY_KEY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "1 to 255 visible ASCII characters, bare or in double quotes. Sent again with it and the same " +
    "body, the request is the same one for as long as it is kept; another caller's key is another key.",
  schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$" },
  example: "5b1c7c1e-order-4711",
};
const PROBE: Parameter = {
  name: "probe",
  in: "query",
  required: false,
  description: "readiness: answer 503 where a check fails. Anything else counts as not given.",
  schema: { type: "string", enum: ["readiness"] },
};

/** What the gateway does not need to know, by operation. */
const FOR_CALLERS: Readonly<
  Record<
    string,
    {
      readonly description: string;
      readonly parameters: readonly Parameter[];
      readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
    }
  >
> = {
  invoke: {
    description:
      "The body has at most 65,536 bytes, its prompt 32,768 bytes of UTF-8 and something to read in it, " +
      "without control characters other than tab and line breaks and without half a surrogate pair. No " +
      "key may be given twice, no field may be unknown. Requests of one session_id share a conversation.",
    parameters: [IDEMPOTENCY_KEY],
    examples: {
      prompt: { value: { prompt: "Flight EY123 delayed 3 hours" } },
      session: { value: { prompt: "And the crew?", session_id: "case-4711" } },
    },
  },
  status: {
    description:
      "Poll it after the seconds of Retry-After. Another caller's request is answered like one that is not there.",
    parameters: [REQUEST_ID],
  },
  health: { description: "Needs no credentials.", parameters: [PROBE] },
};

/**
 * The document that callers are given. Routes, their order and what requests must look like come from the gateway's own
 * body; the answers are added here and not there: API Gateway's import knows neither `example` nor `$ref` of a response
 * nor `oneOf` (API Gateway developer guide, "important notes for REST APIs", read 2026-11), it would make a model of
 * each schema and use none, since a proxy integration passes answers on as they are; and the body's hash makes a
 * deployment, which a better sentence should not. Throws where the body has a route that {@link ANSWERS} does not
 * describe.
 * @param modes values that the setting `authorization` may have
 */
export function createCallersDocument(
  body: GatewayBody,
  modes: readonly string[],
  { endpoint, authorization }: Deployed = {},
): CallersDocument {
  const inEffect = authorization === undefined ? modes : [authorization];
  const schemes = inEffect.flatMap((mode) => SCHEME_OF[mode] ?? []);
  return {
    openapi: "3.0.1",
    info: {
      title: "Quickturn",
      version: body.info?.version ?? "1",
      description:
        "Slow agents behind a fast API: invoke takes a prompt down, status tells how far it is. Every " +
        "refusal is JSON with a code. A path or method that is not here is answered as " +
        "components.responses.UnknownRoute says.",
    },
    servers: endpoint === undefined ? [PLACEHOLDER] : [{ url: endpoint.replace(/\/+$/, "") }],
    paths: Object.fromEntries(
      Object.entries(body.paths).map(([path, methods]) => [
        path,
        Object.fromEntries(
          Object.entries(methods).map(([method, operation]) => [method, describeOperation(path, operation, inEffect)]),
        ),
      ]),
    ),
    components: {
      schemas: { ...body.components.schemas, ...ANSWER_SCHEMAS },
      responses: { UnknownRoute: UNKNOWN_ROUTE },
      securitySchemes: Object.fromEntries(schemes.map(({ name, scheme }) => [name, scheme])),
    },
  };
}

function describeOperation(
  path: string,
  { operationId, summary, security, requestBody, parameters = [] }: GatewayOperation,
  modes: readonly string[],
): Operation {
  const [more, answers] = [FOR_CALLERS[operationId], ANSWERS[operationId]];
  if (more === undefined || answers === undefined)
    throw new Error(
      `${path} has the operation ${operationId}, whose answers nobody has described; described: ` +
        `${Object.keys(ANSWERS).join(", ")}. Add it to FOR_CALLERS and ANSWERS in ` +
        "scripts/publish/openapi-*.ts.",
    );
  const missing = parameters.filter(
    (given) => given.in === "path" && !more.parameters.some(({ name }) => name === given.name),
  );
  if (missing.length > 0)
    throw new Error(
      `${path} has the path parameter ${missing[0]!.name}, which nobody has described. Add it to ` +
        "FOR_CALLERS in scripts/publish/openapi-*.ts.",
    );
  const isOpen = Array.isArray(security) && security.length === 0;
  return {
    operationId,
    summary,
    description: more.description,
    security: isOpen
      ? []
      : modes.flatMap((mode) =>
          mode === "none" ? (modes.length === 1 ? [] : [{}]) : [{ [SCHEME_OF[mode]?.name ?? mode]: [] }],
        ),
    parameters: more.parameters,
    ...(requestBody && {
      requestBody: { required: requestBody.required, content: addExamples(requestBody.content, more.examples) },
    }),
    responses: sortByStatus(!isOpen && modes.includes("jwt") ? { ...answers, 401: UNAUTHORIZED } : answers),
  };
}

function addExamples(
  content: Readonly<Record<string, { readonly schema: Schema }>>,
  examples: Readonly<Record<string, { readonly value: unknown }>> | undefined,
) {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema }]) => [type, { schema, ...(examples && { examples }) }]),
  );
}

const sortByStatus = (answers: Readonly<Record<string, Answer>>): Readonly<Record<string, Answer>> =>
  Object.fromEntries(Object.entries(answers).sort(([left], [right]) => Number(left) - Number(right)));

/** The gateway's body in a synthesized stack. Throws where it has none. */
export function findGatewayBody(stack: {
  readonly locals?: Readonly<Record<string, unknown>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, { readonly body?: unknown }>>>>;
}): GatewayBody {
  const [api] = Object.values(stack.resource?.["aws_api_gateway_rest_api"] ?? {});
  // What may be merged into it says from where callers come, and not what they are answered.
  const local = /^\$\{jsonencode\((?:merge\()?local\.(\w+)[,)]/.exec(String(api?.body))?.[1];
  const body = local === undefined ? undefined : (stack.locals?.[local] as GatewayBody | undefined);
  if (body?.paths === undefined)
    throw new Error(
      "The stack has no REST API with an OpenAPI body; its aws_api_gateway_rest_api has the body " +
        `${JSON.stringify(api?.body) ?? "missing"}. Write the stack again: npx quickturn synth`,
    );
  return body;
}
