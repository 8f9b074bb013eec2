import type { APIGatewayProxyEvent, SQSEvent } from "aws-lambda";
import type { Agent } from "../../handlers/agents/agent";
import type { ReadyAgent } from "../../handlers/agents";
import {
  openCounters,
  openColdStart,
  type FunctionCounts,
  type Fields,
  type Level,
  type Log,
  type Measured,
} from "../../handlers/telemetry";
import { openReadCache, type ReadCache } from "../../handlers/requests/read-cache";
import type { NewRequest } from "../../handlers/requests/requests";

export const REQUEST_ID = "0b8a1c52-7f8e-4c1b-9d59-0f9b7f5d1a11";
export const NOW_MS = Date.parse("2026-03-01T12:00:00.000Z");
/** Milliseconds from a request's creation to its deadline. */
export const DEADLINE_MS = 3_600_000;
export const WORK_QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:work";
export const DEAD_LETTER_QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:failed";

export interface Logged {
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
  /** Where the record has metrics. */
  readonly measured?: readonly Measured[];
}

/** A log that keeps its records. */
export function keepingLog(): { log: Log; records: Logged[] } {
  const records: Logged[] = [];
  return {
    records,
    log: (level, event, fields = {}, ...measured) =>
      void records.push({ level, event, fields, ...(measured.length > 0 && { measured }) }),
  };
}

/** Counts of a process that has not answered anything yet. */
export const newProcess = (): FunctionCounts => ({
  countColdStart: openColdStart(),
  counters: openCounters(),
  memoryUsedPercent: () => undefined,
});

/** Keeps nothing. */
export const noCache = (): ReadCache => openReadCache({ ttlMs: 0, nowMs: () => NOW_MS, counters: openCounters() });

type Overrides = Partial<Omit<APIGatewayProxyEvent, "requestContext">> & {
  readonly identity?: object;
  readonly stagePath?: string;
};

/** An event as a REST API sends it to a Lambda proxy. */
export function gatewayEvent({ identity, stagePath, ...overrides }: Overrides = {}): APIGatewayProxyEvent {
  const event = {
    httpMethod: "GET",
    resource: "/api/v1/health",
    path: "/api/v1/health",
    headers: {},
    multiValueHeaders: {},
    queryStringParameters: null,
    pathParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: {
      requestId: "gateway-1",
      path: stagePath ?? `/v1${overrides.path ?? "/api/v1/health"}`,
      identity: identity ?? {},
    },
    ...overrides,
  };
  return event as unknown as APIGatewayProxyEvent;
}

/** `POST /api/v1/invoke` with a body. */
export function invokeEvent(body: unknown, overrides: Overrides = {}): APIGatewayProxyEvent {
  return gatewayEvent({
    httpMethod: "POST",
    resource: "/api/v1/invoke",
    path: "/api/v1/invoke",
    headers: { "Content-Type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...overrides,
  });
}

/** `GET /api/v1/status/{request_id}`. */
export function statusEvent(requestId: string, overrides: Overrides = {}): APIGatewayProxyEvent {
  return gatewayEvent({
    resource: "/api/v1/status/{request_id}",
    path: `/api/v1/status/${requestId}`,
    pathParameters: { request_id: requestId },
    ...overrides,
  });
}

export function newRequest(overrides: Partial<NewRequest> = {}): NewRequest {
  return {
    requestId: REQUEST_ID,
    owner: "anonymous",
    prompt: "How tall is the tower?",
    createdAt: new Date(NOW_MS).toISOString(),
    deadlineMs: NOW_MS + DEADLINE_MS,
    expiresAt: NOW_MS / 1000 + 86_400,
    ...overrides,
  };
}

/** A batch of SQS messages with these bodies, all of one queue; the ids are `1`, `2` and so on. */
export function sqsBatch(queueArn: string, ...bodies: readonly string[]): SQSEvent {
  return {
    Records: bodies.map((body, index) => ({
      messageId: String(index + 1),
      receiptHandle: `receipt-${index + 1}`,
      eventSource: "aws:sqs",
      eventSourceARN: queueArn,
      attributes: { ApproximateReceiveCount: "1" },
      body,
    })),
  } as unknown as SQSEvent;
}

/** An agent that answers. */
export const says =
  (text: string): Agent["run"] =>
  async () => ({ text });

/** An agent under test. */
export function readyAgent(name: string, run: Agent["run"], { phases = [1], timeoutSeconds = 60 } = {}): ReadyAgent {
  return {
    definition: { name, kind: "scripted", target: "0ms unused", timeout_seconds: timeoutSeconds, phases },
    agent: { run },
  };
}

/** Never settles but by the signal. */
export const hang: Agent["run"] = (_input, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

export const never = new AbortController().signal;

/** Resolves when everything has happened that was ready to. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
