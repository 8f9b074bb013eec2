import type { SQSEvent, SQSRecord } from "aws-lambda";
import { readMessage, RefusedMessageError, type WorkMessage } from "./work-queue";

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
