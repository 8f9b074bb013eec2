import { randomUUID } from "node:crypto";
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
import type { HttpResponse } from "@smithy/core/protocols";
import { AdaptiveRetryStrategy, isServerError, isThrottlingError, isTransientError } from "@smithy/core/retry";
import type { RetryStrategyV2 } from "@smithy/types";
import { withDeadline } from "../deadline";
import type { Variables } from "../settings";
import type { ClientConfiguration } from "./connection";
import type { Guard } from "./guards";
import { openSigner } from "./signed-request";

/**
 * Reads the output in a service's answer, to its end, so that its socket can be used again. Throws the service's error,
 * by its name and with its fields.
 */
export async function readAnswer({ statusCode, headers, body }: HttpResponse): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  if (statusCode === 200) return JSON.parse(text || "{}") as unknown;
  throw makeServiceError(parseFields(text), statusCode, headers);
}

/**
 * Makes the service's error. Its name is in `__type`, or in a header if a service is out of order. The namespace before
 * `#` is dropped, as the SDK does.
 */
function makeServiceError(
  fields: Readonly<Record<string, unknown>>,
  statusCode: number,
  headers: Readonly<Record<string, string>>,
): Error {
  const { __type: type = headers["x-amzn-errortype"], message, Message, ...rest } = fields;
  const name = typeof type === "string" ? type.replace(/^.*#/, "").replace(/:.*$/, "") : "UnknownError";
  const text = message ?? Message;
  const error = new Error(typeof text === "string" && text !== "" ? text : `${name} (status ${statusCode})`);
  return Object.assign(error, rest, {
    name,
    $metadata: { httpStatusCode: statusCode, requestId: headers["x-amzn-requestid"] },
  });
}

function parseFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {}; // The page of a gateway, whose status says enough.
  }
}

/** A service of AWS that speaks the protocol `awsJson1_0`, as DynamoDB and SQS do. */
interface JsonService {
  /** In host names and signatures. */
  readonly name: "dynamodb" | "sqs";
  /** Precedes the operation in the header `X-Amz-Target`. */
  readonly target: "DynamoDB_20120810" | "AmazonSQS";
  /** Milliseconds of the first wait before another attempt, as in the service's SDK. */
  readonly baseDelayMs: number;
}

/** What calls of a service need. */
export interface JsonServiceParts {
  readonly connection: ClientConfiguration;
  /** Surrounds all attempts of a call. */
  readonly guard: Guard;
  /** What Lambda tells the process: region, credentials, the trace of the invocation, and an emulator's address. */
  readonly variables: Variables;
  /** The service's address, unless AWS_ENDPOINT_URL gives it. Default: its host in the region. */
  readonly endpoint?: string;
}

/**
 * Calls one operation and returns its output. Rejects with an error that has the service's name for it, its fields and
 * `$metadata`, as the SDK's errors have, or with the signal's reason. Default signal: never aborts; the connection's
 * time-outs still apply.
 */
type CallService = (operation: string, input: object, signal?: AbortSignal) => Promise<unknown>;

const NEVER = new AbortController().signal;

/**
 * Connects to a service without its client in the SDK, of which a cold start reads 200 KB (measured in COLD-START.md).
 * Pool, time-outs, signature, adaptive waits and the choice of errors to retry are the SDK's; the loop follows its
 * middleware-retry.
 */
function connectService(
  { name, target, baseDelayMs }: JsonService,
  { connection, guard, variables, endpoint }: JsonServiceParts,
): CallService {
  const { maxAttempts, requestHandler } = connection;
  const sign = openSigner(name, variables, endpoint);
  const strategy: RetryStrategyV2 = new AdaptiveRetryStrategy(maxAttempts, { maxAttempts, baseDelay: baseDelayMs });
  const sendOnce = async (headers: Readonly<Record<string, string>>, body: string, abortSignal: AbortSignal) => {
    const { response } = await requestHandler.handle(await sign(headers, body), { abortSignal });
    return readAnswer(response);
  };
  const sendWithRetries = async (operation: string, body: string, signal: AbortSignal): Promise<unknown> => {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `${target}.${operation}`,
      "amz-sdk-invocation-id": randomUUID(),
    };
    let token = await withDeadline(signal, () => strategy.acquireInitialRetryToken(name));
    for (let tried = 1; ; tried++) {
      try {
        const output = await sendOnce(
          { ...headers, "amz-sdk-request": `attempt=${tried}; max=${maxAttempts}` },
          body,
          signal,
        );
        strategy.recordSuccess(token);
        return output;
      } catch (thrown) {
        const error = noteAttempts(thrown, tried);
        // The strategy rejects if there must be no other attempt.
        const next = await withDeadline(signal, () =>
          strategy.refreshRetryTokenForRetry(token, { error, errorType: classifyError(error) }).catch(() => undefined),
        );
        if (next === undefined) throw error;
        token = next;
        await withDeadline(signal, () => new Promise((resolve) => setTimeout(resolve, next.getRetryDelay())));
      }
    }
  };
  return (operation, input, signal = NEVER) =>
    guard.run(() => sendWithRetries(operation, JSON.stringify(input), signal));
}

type SdkError = Parameters<typeof isTransientError>[0];

/** Adds the number of attempts to an error of Node, the connection or the service, which keeps its class. */
function noteAttempts(thrown: unknown, attempts: number): SdkError {
  const error = thrown as SdkError;
  return Object.assign(error, { $metadata: { ...error.$metadata, attempts } });
}

function classifyError(error: SdkError): "THROTTLING" | "TRANSIENT" | "SERVER_ERROR" | "CLIENT_ERROR" {
  if (isThrottlingError(error)) return "THROTTLING";
  if (isTransientError(error)) return "TRANSIENT";
  return isServerError(error) ? "SERVER_ERROR" : "CLIENT_ERROR";
}

/** Operations of DynamoDB. Binary values are not supported: they would have to be written as Base64. */
interface DynamoDbOperations {
  readonly DeleteItem: readonly [DeleteItemInput, DeleteItemOutput];
  readonly GetItem: readonly [GetItemInput, GetItemOutput];
  readonly PutItem: readonly [PutItemInput, PutItemOutput];
  readonly Query: readonly [QueryInput, QueryOutput];
  /** The token makes all attempts one write. */
  readonly TransactWriteItems: readonly [
    TransactWriteItemsInput & { readonly ClientRequestToken: string },
    TransactWriteItemsOutput,
  ];
  readonly UpdateItem: readonly [UpdateItemInput, UpdateItemOutput];
}
export type DynamoDbOperation = keyof DynamoDbOperations;

/**
 * Calls DynamoDB. Rejects with DynamoDB's error by its name, such as `ConditionalCheckFailedException`, and fields.
 */
export type DynamoDb = <Name extends DynamoDbOperation>(
  operation: Name,
  input: DynamoDbOperations[Name][0],
  signal?: AbortSignal,
) => Promise<DynamoDbOperations[Name][1]>;

/** Connects to DynamoDB. */
export function connectDynamoDb(parts: JsonServiceParts): DynamoDb {
  return connectService({ name: "dynamodb", target: "DynamoDB_20120810", baseDelayMs: 25 }, parts) as DynamoDb;
}

/** Operations of SQS. */
interface SqsOperations {
  readonly ChangeMessageVisibility: readonly [ChangeMessageVisibilityRequest, object];
  readonly GetQueueAttributes: readonly [GetQueueAttributesRequest, GetQueueAttributesResult];
  readonly SendMessage: readonly [SendMessageRequest, SendMessageResult];
}

/** Calls SQS. Rejects with SQS's error by its name. */
export type Sqs = <Name extends keyof SqsOperations>(
  operation: Name,
  input: SqsOperations[Name][0],
  signal?: AbortSignal,
) => Promise<SqsOperations[Name][1]>;

/** Connects to SQS at the address of the queue. */
export function connectSqs(parts: Omit<JsonServiceParts, "endpoint">, queueUrl: string): Sqs {
  return connectService(
    { name: "sqs", target: "AmazonSQS", baseDelayMs: 50 },
    { ...parts, endpoint: new URL(queueUrl).origin },
  ) as Sqs;
}
