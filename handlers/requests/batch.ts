import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { within } from "../deadline";
import { describeError, type Fields, type Level, type Log } from "../telemetry";
import { countFailure, endAsExpired, endAsFailed, METRIC_OF_STATUS } from "./endings";
import type { JobOutcome } from "./job";
import { isHeld, isTerminal, type RequestStore, type TerminalStatus } from "./requests";
import { readRecord, readRecords, RefusedMessageError, type WorkMessage, type WorkQueue } from "./work-queue";

const DELAY_BASE_SECONDS = 5;
const MAX_DELAY_SECONDS = 300;
/** Milliseconds that asking for a delay may take. Without the delay the message only comes back later. */
const DELAY_TIMEOUT_MS = 2_000;
/** Milliseconds that one call of the store may take. */
const CALL_TIMEOUT_MS = 5_000;

/** Works on a batch of messages. Rejects if the event is no batch of SQS, for an empty report would mean success. */
export type BatchHandler = (
  event: SQSEvent,
  context: Pick<Context, "getRemainingTimeInMillis">,
) => Promise<SQSBatchResponse>;

/** Handles one message. Returns whether it can be deleted. */
type HandleRecord = (record: SQSRecord, remainingMs: number) => Promise<boolean>;

/** Works on the messages of a batch concurrently, and reports those that SQS must keep. */
const handleEach =
  (handleRecord: HandleRecord): BatchHandler =>
  async (event, context) => {
    const records = readRecords(event);
    const remainingMs = context.getRemainingTimeInMillis();
    const done = await Promise.all(records.map((record) => handleRecord(record, remainingMs)));
    const failed = records.filter((_, index) => !done[index]);
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };

/** What working on a batch needs. */
export interface BatchParts {
  /** ARN of the queue of work. Messages of any other queue are refused. */
  readonly queueArn: string;
  readonly queue: Pick<WorkQueue, "delay">;
  /** Works on one request within `remainingMs`. */
  readonly runJob: (message: WorkMessage, remainingMs: number) => Promise<JobOutcome>;
  /** Returns a number from 0 to less than 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Makes the worker's handler. Failed messages come back, and after the last receive go to the dead-letter queue. */
export function batchHandler(parts: BatchParts): BatchHandler {
  return handleEach(async (record, remainingMs) => {
    const { messageId } = record;
    try {
      const outcome = await parts.runJob(readRecord(record, parts.queueArn), remainingMs);
      if (outcome === "missing") parts.log("error", "request_missing", { message_id: messageId });
      // If another worker holds the request, the message stays for the queue's own time, in which that worker ends.
      return outcome === "done" || outcome === "lease_lost";
    } catch (error) {
      const refused = error instanceof RefusedMessageError;
      parts.log("error", refused ? "message_refused" : "job_failed", {
        message_id: messageId,
        ...(refused && { code: error.code }),
        error: describeError(error),
      });
      if (!refused) await delayMessage(parts, record);
      return false;
    }
  });
}

/** Makes a message come back after a random time that grows with each receive, so that messages spread out. */
async function delayMessage(
  { queue, random, log }: BatchParts,
  { messageId, receiptHandle, attributes }: SQSRecord,
): Promise<void> {
  const receives = Number(attributes?.ApproximateReceiveCount ?? 1);
  const seconds = Math.floor(random() * Math.min(MAX_DELAY_SECONDS, DELAY_BASE_SECONDS * 2 ** receives));
  await within(DELAY_TIMEOUT_MS, (signal) => queue.delay(receiptHandle, seconds, signal)).catch((error: unknown) => {
    log("warn", "delay_failed", { message_id: messageId, error: describeError(error) });
  });
}

/** What handling failed work needs. */
export interface DeadLetterParts {
  /** ARN of the dead-letter queue. Messages of any other queue are refused. */
  readonly queueArn: string;
  readonly requests: Pick<RequestStore, "find" | "close">;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** What happened to a dead letter. */
interface Disposal {
  /** Whether the message can be deleted. */
  readonly done: boolean;
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
  /** Default: this message did not end the request. */
  readonly ended?: TerminalStatus;
}

/**
 * Makes the handler of messages that the worker gave up. It ends their requests, so that no caller waits for ever. An
 * unreadable message stays in the queue for an operator; one whose request a worker holds comes back.
 */
export function deadLetterHandler(parts: DeadLetterParts): BatchHandler {
  return handleEach(async (record) => {
    const { done, level, event, fields, ended } = await disposeOf(parts, record).catch(describeFailure);
    parts.log(
      level,
      event,
      { message_id: record.messageId, ...fields },
      {
        metrics: {
          DeadLetters: 1,
          ...(ended && { [METRIC_OF_STATUS[ended]]: 1, RequestFailed: countFailure(ended) }),
        },
      },
    );
    return done;
  });
}

async function disposeOf({ queueArn, requests, nowMs }: DeadLetterParts, record: SQSRecord): Promise<Disposal> {
  const { requestId } = readRecord(record, queueArn);
  const request = await within(CALL_TIMEOUT_MS, (signal) => requests.find(requestId, signal));
  const describe = (level: Level, outcome: string, done: boolean): Disposal => ({
    done,
    level,
    event: "dead_letter",
    fields: { request_id: requestId, outcome },
  });
  if (!request) return describe("warn", "missing", true);
  if (isTerminal(request.status)) return describe("info", "ended_already", true);
  const now = nowMs();
  if (isHeld(request, now)) return describe("info", "held", false);
  const ending = request.deadlineMs <= now ? endAsExpired(now) : endAsFailed("gave_up", now);
  // If the request moved on meanwhile, the next delivery of the message finds out how.
  if (!(await within(CALL_TIMEOUT_MS, (signal) => requests.close(requestId, ending, signal))))
    return describe("info", "moved_on", false);
  return { ...describe("error", ending.failure?.code ?? ending.status, true), ended: ending.status };
}

function describeFailure(error: unknown): Disposal {
  const refused = error instanceof RefusedMessageError;
  return {
    done: false,
    level: "error",
    event: refused ? "dead_letter_unreadable" : "dead_letter_failed",
    fields: { ...(refused && { code: error.code }), error: describeError(error) },
  };
}
