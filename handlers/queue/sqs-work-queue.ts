import type { Sqs } from "../clients/sqs";
import { writeMessage, type WorkQueue } from "./work-queue";

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
