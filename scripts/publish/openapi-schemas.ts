/** A JSON schema of OpenAPI 3.0, as far as it is used here. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "number" | "integer" | "boolean";
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
  readonly example?: unknown;
}

/** A header of an answer; a required one is always there. */
export interface AnswerHeader {
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
}

/** Example values by name. */
export type Examples = Readonly<Record<string, { readonly value: unknown }>>;

/** A body by its media type. */
type Content = Readonly<Record<string, { readonly schema: Schema; readonly examples?: Examples }>>;

/** What a status means, and what comes with it. */
export interface Answer {
  readonly description: string;
  readonly headers: Readonly<Record<string, AnswerHeader>>;
  readonly content: Content;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
}

/** The document for callers. It has no template, and nothing that only API Gateway reads. */
export interface CallersDocument {
  readonly openapi: "3.0.1";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly unknown[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    /** `UnknownRoute`: the answer where there is no route. */
    readonly responses: Readonly<Record<string, Answer>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

export const UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

/** ISO 8601 in UTC with milliseconds, as JavaScript writes it. */
const TIME: Schema = {
  type: "string",
  format: "date-time",
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$",
};
const ID: Schema = { type: "string", pattern: UUID, description: "The request's id." };
const COUNT: Schema = { type: "integer", minimum: 0 };
const MESSAGE: Schema = { type: "string", minLength: 1 };

const describeObject = (
  required: readonly string[],
  properties: Readonly<Record<string, Schema>>,
  description?: string,
): Schema => ({ type: "object", ...(description && { description }), required, properties });
export const referTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** The schema of a status answer in these states; `more` and `required` are added to the common properties. */
function describeState(
  states: readonly string[],
  description: string,
  { more = {}, required = [] }: { readonly more?: Schema["properties"]; readonly required?: readonly string[] } = {},
): Schema {
  const properties = {
    request_id: ID,
    status: { type: "string", enum: states } as const,
    created_at: TIME,
    updated_at: TIME,
    deadline: TIME,
    session_id: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}$" } as const,
    ...more,
  };
  return describeObject(
    ["request_id", "status", "created_at", "updated_at", "deadline", ...required],
    properties,
    description,
  );
}

/** What callers are answered. An object may get further properties in a later release. */
export const ANSWER_SCHEMAS: Readonly<Record<string, Schema>> = {
  Accepted: describeObject(["request_id", "status", "status_url", "deadline"], {
    request_id: ID,
    status: {
      type: "string",
      enum: ["queued", "processing", "completed", "failed", "expired"],
      description: "queued, unless an Idempotency-Key was sent again.",
    },
    status_url: {
      type: "string",
      pattern: `^/([^/]+/)*api/v1/status/${UUID.slice(1)}`,
      description: "Path to ask for the status, from the host on.",
    },
    deadline: { ...TIME, description: "From then on the request is expired where it has not ended." },
  }),
  Open: describeState(["queued", "processing"], "Not ended yet; ask again after Retry-After."),
  Completed: describeState(["completed"], "Ended with an answer.", {
    more: { result: referTo("Result") },
    required: ["result"],
  }),
  Failed: describeState(["failed"], "Ended without an answer.", {
    more: { result: referTo("Result"), error: referTo("Failure") },
    required: ["error"],
  }),
  Expired: describeState(["expired"], "Not done by its deadline.", {
    more: { error: referTo("Failure") },
    required: ["error"],
  }),
  Result: describeObject(["agents", "duration_ms"], {
    answer: { type: "string", description: "The agents' answer; there where the request is completed." },
    failure: referTo("Failure"),
    agents: { type: "array", items: referTo("AgentReport") },
    duration_ms: { type: "number", minimum: 0 },
    tokens: referTo("Tokens"),
  }),
  AgentReport: describeObject(["name", "phase", "status", "duration_ms"], {
    name: MESSAGE,
    phase: { type: "integer", minimum: 1 },
    role: { type: "string", enum: ["arbiter"] },
    status: { type: "string", enum: ["ok", "failed", "timed_out", "cancelled"] },
    duration_ms: { type: "number", minimum: 0 },
    tokens: referTo("Tokens"),
    answer: { type: "string", description: "Where it is ok." },
    error: { type: "string", description: "Where it is not." },
  }),
  Tokens: describeObject(["input", "output", "total"], { input: COUNT, output: COUNT, total: COUNT }),
  Failure: describeObject(
    ["code", "message"],
    { code: { type: "string", pattern: "^[a-z_]+$" }, message: MESSAGE },
    "Why there is no answer.",
  ),
  Health: describeObject(["status", "ready", "checks"], {
    status: { type: "string", enum: ["ok"], description: "The service runs." },
    ready: { type: "boolean", description: "Whether every check is ok." },
    checks: {
      type: "object",
      required: ["requests_table", "work_queue"],
      properties: {
        requests_table: { type: "string", enum: ["ok", "unavailable"] },
        work_queue: { type: "string", enum: ["ok", "unavailable"] },
      },
    },
  }),
  Error: describeObject(["error"], {
    error: describeObject(["code", "message", "gateway_request_id"], {
      code: { type: "string", pattern: "^[a-z_]+$", description: "Stable; for programs." },
      message: { ...MESSAGE, description: "For people: what is allowed. It never repeats what was sent." },
      gateway_request_id: { ...MESSAGE, description: "Name it when you ask for help." },
    }),
  }),
  GatewayMessage: describeObject(
    ["message"],
    { message: { type: "string" } },
    "What API Gateway itself answers where its answer cannot be changed.",
  ),
};
