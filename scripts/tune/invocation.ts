import { setTimeout as sleep } from "node:timers/promises";
import {
  InvokeCommand,
  TooManyRequestsException,
  type InvokeCommandOutput,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import { readReportLine } from "../analyze/report-line";
import { convertReport, type TuningRun } from "./run";

/** One invocation of a version. */
export interface Invocation {
  readonly functionName: string;
  readonly version: string;
  readonly memoryMiB: number;
  /** JSON. */
  readonly payload: string;
  readonly signal: AbortSignal;
}

/** How often a throttled invocation is repeated. */
const MAX_REPEATS = 8;
/** Milliseconds before the first repeat; each further one waits that much longer. */
const THROTTLED_WAIT_MS = 500;

/**
 * Invokes a version and reads its REPORT line from the log's tail (4 KB, of which the report is the last line). A run
 * that fails is a result; a call that is refused or stays throttled throws.
 * @param client makes one attempt a call, because a repeated call would start a second run
 */
export async function invokeVersion(client: LambdaClient, invocation: Invocation): Promise<TuningRun> {
  const startedMs = performance.now();
  const output = await invokeUnthrottled(client, invocation);
  const { memoryMiB } = invocation;
  const failure = findFailure(output);
  const report = Buffer.from(output.LogResult ?? "", "base64")
    .toString("utf8")
    .split("\n")
    .map((line) => readReportLine(line))
    .findLast(({ kind }) => kind === "report");
  if (report?.kind === "report") {
    const run = convertReport(report.report);
    return { ...run, memoryMiB, failure: failure ?? run.failure };
  }
  return {
    memoryMiB,
    durationMs: performance.now() - startedMs,
    initMs: null,
    billedMs: null,
    usedMiB: null,
    failure: failure ?? "the log's tail has no REPORT line: in the JSON format it takes the system log level INFO",
  };
}

async function invokeUnthrottled(client: LambdaClient, invocation: Invocation): Promise<InvokeCommandOutput> {
  const { functionName, version, payload, signal } = invocation;
  const command = new InvokeCommand({
    FunctionName: functionName,
    Qualifier: version,
    LogType: "Tail",
    Payload: Buffer.from(payload),
  });
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.send(command, { abortSignal: signal });
    } catch (cause) {
      if (signal.aborted) throw cause;
      if (!(cause instanceof TooManyRequestsException) || attempt > MAX_REPEATS)
        throw new Error(
          `Version ${version} of ${functionName} cannot be invoked (${(cause as Error).message}). It takes ` +
            "lambda:InvokeFunction on its versions, and executions that live traffic leaves free.",
          { cause },
        );
      await sleep(THROTTLED_WAIT_MS * attempt, undefined, { signal });
    }
  }
}

/** Finds a function's own error, an HTTP error in its answer, or messages that the worker returned to the queue. */
function findFailure({ FunctionError: error, Payload: payload }: InvokeCommandOutput): string | null {
  const answer = parseAnswer(Buffer.from(payload ?? []).toString("utf8"));
  const { errorType, errorMessage = "", statusCode, batchItemFailures } = answer;
  // Where Lambda itself ends a run, only the message has the reason.
  if (error !== undefined)
    return [errorType ?? error, /timed out|signal: killed/i.exec(String(errorMessage))?.[0]].filter(Boolean).join(": ");
  if (typeof statusCode === "number" && statusCode >= 400) return `answered ${statusCode}`;
  return Array.isArray(batchItemFailures) && batchItemFailures.length > 0 ? "the message was given back" : null;
}

function parseAnswer(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}
