import type { Schema } from "./document";

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

const object = (
  required: readonly string[],
  properties: Readonly<Record<string, Schema>>,
  description?: string,
): Schema => ({ type: "object", ...(description && { description }), required, properties });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** A status answer of a request in these states. */
function inState(
  states: readonly string[],
  more: Readonly<Record<string, Schema>>,
  required: readonly string[],
  description: string,
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
  return object(["request_id", "status", "created_at", "updated_at", "deadline", ...required], properties, description);
}

/** What callers are answered. An object may get further properties in a later release. */
export const ANSWER_SCHEMAS: Readonly<Record<string, Schema>> = {
  Accepted: object(["request_id", "status", "status_url", "deadline"], {
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
  Open: inState(["queued", "processing"], {}, [], "Not ended yet; ask again after Retry-After."),
  Completed: inState(["completed"], { result: ref("Result") }, ["result"], "Ended with an answer."),
  Failed: inState(["failed"], { result: ref("Result"), error: ref("Failure") }, ["error"], "Ended without an answer."),
  Expired: inState(["expired"], { error: ref("Failure") }, ["error"], "Not done by its deadline."),
  Result: object(["agents", "duration_ms"], {
    answer: { type: "string", description: "The agents' answer; there where the request is completed." },
    failure: ref("Failure"),
    agents: { type: "array", items: ref("AgentReport") },
    duration_ms: { type: "number", minimum: 0 },
    tokens: ref("Tokens"),
  }),
  AgentReport: object(["name", "phase", "status", "duration_ms"], {
    name: MESSAGE,
    phase: { type: "integer", minimum: 1 },
    role: { type: "string", enum: ["arbiter"] },
    status: { type: "string", enum: ["ok", "failed", "timed_out", "cancelled"] },
    duration_ms: { type: "number", minimum: 0 },
    tokens: ref("Tokens"),
    answer: { type: "string", description: "Where it is ok." },
    error: { type: "string", description: "Where it is not." },
  }),
  Tokens: object(["input", "output", "total"], { input: COUNT, output: COUNT, total: COUNT }),
  Failure: object(
    ["code", "message"],
    { code: { type: "string", pattern: "^[a-z_]+$" }, message: MESSAGE },
    "Why there is no answer.",
  ),
  Health: object(["status", "ready", "checks"], {
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
  Error: object(["error"], {
    error: object(["code", "message", "gateway_request_id"], {
      code: { type: "string", pattern: "^[a-z_]+$", description: "Stable; for programs." },
      message: { ...MESSAGE, description: "For people: what is allowed. It never repeats what was sent." },
      gateway_request_id: { ...MESSAGE, description: "Name it when you ask for help." },
    }),
  }),
  GatewayMessage: object(
    ["message"],
    { message: { type: "string" } },
    "What API Gateway itself answers where its answer cannot be changed.",
  ),
};
