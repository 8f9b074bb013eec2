import { AdaptiveRetryStrategy, isServerError, isThrottlingError, isTransientError } from "@smithy/core/retry";
import type { RetryStrategyV2 } from "@smithy/types";
import { randomUUID } from "node:crypto";
import { withDeadline } from "../deadline";
import type { Guard } from "../resilience/guard";
import type { Variables } from "../settings";
import type { ClientConfiguration } from "./connection";
import { readAnswer } from "./service-answer";
import { requestSigner } from "./signed-request";

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
