import { setTimeout as sleep } from "node:timers/promises";
import {
  InvokeCommand,
  TooManyRequestsException,
  type InvokeCommandOutput,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import type { TuningRun } from "./size";
import { readRunLine } from "./run-line";

/** One invocation of a version. */
export interface Invocation {
  readonly functionName: string;
  readonly version: string;
  readonly memoryMiB: number;
  /** JSON. */
  readonly payload: string;
  readonly signal: AbortSignal;
}

/** Times that a throttled invocation is tried again, and milliseconds before the first of them; each waits longer. */
const THROTTLED_TRIES = 8;
const THROTTLED_WAIT_MS = 500;

/**
 * Invokes a version and reads its REPORT line out of the log's tail (4 KB, of which the report is the last line). A run
 * that fails is a run; a call that does not arrive throws, and so does one that stays throttled. The client must not
 * try again by itself: a run that took too long would be begun anew.
 */
export async function invokeMeasured(client: LambdaClient, invocation: Invocation): Promise<TuningRun> {
  const started = performance.now();
  const output = await unthrottled(client, invocation);
  const tail = Buffer.from(output.LogResult ?? "", "base64").toString("utf8");
  const answer = Buffer.from(output.Payload ?? []).toString("utf8");
  const reported = tail
    .split("\n")
    .reverse()
    .map((line) => readRunLine(line))
    .find(({ kind }) => kind === "run");
  const failure = failureOf(output, answer);
  if (reported?.kind === "run")
    return { ...reported.run, memoryMiB: invocation.memoryMiB, failure: failure ?? reported.run.failure };
  const unknown = {
    memoryMiB: invocation.memoryMiB,
    durationMs: performance.now() - started,
    initMs: null,
    billedMs: null,
    usedMiB: null,
  };
  return {
    ...unknown,
    failure: failure ?? "the log's tail has no REPORT line: in the JSON format it takes the system log level INFO",
  };
}

async function unthrottled(
  client: LambdaClient,
  { functionName, version, payload, signal }: Invocation,
): Promise<InvokeCommandOutput> {
  for (let tries = 1; ; tries++) {
    try {
      return await client.send(
        new InvokeCommand({
          FunctionName: functionName,
          Qualifier: version,
          LogType: "Tail",
          Payload: Buffer.from(payload),
        }),
        { abortSignal: signal },
      );
    } catch (cause) {
      if (!(cause instanceof TooManyRequestsException) || tries > THROTTLED_TRIES)
        throw signal.aborted
          ? cause
          : new Error(
              `Version ${version} of ${functionName} cannot be invoked (${(cause as Error).message}). It takes lambda:InvokeFunction on its versions, and executions that live traffic leaves free.`,
              { cause },
            );
      await sleep(THROTTLED_WAIT_MS * tries, undefined, { signal });
    }
  }
}

/** A function's own error, a refusal of the API, or messages that the worker gave back. */
function failureOf({ FunctionError: error }: InvokeCommandOutput, answer: string): string | null {
  const { errorType, errorMessage = "", statusCode, batchItemFailures } = fieldsOf(answer);
  // Lambda's own ends have the reason in the message alone.
  if (error !== undefined)
    return [errorType ?? error, /timed out|signal: killed/i.exec(String(errorMessage))?.[0]].filter(Boolean).join(": ");
  if (typeof statusCode === "number" && statusCode >= 400) return `answered ${statusCode}`;
  return Array.isArray(batchItemFailures) && batchItemFailures.length > 0 ? "the message was given back" : null;
}

function fieldsOf(answer: string): Readonly<Record<string, unknown>> {
  try {
    return ((JSON.parse(answer) as Record<string, unknown> | null) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
