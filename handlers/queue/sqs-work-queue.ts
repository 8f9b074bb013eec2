import { GetQueueAttributesCommand, SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { writeMessage, type WorkQueue } from "./work-queue";

/** Work in an SQS queue. */
export function sqsWorkQueue(client: SQSClient, queueUrl: string): WorkQueue {
  return {
    async send(requestId, abortSignal) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: writeMessage(requestId) }), { abortSignal });
    },
    async check(abortSignal) {
      await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }), { abortSignal });
    },
  };
}
