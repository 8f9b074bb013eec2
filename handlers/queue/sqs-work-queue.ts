import type { SQSClient } from "@aws-sdk/client-sqs";
import { writeMessage, type WorkQueue } from "./work-queue";

/** Work in an SQS queue. `connect` gives the client; it and the SDK are loaded with the first call, which a worker seldom makes. */
export function sqsWorkQueue(connect: () => Promise<SQSClient>, queueUrl: string): WorkQueue {
  return {
    async send(message, abortSignal) {
      const [{ SendMessageCommand }, client] = await Promise.all([import("@aws-sdk/client-sqs"), connect()]);
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: writeMessage(message) }), { abortSignal });
    },
    async delay(receiptHandle, seconds, abortSignal) {
      const [{ ChangeMessageVisibilityCommand }, client] = await Promise.all([import("@aws-sdk/client-sqs"), connect()]);
      const input = { QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
      await client.send(new ChangeMessageVisibilityCommand(input), { abortSignal });
    },
    async waiting(abortSignal) {
      const [{ GetQueueAttributesCommand }, client] = await Promise.all([import("@aws-sdk/client-sqs"), connect()]);
      const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }), { abortSignal });
      return Number(Attributes?.["ApproximateNumberOfMessages"] ?? 0);
    },
    async check(abortSignal) {
      const [{ GetQueueAttributesCommand }, client] = await Promise.all([import("@aws-sdk/client-sqs"), connect()]);
      await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }), { abortSignal });
    },
  };
}
