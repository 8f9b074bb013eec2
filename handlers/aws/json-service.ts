import type { HttpResponse } from "@smithy/core/protocols";
import { AdaptiveRetryStrategy, isServerError, isThrottlingError, isTransientError } from "@smithy/core/retry";
import type { RetryStrategyV2 } from "@smithy/types";
import { randomUUID } from "node:crypto";
import { withDeadline } from "../deadline";
import type { Guard } from "./guards";
import type { Variables } from "../settings";
import type { ClientConfiguration } from "./connection";
import { requestSigner } from "./signed-request";
import type {
  DeleteItemInput,
  DeleteItemOutput,
  GetItemInput,
  GetItemOutput,
  PutItemInput,
  PutItemOutput,
  QueryInput,
  QueryOutput,
  TransactWriteItemsInput,
  TransactWriteItemsOutput,
  UpdateItemInput,
  UpdateItemOutput,
} from "@aws-sdk/client-dynamodb";
import type {
  ChangeMessageVisibilityRequest,
  GetQueueAttributesRequest,
  GetQueueAttributesResult,
  SendMessageRequest,
  SendMessageResult,
} from "@aws-sdk/client-sqs";

/**
 * The output in a service's answer, all of which is read, so that its socket can be used again. Throws the service's
 * error, by its name and with its fields.
 */
export async function readAnswer({ statusCode, headers, body }: HttpResponse): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  if (statusCode === 200) return JSON.parse(text || "{}") as unknown;
  throw errorOf(fieldsIn(text), statusCode, headers);
}

/**
 * An error, its name in `__type`, or in a header where a service is out of order. The SDK drops the namespace before
 * `#`, too.
 */
function errorOf(
  fields: Readonly<Record<string, unknown>>,
  statusCode: number,
  headers: Readonly<Record<string, string>>,
): Error {
  const { __type: type = headers["x-amzn-errortype"], message, Message, ...rest } = fields;
  const name = typeof type === "string" ? type.replace(/^.*#/, "").replace(/:.*$/, "") : "UnknownError";
  const told = message ?? Message;
  const error = new Error(typeof told === "string" && told !== "" ? told : `${name} (status ${statusCode})`);
  return Object.assign(error, rest, {
    name,
    $metadata: { httpStatusCode: statusCode, requestId: headers["x-amzn-requestid"] },
  });
}

function fieldsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {}; // A gateway's page: the status says what it is.
  }
}

/** A service of AWS that takes and gives JSON by the protocol `awsJson1_0`, as DynamoDB and SQS do. */
export interface JsonServiceName {
  /** In host names and signatures. */
  readonly name: "dynamodb" | "sqs";
  /** Before the operation in the header `X-Amz-Target`. */
  readonly target: "DynamoDB_20120810" | "AmazonSQS";
  /** Milliseconds of the first wait before another attempt, as its SDK has them. */
  readonly baseDelayMs: number;
}

/** What calls of a service need. */
export interface JsonServiceParts {
  readonly connection: ClientConfiguration;
  /** Stands around all attempts of a call. */
  readonly guard: Guard;
  /** What Lambda tells the process: region, credentials, the trace of the invocation, and where an emulator is. */
  readonly variables: Variables;
  /** Where the service is found, unless AWS_ENDPOINT_URL says. Default: its host in the region. */
  readonly endpoint?: string;
}

/**
 * Calls one operation and gives its output. Rejects with an error that has the service's name for it, its fields and
 * `$metadata`, as the SDK's errors have, or as the signal says.
 */
export type CallService = (operation: string, input: object, signal?: AbortSignal) => Promise<unknown>;

/** Whoever gives none waits for as long as the connection lets them. */
const NEVER = new AbortController().signal;

/**
 * Calls a service without its client in the SDK, of which a cold start reads 200 KB: COLD-START.md tells what that
 * takes. What matters of it is the SDK's own: the pool with its time-outs, the signature, the waits between adaptive
 * attempts, and which errors are worth another (@smithy/core/retry, middleware-retry, whose loop this is).
 */
export function callService(
  { name, target, baseDelayMs }: JsonServiceName,
  { connection, guard, variables, endpoint }: JsonServiceParts,
): CallService {
  const { maxAttempts, requestHandler } = connection;
  const sign = requestSigner(name, variables, endpoint);
  const strategy: RetryStrategyV2 = new AdaptiveRetryStrategy(maxAttempts, { maxAttempts, baseDelay: baseDelayMs });
  const attempt = async (headers: Readonly<Record<string, string>>, body: string, abortSignal: AbortSignal) => {
    const { response } = await requestHandler.handle(await sign(headers, body), { abortSignal });
    return readAnswer(response);
  };
  const attempts = async (operation: string, body: string, signal: AbortSignal): Promise<unknown> => {
    const always = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `${target}.${operation}`,
      "amz-sdk-invocation-id": randomUUID(),
    };
    let token = await withDeadline(signal, () => strategy.acquireInitialRetryToken(name));
    for (let tried = 1; ; tried++) {
      try {
        const output = await attempt(
          { ...always, "amz-sdk-request": `attempt=${tried}; max=${maxAttempts}` },
          body,
          signal,
        );
        strategy.recordSuccess(token);
        return output;
      } catch (thrown) {
        const error = withAttempts(thrown, tried);
        // It waits by itself, and rejects where there shall be no other attempt.
        const next = await withDeadline(signal, () =>
          strategy.refreshRetryTokenForRetry(token, { error, errorType: typeOf(error) }).catch(() => undefined),
        );
        if (next === undefined) throw error;
        token = next;
        await withDeadline(signal, () => new Promise((resolve) => setTimeout(resolve, next.getRetryDelay())));
      }
    }
  };
  return (operation, input, signal = NEVER) => guard.run(() => attempts(operation, JSON.stringify(input), signal));
}

type Classified = Parameters<typeof isTransientError>[0];

/** What is thrown is an error of Node's, of the connection's or of the service's; it keeps its class and its code. */
function withAttempts(thrown: unknown, attempts: number): Classified {
  const error = thrown as Classified;
  return Object.assign(error, { $metadata: { ...error.$metadata, attempts } });
}

function typeOf(error: Classified): "THROTTLING" | "TRANSIENT" | "SERVER_ERROR" | "CLIENT_ERROR" {
  if (isThrottlingError(error)) return "THROTTLING";
  if (isTransientError(error)) return "TRANSIENT";
  return isServerError(error) ? "SERVER_ERROR" : "CLIENT_ERROR";
}

/** What is asked of DynamoDB: nothing with binary values, which would have to be written as Base64. */
interface Operations {
  readonly DeleteItem: readonly [DeleteItemInput, DeleteItemOutput];
  readonly GetItem: readonly [GetItemInput, GetItemOutput];
  readonly PutItem: readonly [PutItemInput, PutItemOutput];
  readonly Query: readonly [QueryInput, QueryOutput];
  /** Give it a `ClientRequestToken`, as its attempts are one write. */
  readonly TransactWriteItems: readonly [
    TransactWriteItemsInput & { readonly ClientRequestToken: string },
    TransactWriteItemsOutput,
  ];
  readonly UpdateItem: readonly [UpdateItemInput, UpdateItemOutput];
}
export type DynamoDbOperation = keyof Operations;

/**
 * Calls DynamoDB. Rejects with an error named as DynamoDB names it, `ConditionalCheckFailedException` among them, with
 * its fields.
 */
export type DynamoDb = <Name extends DynamoDbOperation>(
  operation: Name,
  input: Operations[Name][0],
  signal?: AbortSignal,
) => Promise<Operations[Name][1]>;

/** Connects to DynamoDB. */
export function connectDynamoDb(parts: JsonServiceParts): DynamoDb {
  return callService({ name: "dynamodb", target: "DynamoDB_20120810", baseDelayMs: 25 }, parts) as DynamoDb;
}

/** What is asked of SQS. */
interface SqsOperations {
  readonly ChangeMessageVisibility: readonly [ChangeMessageVisibilityRequest, object];
  readonly GetQueueAttributes: readonly [GetQueueAttributesRequest, GetQueueAttributesResult];
  readonly SendMessage: readonly [SendMessageRequest, SendMessageResult];
}

/** Calls SQS. Rejects with an error named as SQS names it. */
export type Sqs = <Name extends keyof SqsOperations>(
  operation: Name,
  input: SqsOperations[Name][0],
  signal?: AbortSignal,
) => Promise<SqsOperations[Name][1]>;

/** Connects to SQS where the queue is. */
export function connectSqs(parts: Omit<JsonServiceParts, "endpoint">, queueUrl: string): Sqs {
  return callService(
    { name: "sqs", target: "AmazonSQS", baseDelayMs: 50 },
    { ...parts, endpoint: new URL(queueUrl).origin },
  ) as Sqs;
}
