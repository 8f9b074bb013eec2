import type { SQSEvent, SQSRecord } from "aws-lambda";
import type { Sqs } from "../aws/json-service";

/** The version of the messages. Messages of another version are refused. */
const MESSAGE_VERSION = 2;

/** How often the sweeper sends a request at most. With its pauses, forty take longer than the longest deadline. */
export const MAX_HOPS = 40;

/** What the front door and the sweeper tell the worker. It contains nothing private. */
export interface WorkMessage {
  readonly requestId: string;
  /** Epoch milliseconds after which no work is started. */
  readonly deadlineMs: number;
  /** How often the sweeper had sent the request before. */
  readonly hops: number;
}

/** Carries requests to the worker. Every method rejects if the queue cannot be reached; `signal` bounds its time. */
export interface WorkQueue {
  /** Adds a message. */
  send(message: WorkMessage, signal?: AbortSignal): Promise<void>;
  /** Makes a received message visible again after `seconds` (whole, up to 43,200) instead of the queue's own time. */
  delay(receiptHandle: string, seconds: number, signal?: AbortSignal): Promise<void>;
  /** Counts, approximately, the messages that nobody has received. */
  waiting(signal?: AbortSignal): Promise<number>;
  /** Rejects if the queue does not answer. */
  check(signal: AbortSignal): Promise<void>;
}

/** What can be wrong with a message. */
export type MessageProblem =
  | "not_json"
  | "unknown_version"
  | "no_request_id"
  | "malformed_deadline"
  | "malformed_hops"
  | "wrong_source";

/** Nobody of this deployment wrote the message. `code` names the problem; the error never quotes the message. */
export class RefusedMessageError extends Error {
  override readonly name = "RefusedMessageError";

  constructor(
    readonly code: MessageProblem,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads the records of a batch. Throws {@link RefusedMessageError} if the event is no batch of SQS, because an empty
 * report would mean success.
 */
export function readRecords(event: SQSEvent): SQSRecord[] {
  const records: unknown = event?.Records;
  // An identifier that SQS does not know would make Lambda deliver the whole batch again.
  const hasId = (record: Partial<SQSRecord> | null) => typeof record?.messageId === "string" && record.messageId !== "";
  if (!Array.isArray(records) || !records.every(hasId))
    throw new RefusedMessageError("wrong_source", "The event is not a batch of SQS messages");
  return records as SQSRecord[];
}

/** Reads the message in a record of the queue `queueArn`. Throws {@link RefusedMessageError}. */
export function readRecord({ eventSource, eventSourceARN, body }: SQSRecord, queueArn: string): WorkMessage {
  if (eventSource !== "aws:sqs" || eventSourceARN !== queueArn)
    throw new RefusedMessageError(
      "wrong_source",
      "The message does not come from the queue that this function works for",
    );
  return readMessage(body);
}

/** Writes the body of a message: `{version, request_id, deadline, hops}`, `deadline` in ISO 8601. */
export function writeMessage({ requestId, deadlineMs, hops }: WorkMessage): string {
  const deadline = new Date(deadlineMs).toISOString();
  return JSON.stringify({ version: MESSAGE_VERSION, request_id: requestId, deadline, hops });
}

/** Reads the body of a message. Throws {@link RefusedMessageError}. */
export function readMessage(body: string): WorkMessage {
  const { version, request_id: requestId, deadline, hops } = parseObject(body);
  if (version !== MESSAGE_VERSION)
    throw new RefusedMessageError("unknown_version", `The message has a version other than ${MESSAGE_VERSION}`);
  if (typeof requestId !== "string" || requestId === "")
    throw new RefusedMessageError("no_request_id", "The message has no request_id");
  const deadlineMs = typeof deadline === "string" ? Date.parse(deadline) : NaN;
  if (Number.isNaN(deadlineMs))
    throw new RefusedMessageError("malformed_deadline", "The message has no deadline that is an ISO 8601 date");
  if (typeof hops !== "number" || !Number.isSafeInteger(hops) || hops < 0)
    throw new RefusedMessageError("malformed_hops", "The message has no hops that are a whole number from 0");
  return { requestId, deadlineMs, hops };
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // The cause is dropped, because a syntax error quotes the body.
    throw new RefusedMessageError("not_json", "The message is not JSON");
  }
  if (typeof value !== "object" || value === null)
    throw new RefusedMessageError("not_json", "The message is not a JSON object");
  return value as Readonly<Record<string, unknown>>;
}

/** Opens the work in an SQS queue. */
export function sqsWorkQueue(sqs: Sqs, queueUrl: string): WorkQueue {
  const readAttribute = async (name: "ApproximateNumberOfMessages" | "QueueArn", signal?: AbortSignal) =>
    (await sqs("GetQueueAttributes", { QueueUrl: queueUrl, AttributeNames: [name] }, signal)).Attributes?.[name];
  return {
    async send(message, signal) {
      await sqs("SendMessage", { QueueUrl: queueUrl, MessageBody: writeMessage(message) }, signal);
    },
    async delay(receiptHandle, seconds, signal) {
      const input = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
      await sqs("ChangeMessageVisibility", input, signal);
    },
    waiting: async (signal) => Number((await readAttribute("ApproximateNumberOfMessages", signal)) ?? 0),
    async check(signal) {
      await readAttribute("QueueArn", signal);
    },
  };
}
