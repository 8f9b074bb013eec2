import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import { asObject } from "../json";

/** The event that Lambda makes of a batch of messages (Lambda developer guide, "Using Lambda with Amazon SQS"). */
export function sqsEvent(
  messages: readonly Message[],
  queueArn: string,
  region: string,
): { Records: Record<string, unknown>[] } {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, describeAttribute(value)]),
      ),
      ...(message.MD5OfMessageAttributes !== undefined && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
      md5OfBody: message.MD5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

function describeAttribute(value: MessageAttributeValue): Record<string, unknown> {
  return {
    ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
    ...(value.BinaryValue !== undefined && { binaryValue: Buffer.from(value.BinaryValue).toString("base64") }),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType,
  };
}

/**
 * Reads which messages of a batch the function reports as failed. As on Lambda, an empty answer, null or an empty list
 * means success, and an answer of another shape or with an unknown id means that all failed.
 * @returns ids of the messages that failed; undefined where the whole batch did
 */
export function readFailedMessages(payload: string, messageIds: readonly string[]): ReadonlySet<string> | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    return undefined; // An answer that is not JSON has another shape.
  }
  if (answer === null) return new Set();
  const object = asObject(answer);
  if (object === undefined) return undefined;
  const failures = object.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  const ids = failures.map((failure) => asObject(failure)?.itemIdentifier).filter((id) => typeof id === "string");
  return ids.length === failures.length && ids.every((id) => messageIds.includes(id)) ? new Set(ids) : undefined;
}
