import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { JobOutcome } from "./job";
import { messageOf, recordsOf } from "./queue/records";
import { RefusedMessageError, type WorkMessage, type WorkQueue } from "./queue/work-queue";
import { describeError, type Log } from "./telemetry";
import { within } from "./time-limit";

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
