import { randomUUID } from "node:crypto";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { clientConfiguration, type AwsPlace } from "./aws-client";

/** Nobody's own: no caller is named so, so that none sees it. */
const OWNER = "quickturn:tune";
/** The item is gone from the table some time after. */
const KEPT_SECONDS = 3_600;

/** Where a worker finds its requests. */
export interface RequestsPlace extends AwsPlace {
  readonly table: string;
  readonly queueArn: string;
  /** The worker's. */
  readonly timeoutSeconds: number;
}

/**
 * Requests that only a tuning's runs work on: records that no queue has a message of and that the index of open
 * requests does not show, so that neither the live worker nor the sweeper takes them.
 */
export class TuningRequests {
  private readonly client: DynamoDBClient;

  constructor(private readonly place: RequestsPlace) {
    this.client = new DynamoDBClient(clientConfiguration(place, "DYNAMODB"));
  }

  /**
   * Adds a request, and gives its id and the event with which a queue would hand it to the worker. Throws with what it
   * takes.
   */
  async add(prompt: string, abortSignal: AbortSignal): Promise<{ readonly requestId: string; readonly event: string }> {
    const requestId = randomUUID();
    const now = Date.now();
    const created = new Date(now).toISOString();
    const deadlineMs = now + (this.place.timeoutSeconds + 60) * 1_000;
    const item = {
      request_id: { S: requestId },
      owner: { S: OWNER },
      status: { S: "queued" },
      prompt: { S: prompt },
      created_at: { S: created },
      updated_at: { S: created },
      deadline_at: { N: String(deadlineMs) },
      expires_at: { N: String(Math.ceil(deadlineMs / 1_000) + KEPT_SECONDS) },
      sent: { BOOL: true },
      attempt: { N: "0" },
      requeues: { N: "0" },
    };
    await this.told("PutItem", () =>
      this.client.send(
        new PutItemCommand({
          TableName: this.place.table,
          Item: item,
          ConditionExpression: "attribute_not_exists(request_id)",
        }),
        { abortSignal },
      ),
    );
    return { requestId, event: this.event(requestId, deadlineMs) };
  }

  /**
   * Why the request did not complete; null where it did. A run whose agents all fail is short, and says nothing of
   * memory.
   */
  async failure(requestId: string, abortSignal: AbortSignal): Promise<string | null> {
    const { Item: item } = await this.told("GetItem", () =>
      this.client.send(
        new GetItemCommand({
          TableName: this.place.table,
          Key: { request_id: { S: requestId } },
          ConsistentRead: true,
        }),
        { abortSignal },
      ),
    );
    const status = item?.["status"]?.S ?? "gone";
    return status === "completed"
      ? null
      : `the request is ${[status, item?.["error_code"]?.S].filter(Boolean).join(": ")}`;
  }

  close(): void {
    this.client.destroy();
  }

  private event(requestId: string, deadlineMs: number): string {
    const { queueArn, region } = this.place;
    const body = JSON.stringify({
      version: 2,
      request_id: requestId,
      deadline: new Date(deadlineMs).toISOString(),
      hops: 0,
    });
    return JSON.stringify({
      Records: [
        {
          messageId: requestId,
          receiptHandle: "quickturn-tune",
          body,
          attributes: { ApproximateReceiveCount: "1" },
          messageAttributes: {},
          md5OfBody: "",
          eventSource: "aws:sqs",
          eventSourceARN: queueArn,
          awsRegion: region,
        },
      ],
    });
  }

  private async told<T>(call: string, work: () => Promise<T>): Promise<T> {
    return work().catch((cause: unknown) => {
      throw new Error(
        `The table ${this.place.table} does not take a tuning's request (${(cause as Error).message}). It takes dynamodb:${call} on it.`,
        { cause },
      );
    });
  }
}
