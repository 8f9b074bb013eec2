import { randomUUID } from "node:crypto";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { clientConfiguration, type AwsPlace } from "../kit/aws-client";
import { resolve } from "node:path";
import type { TuningRun } from "./size";
import type { LatestFunction } from "../deploy/temporary-versions";
import { UsageError, type CommandContext } from "../kit/context";
import { readJson } from "../kit/given-state";
import type { TuneOptions } from "./options";
import type { DeployedStack } from "../kit/deployed-stack";

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

/** What each run of a measuring is given. */
export interface Work {
  /** One run: gives `invoke` the payload of the round, and looks what came of it. */
  run(round: number, invoke: (payload: string) => Promise<TuningRun>): Promise<TuningRun>;
  close(): void;
}

/** Runs in a row that weights may make of payloads. */
const MAX_PAYLOADS = 1_000;

/** The function's work: requests of their own for the worker, given events for the front door. */
export function workOf(
  context: CommandContext,
  options: TuneOptions,
  stack: DeployedStack,
  latest: LatestFunction,
): Work {
  return options.function === "worker"
    ? requestWork(context, options.prompt, stack, latest)
    : eventWork(options.payload!);
}

function requestWork(
  { environment, signal }: CommandContext,
  prompts: readonly string[],
  { outputs, region }: DeployedStack,
  { arn, timeoutSeconds }: LatestFunction,
): Work {
  const [table, queueUrl] = [outputs["requests_table_name"], outputs["work_queue_url"]];
  if (typeof table !== "string" || typeof queueUrl !== "string")
    throw new UsageError(
      "The outputs have no requests_table_name or work_queue_url. Apply this release first: quickturn apply.",
    );
  const requests = new TuningRequests({
    environment,
    region,
    table,
    queueArn: queueArnOf(arn, queueUrl),
    timeoutSeconds,
  });
  return {
    async run(round, invoke) {
      const { requestId, event } = await requests.add(prompts[round % prompts.length]!, signal);
      const run = await invoke(event);
      return run.failure === null ? { ...run, failure: await requests.failure(requestId, signal) } : run;
    },
    close: () => requests.close(),
  };
}

/** A queue of the function's own account and region: `arn:aws:sqs:<region>:<account>:<name>`. */
function queueArnOf(functionArn: string, queueUrl: string): string {
  const [, partition, , region, account] = functionArn.split(":");
  return `arn:${partition}:sqs:${region}:${account}:${queueUrl.slice(queueUrl.lastIndexOf("/") + 1)}`;
}

function eventWork(path: string): Work {
  const payloads = payloadsOf(readJson(resolve(path), "payload file"), path);
  return { run: (round, invoke) => invoke(payloads[round % payloads.length]!), close: () => undefined };
}

/** An event, or several, each as often in a row of all as its weight says. */
export function payloadsOf(document: unknown, path: string): readonly string[] {
  if (!Array.isArray(document)) return [JSON.stringify(document)];
  const entries = document as readonly { readonly payload?: unknown; readonly weight?: unknown }[];
  const isGood = (entry: (typeof entries)[number] | null) =>
    entry?.payload !== undefined && Number.isInteger(entry.weight ?? 1) && Number(entry.weight ?? 1) >= 1;
  const all = entries.every(isGood) ? entries.reduce((sum, { weight }) => sum + Number(weight ?? 1), 0) : NaN;
  if (!(all >= 1 && all <= MAX_PAYLOADS))
    throw new UsageError(
      `The payload file ${path} is a list that is wrong; allowed: {"payload": …, "weight": 2} each, weights whole numbers from 1, ${MAX_PAYLOADS} in sum at most.`,
    );
  return entries.flatMap(({ payload, weight }) =>
    Array.from({ length: Number(weight ?? 1) }, () => JSON.stringify(payload)),
  );
}
