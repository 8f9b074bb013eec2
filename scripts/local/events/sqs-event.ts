import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import { list, record } from "../applied/state";

/** The event that Lambda makes of a batch of messages. */
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
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attribute(value)]),
      ),
      ...(message.MD5OfMessageAttributes === undefined
        ? {}
        : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
      md5OfBody: message.MD5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

function attribute(value: MessageAttributeValue): Record<string, unknown> {
  return {
    ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
    ...(value.BinaryValue === undefined ? {} : { binaryValue: Buffer.from(value.BinaryValue).toString("base64") }),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType,
  };
}

/**
 * Ids of the messages that failed, or undefined where the whole batch did. As Lambda has it: nothing, null or an empty
 * list is success; an answer of another shape, an empty or an unknown id fails every message.
 */
export function failedMessages(payload: string, messageIds: readonly string[]): ReadonlySet<string> | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(payload);
  } catch {
    return undefined; // Not JSON: malformed, so all failed.
  }
  const failures = record(answer)?.batchItemFailures;
  if (answer === null || (record(answer) !== undefined && (failures === undefined || failures === null)))
    return new Set();
  if (!Array.isArray(failures)) return undefined;
  const failed = list(failures).map((entry) => record(entry)?.itemIdentifier);
  return failed.every((id) => typeof id === "string" && messageIds.includes(id))
    ? new Set(failed as string[])
    : undefined;
}
