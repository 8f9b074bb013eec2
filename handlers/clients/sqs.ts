import type {
  ChangeMessageVisibilityRequest,
  GetQueueAttributesRequest,
  GetQueueAttributesResult,
  SendMessageRequest,
  SendMessageResult,
} from "@aws-sdk/client-sqs";
import { callService, type JsonServiceParts } from "./json-service";

/** What is asked of SQS. */
interface Operations {
  readonly ChangeMessageVisibility: readonly [ChangeMessageVisibilityRequest, object];
  readonly GetQueueAttributes: readonly [GetQueueAttributesRequest, GetQueueAttributesResult];
  readonly SendMessage: readonly [SendMessageRequest, SendMessageResult];
}

/** Calls SQS. Rejects with an error named as SQS names it. */
export type Sqs = <Name extends keyof Operations>(
  operation: Name,
  input: Operations[Name][0],
  signal?: AbortSignal,
) => Promise<Operations[Name][1]>;

/** Connects to SQS where the queue is. */
export function connectSqs(parts: Omit<JsonServiceParts, "endpoint">, queueUrl: string): Sqs {
  return callService(
    { name: "sqs", target: "AmazonSQS", baseDelayMs: 50 },
    { ...parts, endpoint: new URL(queueUrl).origin },
  ) as Sqs;
}
