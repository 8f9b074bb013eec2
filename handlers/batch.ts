import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { JobOutcome } from "./job";
import { readMessage, RefusedMessageError } from "./queue/work-queue";
import { describeError, type Log } from "./telemetry";

/** What working on a batch needs. */
export interface BatchParts {
  /** Works on one request within `remainingMs`. */
  readonly runJob: (requestId: string, remainingMs: number) => Promise<JobOutcome>;
  readonly log: Log;
}

/** Works on a batch of messages. */
export type BatchHandler = (event: SQSEvent, context: Pick<Context, "getRemainingTimeInMillis">) => Promise<SQSBatchResponse>;

/**
 * Works on the messages of a batch at once, and reports those that failed: they come back, and after the queue's
 * last receive go to its dead-letter queue. Rejects where the event is no batch of SQS: to report nothing would be success.
 */
export function batchHandler({ runJob, log }: BatchParts): BatchHandler {
  return async (event, context) => {
    const records = recordsOf(event);
    const remainingMs = context.getRemainingTimeInMillis();
    const done = await Promise.all(records.map((record) => handle(record, (requestId) => runJob(requestId, remainingMs), log)));
    return { batchItemFailures: records.filter((_, index) => !done[index]).map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}

function recordsOf(event: SQSEvent): SQSRecord[] {
  const records: unknown = event?.Records;
  // An identifier that SQS does not know would make Lambda hand out the whole batch again.
  if (!Array.isArray(records) || !records.every((record: Partial<SQSRecord> | null) => typeof record?.messageId === "string" && record.messageId !== "")) {
    throw new RefusedMessageError("wrong_source", "The event is not a batch of SQS messages");
  }
  return records as SQSRecord[];
}

/** Whether the message can be deleted. */
async function handle(record: SQSRecord, runJob: (requestId: string) => Promise<JobOutcome>, log: Log): Promise<boolean> {
  const { messageId } = record;
  try {
    if (record.eventSource !== "aws:sqs") throw new RefusedMessageError("wrong_source", "The message does not come from SQS");
    const outcome = await runJob(readMessage(record.body).request_id);
    if (outcome === "missing") log("error", "request_missing", { message_id: messageId });
    return outcome === "done";
  } catch (error) {
    const refused = error instanceof RefusedMessageError;
    log("error", refused ? "message_refused" : "job_failed", { message_id: messageId, ...(refused && { code: error.code }), error: describeError(error) });
    return false;
  }
}
