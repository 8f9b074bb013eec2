import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { LatestFunction } from "../deploy/temporary-versions";
import { clientConfiguration } from "../kit/aws-client";
import { UsageError, type CommandContext } from "../kit/context";
import type { DeployedStack } from "../kit/deployed-stack";
import { readJson } from "../kit/files";
import type { TuneOptions } from "./options";
import type { TuningRun } from "./run";

/** The payloads of a measuring's runs. */
export interface Workload {
  /** Invokes the function with the payload of a round, from 0, and checks the result. */
  run(round: number, invoke: (payload: string) => Promise<TuningRun>): Promise<TuningRun>;
  close(): void;
}

/** The function that works, and its deployment. */
interface WorkloadSubject {
  readonly stack: DeployedStack;
  readonly latest: LatestFunction;
}

/** Creates the workload of a function: requests for the worker, given events for the front door. */
export function createWorkload(context: CommandContext, options: TuneOptions, subject: WorkloadSubject): Workload {
  if (options.function === "worker") return new WorkerRequests(context, options.prompt, subject);
  if (options.payload === undefined) throw new Error("The front door is measured without a payload.");
  const payloads = readPayloads(options.payload);
  return { run: (round, invoke) => invoke(payloads[round % payloads.length]!), close: () => undefined };
}

/** No caller has this name, so that no caller sees the requests. */
const OWNER = "quickturn:tune";
/** Time between a request's deadline and its removal from the table. */
const KEPT_SECONDS = 3_600;

/**
 * Requests that only a tuning's runs work on. No queue holds a message of them and the index of open requests does not
 * show them, so that neither the live worker nor the sweeper takes them.
 */
class WorkerRequests implements Workload {
  private readonly client: DynamoDBClient;
  private readonly table: string;
  private readonly queueArn: string;

  constructor(
    private readonly context: CommandContext,
    private readonly prompts: readonly string[],
    private readonly subject: WorkloadSubject,
  ) {
    const { outputs, region } = subject.stack;
    const { requests_table_name: table, work_queue_url: queueUrl } = outputs;
    if (typeof table !== "string" || typeof queueUrl !== "string")
      throw new UsageError(
        "The outputs have no requests_table_name or work_queue_url. Apply this release first: quickturn apply.",
      );
    const { environment } = context;
    this.client = new DynamoDBClient(clientConfiguration({ environment, region }, "DYNAMODB"));
    this.table = table;
    this.queueArn = buildQueueArn(subject.latest.arn, queueUrl);
  }

  async run(round: number, invoke: (payload: string) => Promise<TuningRun>): Promise<TuningRun> {
    const requestId = randomUUID();
    const deadlineMs = Date.now() + (this.subject.latest.timeoutSeconds + 60) * 1_000;
    await this.addRequest(requestId, this.prompts[round % this.prompts.length]!, deadlineMs);
    const run = await invoke(this.buildEvent(requestId, deadlineMs));
    return run.failure === null ? { ...run, failure: await this.findFailure(requestId) } : run;
  }

  close(): void {
    this.client.destroy();
  }

  private async addRequest(requestId: string, prompt: string, deadlineMs: number): Promise<void> {
    const created = new Date().toISOString();
    const command = new PutItemCommand({
      TableName: this.table,
      Item: {
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
      },
      ConditionExpression: "attribute_not_exists(request_id)",
    });
    await this.client
      .send(command, { abortSignal: this.context.signal })
      .catch((cause: unknown) => this.refuse("PutItem", cause));
  }

  /**
   * Why the request did not complete; null where it did. A run whose agents all fail is short, and says nothing about
   * memory.
   */
  private async findFailure(requestId: string): Promise<string | null> {
    const command = new GetItemCommand({
      TableName: this.table,
      Key: { request_id: { S: requestId } },
      ConsistentRead: true,
    });
    const { Item: item } = await this.client
      .send(command, { abortSignal: this.context.signal })
      .catch((cause: unknown) => this.refuse("GetItem", cause));
    const status = item?.["status"]?.S ?? "gone";
    if (status === "completed") return null;
    return `the request is ${[status, item?.["error_code"]?.S].filter(Boolean).join(": ")}`;
  }

  private refuse(call: string, cause: unknown): never {
    throw new Error(
      `The table ${this.table} does not take a tuning's request (${(cause as Error).message}). ` +
        `It takes dynamodb:${call} on it.`,
      { cause },
    );
  }

  /** Builds the event with which the queue would hand the request to the worker. */
  private buildEvent(requestId: string, deadlineMs: number): string {
    const deadline = new Date(deadlineMs).toISOString();
    return JSON.stringify({
      Records: [
        {
          messageId: requestId,
          receiptHandle: "quickturn-tune",
          body: JSON.stringify({ version: 2, request_id: requestId, deadline, hops: 0 }),
          attributes: { ApproximateReceiveCount: "1" },
          messageAttributes: {},
          md5OfBody: "",
          eventSource: "aws:sqs",
          eventSourceARN: this.queueArn,
          awsRegion: this.subject.stack.region,
        },
      ],
    });
  }
}

/** Builds `arn:aws:sqs:<region>:<account>:<name>` of a queue in the function's own account and region. */
function buildQueueArn(functionArn: string, queueUrl: string): string {
  const [, partition, , region, account] = functionArn.split(":");
  return `arn:${partition}:sqs:${region}:${account}:${queueUrl.slice(queueUrl.lastIndexOf("/") + 1)}`;
}

/** Most payloads that the weights may add up to. */
const MAX_PAYLOADS = 1_000;

/** Reads one event, or several, each of which is repeated as often as its weight says. */
function readPayloads(path: string): readonly string[] {
  const document = readJson(resolve(path), "payload file");
  if (!Array.isArray(document)) return [JSON.stringify(document)];
  const payloads = document.flatMap((entry: { payload?: unknown; weight?: unknown } | null) => {
    const weight = entry?.weight ?? 1;
    const isRight = typeof weight === "number" && Number.isInteger(weight) && weight >= 1 && weight <= MAX_PAYLOADS;
    if (entry?.payload === undefined || !isRight) return refusePayloads(path);
    return Array.from({ length: weight }, () => JSON.stringify(entry.payload));
  });
  return payloads.length >= 1 && payloads.length <= MAX_PAYLOADS ? payloads : refusePayloads(path);
}

function refusePayloads(path: string): never {
  throw new UsageError(
    `The payload file ${path} is a list that is wrong; allowed: {"payload": …, "weight": 2} each, weights whole ` +
      `numbers from 1, ${MAX_PAYLOADS} in sum at most.`,
  );
}
