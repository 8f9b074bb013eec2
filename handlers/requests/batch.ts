import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { JobOutcome } from "./job";
import { messageOf, recordsOf, RefusedMessageError, type WorkMessage, type WorkQueue } from "./work-queue";
import { describeError, type Log, type Fields, type Level } from "../telemetry";
import { within } from "../deadline";
import { deadlinePassed, failedOf, gaveUp, METRIC_OF_STATUS } from "./endings";
import { isHeld, isTerminal, type Ending, type RequestStore, type TerminalStatus } from "./requests";

const DELAY_BASE_SECONDS = 5;
const MAX_DELAY_SECONDS = 300;
/** Milliseconds that asking for a delay may take: without it the message comes back all the same, only later. */
const DELAY_TIMEOUT_MS = 2_000;

/** What working on a batch needs. */
export interface BatchParts {
  /** ARN of the queue of work: messages of any other are refused. */
  readonly queueArn: string;
  readonly queue: Pick<WorkQueue, "delay">;
  /** Works on one request within `remainingMs`. */
  readonly runJob: (message: WorkMessage, remainingMs: number) => Promise<JobOutcome>;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Works on a batch of messages. */
export type BatchHandler = (
  event: SQSEvent,
  context: Pick<Context, "getRemainingTimeInMillis">,
) => Promise<SQSBatchResponse>;

/**
 * Works on the messages of a batch at once, and reports those that failed: they come back, and after the queue's
 * last receive go to its dead-letter queue. Rejects where the event is no batch of SQS: to report nothing would be
 * success.
 */
export function batchHandler(parts: BatchParts): BatchHandler {
  return async (event, context) => {
    const records = recordsOf(event);
    const remainingMs = context.getRemainingTimeInMillis();
    const done = await Promise.all(records.map((record) => handle(parts, record, remainingMs)));
    return {
      batchItemFailures: records
        .filter((_, index) => !done[index])
        .map(({ messageId }) => ({ itemIdentifier: messageId })),
    };
  };
}

/** Whether the message can be deleted. */
async function handle(parts: BatchParts, record: SQSRecord, remainingMs: number): Promise<boolean> {
  const { messageId } = record;
  try {
    const message = messageOf(record, parts.queueArn);
    const outcome = await parts.runJob(message, remainingMs);
    if (outcome === "missing") parts.log("error", "request_missing", { message_id: messageId });
    // The queue's own time is left to a message whose request another worker holds: that one has ended by then.
    return outcome === "done" || outcome === "lease_lost";
  } catch (error) {
    const refused = error instanceof RefusedMessageError;
    parts.log("error", refused ? "message_refused" : "job_failed", {
      message_id: messageId,
      ...(refused && { code: error.code }),
      error: describeError(error),
    });
    if (!refused) await comeBackSoon(parts, record);
    return false;
  }
}

/**
 * Has the message come back after a random time, the longer the more often it failed, so that those that failed
 * together do not come back together.
 */
async function comeBackSoon(
  { queue, random, log }: BatchParts,
  { messageId, receiptHandle, attributes }: SQSRecord,
): Promise<void> {
  const receives = Number(attributes?.ApproximateReceiveCount ?? 1);
  const seconds = Math.floor(random() * Math.min(MAX_DELAY_SECONDS, DELAY_BASE_SECONDS * 2 ** receives));
  await within(DELAY_TIMEOUT_MS, (signal) => queue.delay(receiptHandle, seconds, signal)).catch((error: unknown) => {
    log("warn", "delay_failed", { message_id: messageId, error: describeError(error) });
  });
}

/** Milliseconds that one call of the store may take. */
const CALL_TIMEOUT_MS = 5_000;

/** What taking failed work needs. */
export interface DeadLetterParts {
  /** ARN of the dead-letter queue: messages of any other are refused. */
  readonly queueArn: string;
  readonly requests: Pick<RequestStore, "find" | "close">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** What became of a message, as its log line tells it. */
interface Taken {
  /** Whether the message can be deleted. */
  readonly done: boolean;
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
  /** Where the request was ended: how. */
  readonly ended?: TerminalStatus;
}

/**
 * Takes messages that the worker could not work on, and ends their requests, so that no caller waits for ever.
 * A message that nobody can read stays in the queue for a person; one whose request a worker holds comes back.
 * Rejects where the event is no batch of SQS.
 */
export function deadLetterHandler(parts: DeadLetterParts): BatchHandler {
  return async (event) => {
    const records = recordsOf(event);
    const done = await Promise.all(records.map((record) => handleDeadLetter(parts, record)));
    return {
      batchItemFailures: records
        .filter((_, index) => !done[index])
        .map(({ messageId }) => ({ itemIdentifier: messageId })),
    };
  };
}

/** Whether the message can be deleted. */
async function handleDeadLetter(parts: DeadLetterParts, record: SQSRecord): Promise<boolean> {
  const { done, level, event, fields, ended } = await take(parts, record).catch((error: unknown): Taken => {
    const refused = error instanceof RefusedMessageError;
    const fields = { ...(refused && { code: error.code }), error: describeError(error) };
    return { done: false, level: "error", event: refused ? "dead_letter_unreadable" : "dead_letter_failed", fields };
  });
  parts.log(
    level,
    event,
    { message_id: record.messageId, ...fields },
    { metrics: { DeadLetters: 1, ...(ended && { [METRIC_OF_STATUS[ended]]: 1, RequestFailed: failedOf(ended) }) } },
  );
  return done;
}

async function take({ queueArn, requests, nowMs }: DeadLetterParts, record: SQSRecord): Promise<Taken> {
  const { requestId } = messageOf(record, queueArn);
  const request = await within(CALL_TIMEOUT_MS, (signal) => requests.find(requestId, signal));
  const taken = (level: Level, outcome: string, done: boolean): Taken => ({
    done,
    level,
    event: "dead_letter",
    fields: { request_id: requestId, outcome },
  });
  if (!request) return taken("warn", "missing", true);
  if (isTerminal(request.status)) return taken("info", "ended_already", true);
  const now = nowMs();
  if (isHeld(request, now)) return taken("info", "held", false);
  const ending: Ending = request.deadlineMs <= now ? deadlinePassed(now) : gaveUp(now);
  // Whoever was faster holds it now, or has ended it: the next time will tell.
  if (!(await within(CALL_TIMEOUT_MS, (signal) => requests.close(requestId, ending, signal))))
    return taken("info", "moved_on", false);
  return { ...taken("error", ending.failure?.code ?? ending.status, true), ended: ending.status };
}
