import {
  referTo,
  UUID,
  type Answer,
  type AnswerHeader,
  type Examples,
  type Parameter,
  type Schema,
} from "./openapi-schemas";

const ID = "0f6c2f0e-8a3b-4c57-9d0a-3f1f6f0c2b11";
const TIMES = {
  created_at: "2026-11-21T12:00:00.000Z",
  updated_at: "2026-11-21T12:00:41.512Z",
  deadline: "2026-11-21T13:00:00.000Z",
};
const REQUEST = { request_id: ID, ...TIMES };

const describeHeader = (description: string, schema: Schema, required = true): AnswerHeader => ({
  required,
  description,
  schema: { type: "string", ...schema },
});
const SECONDS: Schema = { pattern: "^[1-9]\\d{0,4}$" };

const NO_STORE = describeHeader("Nobody may keep the answer.", { pattern: "\\bno-store\\b" });
const RETRY_AFTER = describeHeader("Seconds until the next try makes sense.", SECONDS);
const RETRY_UNTIL_ENDED = describeHeader(
  "Seconds until the next poll makes sense; not there once the request has ended.",
  SECONDS,
  false,
);

/** A JSON answer, with a value for each example. */
function describeJson(
  description: string,
  body: Schema,
  { headers, examples }: { readonly headers: Answer["headers"]; readonly examples: Readonly<Record<string, unknown>> },
): Answer {
  const values = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
  return { description, headers, content: { "application/json": { schema: body, examples: values } } };
}

interface RefusalOptions {
  /** Beside Cache-Control. */
  readonly headers?: Answer["headers"];
  /** Whether a cache may keep the answer. Default: nobody may. */
  readonly mayBeKept?: boolean;
  /** Whether API Gateway may answer in its own words instead. */
  readonly orGateway?: boolean;
}

/** An error object with one of these codes. */
function describeRefusal(
  description: string,
  codes: readonly string[],
  { headers = {}, mayBeKept = false, orGateway = false }: RefusalOptions = {},
): Answer {
  const code: Schema = { type: "object", properties: { code: { type: "string", enum: codes } } };
  const own: Schema = { allOf: [referTo("Error"), { type: "object", properties: { error: code } }] };
  const error = {
    code: codes[0],
    message: "What is allowed stands here.",
    gateway_request_id: "6f1c1f6e-2f0e-4c5a-a9b5-2a7f5a1d6c33",
  };
  return describeJson(description, orGateway ? { anyOf: [own, referTo("GatewayMessage")] } : own, {
    headers: { ...(!mayBeKept && !orGateway && { "Cache-Control": NO_STORE }), ...headers },
    examples: { refused: { error } },
  });
}

/** Codes of requests whose caller, or route, API Gateway does not know. */
const FORBIDDEN = [
  "missing_credentials_or_unknown_route",
  "invalid_signature",
  "expired_credentials",
  "invalid_api_key",
  "access_denied",
  "caller_unknown",
  "direct_access_refused",
];

/** Answers that every route may give, by status. */
const EVERYWHERE: Readonly<Record<string, Answer>> = {
  400: describeRefusal("The request is not what this route takes; the message lists what is wrong.", [
    "invalid_request",
    "bad_request",
  ]),
  403: describeRefusal("The credentials are missing or wrong, or there is no such route.", FORBIDDEN),
  414: describeRefusal("The URL is too long.", ["bad_request"]),
  429: describeRefusal("Too many requests, or the day's quota is used up.", ["throttled", "quota_exceeded"], {
    headers: { "Retry-After": RETRY_AFTER },
  }),
  500: describeRefusal("A fault of the service.", ["internal_error"]),
  503: describeRefusal(
    "Something that the service depends on does not answer. Send the same request again.",
    ["service_unavailable"],
    { headers: { "Retry-After": RETRY_AFTER } },
  ),
  504: describeRefusal("The service did not answer in time. Send the same request again, with its Idempotency-Key.", [
    "timeout",
  ]),
};

/** The answer where there is no route, which a REST API gives with 403. */
export const UNKNOWN_ROUTE: Answer = EVERYWHERE["403"]!;

/** The answer to a missing or expired token, where callers use tokens. */
export const UNAUTHORIZED: Answer = describeRefusal(
  "The token is missing, is not valid or has expired.",
  ["unauthorized", "token_expired"],
  {
    headers: {
      "WWW-Authenticate": describeHeader("What is asked for.", { pattern: "^Bearer" }, false),
    },
  },
);

const ACCEPTED = describeJson(
  "The request is taken down and queued. With an Idempotency-Key that was sent before: the request " +
    "that its first try made.",
  referTo("Accepted"),
  {
    headers: {
      "Cache-Control": NO_STORE,
      Location: describeHeader("The status_url of the body.", { pattern: `/api/v1/status/${UUID.slice(1)}` }),
      "Retry-After": RETRY_UNTIL_ENDED,
      "Idempotency-Replayed": describeHeader("true where an earlier try made the request.", { enum: ["true"] }, false),
    },
    examples: {
      queued: { request_id: ID, status: "queued", status_url: `/live/api/v1/status/${ID}`, deadline: TIMES.deadline },
    },
  },
);

const AGENT = { name: "planner", phase: 1, status: "ok", duration_ms: 40_310, answer: "Rebook 42 passengers." };

const RESULT = { answer: AGENT.answer, agents: [AGENT], duration_ms: 40_512 };
const ALL_FAILED = { code: "all_agents_failed", message: "No agent gave an answer. See result.agents." };
const DEADLINE_PASSED = { code: "deadline_passed", message: "The request was not done by its deadline." };

const STATUS = describeJson(
  "How far the request is, and its result once it is there. A cache may keep the answer for some seconds.",
  { oneOf: ["Open", "Completed", "Failed", "Expired"].map(referTo) },
  {
    headers: { "Retry-After": RETRY_UNTIL_ENDED },
    examples: {
      queued: { ...REQUEST, status: "queued" },
      processing: { ...REQUEST, status: "processing" },
      completed: { ...REQUEST, status: "completed", result: RESULT },
      failed: { ...REQUEST, status: "failed", error: ALL_FAILED },
      expired: { ...REQUEST, status: "expired", error: DEADLINE_PASSED },
    },
  },
);

const HEALTH = { status: "ok", ready: true, checks: { requests_table: "ok", work_queue: "ok" } };

function describeHealth(): Readonly<Record<string, Answer>> {
  const { 503: unavailable, ...others } = EVERYWHERE;
  return {
    200: describeJson("The service runs; ready says whether what it depends on answers.", referTo("Health"), {
      headers: { "Cache-Control": NO_STORE },
      examples: { ready: HEALTH },
    }),
    ...others,
    503: describeJson(
      "With probe=readiness: a check fails. Else the service itself does not answer.",
      { anyOf: [referTo("Health"), unavailable!.content["application/json"]!.schema] },
      {
        headers: { "Cache-Control": NO_STORE, "Retry-After": { ...RETRY_AFTER, required: false } },
        examples: { unready: { ...HEALTH, ready: false, checks: { ...HEALTH.checks, work_queue: "unavailable" } } },
      },
    ),
  };
}

const REQUEST_ID: Parameter = {
  name: "request_id",
  in: "path",
  required: true,
  description: "The request_id of the answer to invoke.",
  schema: { type: "string", pattern: UUID },
  example: ID,
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

/** What callers are told of an operation, and the gateway is not. */
interface OperationTexts {
  readonly description: string;
  readonly parameters: readonly Parameter[];
  /** Of the request's body. */
  readonly examples?: Examples;
  /** By status. */
  readonly answers: Readonly<Record<string, Answer>>;
}

/** By the operation's id. */
export const OPERATIONS: Readonly<Record<string, OperationTexts>> = {
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
    answers: {
      202: ACCEPTED,
      ...EVERYWHERE,
      413: describeRefusal(
        "The body or the prompt is too large: 65,536 bytes, of which the prompt 32,768. Over 10 MB the " +
          "gateway itself answers.",
        ["payload_too_large"],
        { orGateway: true },
      ),
      415: describeRefusal("The body is not application/json in UTF-8, or it is encoded.", ["unsupported_media_type"]),
      422: describeRefusal("The Idempotency-Key was sent before with another prompt or session_id.", [
        "idempotency_key_reused",
      ]),
    },
  },
  status: {
    description:
      "Poll it after the seconds of Retry-After. Another caller's request is answered like one that is not there.",
    parameters: [REQUEST_ID],
    answers: {
      200: STATUS,
      ...EVERYWHERE,
      404: describeRefusal(
        "There is no such request, or it is another caller's, or it is gone. A cache may keep the answer " +
          "for some seconds.",
        ["request_not_found"],
        { mayBeKept: true },
      ),
      502: describeRefusal("The request is completed, and its result is lost.", ["result_unavailable"]),
    },
  },
  health: { description: "Needs no credentials.", parameters: [PROBE], answers: describeHealth() },
};
