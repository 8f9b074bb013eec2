import type { SQSEvent, SQSRecord } from "aws-lambda";
import type { Sqs } from "../aws/json-service";

/**
 * The records of a batch. Throws {@link RefusedMessageError} where the event is no batch of SQS: to report nothing
 * would be success.
 */
export function recordsOf(event: SQSEvent): SQSRecord[] {
  const records: unknown = event?.Records;
  // An identifier that SQS does not know would make Lambda hand out the whole batch again.
  if (
    !Array.isArray(records) ||
    !records.every(
      (record: Partial<SQSRecord> | null) => typeof record?.messageId === "string" && record.messageId !== "",
    )
  ) {
    throw new RefusedMessageError("wrong_source", "The event is not a batch of SQS messages");
  }
  return records as SQSRecord[];
}

/** The message in a record of the queue `queueArn`. Throws {@link RefusedMessageError}. */
export function messageOf({ eventSource, eventSourceARN, body }: SQSRecord, queueArn: string): WorkMessage {
  if (eventSource !== "aws:sqs" || eventSourceARN !== queueArn) {
    throw new RefusedMessageError(
      "wrong_source",
      "The message does not come from the queue that this function works for",
    );
  }
  return readMessage(body);
}

/** The version of the messages that are written. */
export const MESSAGE_VERSION = 2;

/**
 * How often the sweeper takes on a request at most. More would be a loop: with its pauses, forty take longer than the
 * longest deadline of a day.
 */
export const MAX_HOPS = 40;

/** What the front door and the sweeper tell the worker: which request, and nothing that could be private. */
export interface WorkMessage {
  readonly requestId: string;
  /** Epoch milliseconds from which no work is begun. Left out by the release before: the record knows it. */
  readonly deadlineMs?: number;
  /** How often the sweeper had taken the request on by then. */
  readonly hops: number;
}

/** Carries requests to the worker. Every method rejects where the queue cannot be reached; `signal` bounds its time. */
export interface WorkQueue {
  /** Adds a message. */
  send(message: WorkMessage, signal?: AbortSignal): Promise<void>;
  /**
   * Has a message that was received come back after `seconds` (whole, up to 43,200) instead of the queue's own time.
   */
  delay(receiptHandle: string, seconds: number, signal?: AbortSignal): Promise<void>;
  /** About how many messages wait to be received; those that were and are not deleted do not count. */
  waiting(signal?: AbortSignal): Promise<number>;
  /** Rejects where the queue does not answer. */
  check(signal: AbortSignal): Promise<void>;
}

/** What can be wrong with a message. */
export type Refusal =
  | "not_json"
  | "unknown_version"
  | "no_request_id"
  | "malformed_deadline"
  | "malformed_hops"
  | "wrong_source";

/** A message is not one that we write. `code` says in which way; the message never quotes it. */
export class RefusedMessageError extends Error {
  override readonly name = "RefusedMessageError";

  constructor(
    readonly code: Refusal,
    message: string,
  ) {
    super(message);
  }
}

/** The body of a message: `{version, request_id, deadline, hops}`, `deadline` in ISO 8601. */
export function writeMessage({ requestId, deadlineMs, hops }: WorkMessage): string {
  const deadline = deadlineMs === undefined ? undefined : new Date(deadlineMs).toISOString();
  return JSON.stringify({ version: MESSAGE_VERSION, request_id: requestId, deadline, hops });
}

/** Reads the body of a message, of this release or of the one before. Throws {@link RefusedMessageError}. */
export function readMessage(body: string): WorkMessage {
  const { version, request_id: requestId, deadline, hops } = parse(body);
  if (version !== 1 && version !== MESSAGE_VERSION) {
    throw new RefusedMessageError("unknown_version", `The message has a version other than 1 and ${MESSAGE_VERSION}`);
  }
  if (typeof requestId !== "string" || requestId === "")
    throw new RefusedMessageError("no_request_id", "The message has no request_id");
  if (version === 1) return { requestId, hops: 0 };
  return { requestId, ...readDeadline(deadline), hops: readHops(hops) };
}

function readDeadline(deadline: unknown): Pick<WorkMessage, "deadlineMs"> {
  if (deadline === undefined) return {};
  const deadlineMs = typeof deadline === "string" ? Date.parse(deadline) : NaN;
  if (Number.isNaN(deadlineMs))
    throw new RefusedMessageError("malformed_deadline", "The message has a deadline that is no ISO 8601 date");
  return { deadlineMs };
}

function readHops(hops: unknown): number {
  if (!Number.isSafeInteger(hops) || (hops as number) < 0) {
    throw new RefusedMessageError("malformed_hops", "The message has hops that are no whole number from 0");
  }
  return hops as number;
}

function parse(body: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // No cause: a syntax error quotes the body.
    throw new RefusedMessageError("not_json", "The message is not JSON");
  }
  if (typeof value !== "object" || value === null)
    throw new RefusedMessageError("not_json", "The message is not a JSON object");
  return value as Readonly<Record<string, unknown>>;
}

/** Work in an SQS queue. */
export function sqsWorkQueue(sqs: Sqs, queueUrl: string): WorkQueue {
  const attribute = async (name: "ApproximateNumberOfMessages" | "QueueArn", signal?: AbortSignal) =>
    (await sqs("GetQueueAttributes", { QueueUrl: queueUrl, AttributeNames: [name] }, signal)).Attributes?.[name];
  return {
    async send(message, signal) {
      await sqs("SendMessage", { QueueUrl: queueUrl, MessageBody: writeMessage(message) }, signal);
    },
    async delay(receiptHandle, seconds, signal) {
      await sqs(
        "ChangeMessageVisibility",
        { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds },
        signal,
      );
    },
    waiting: async (signal) => Number((await attribute("ApproximateNumberOfMessages", signal)) ?? 0),
    async check(signal) {
      await attribute("QueueArn", signal);
    },
  };
}
