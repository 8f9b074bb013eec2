import { setTimeout as sleep } from "node:timers/promises";
import {
  InvokeCommand,
  TooManyRequestsException,
  type InvokeCommandOutput,
  type LambdaClient,
} from "@aws-sdk/client-lambda";
import { readReportLine, type RunReport } from "../analyze/report-line";
import { UsageError } from "../kit/context";

/** One run of a function at one size. */
export interface TuningRun {
  /** Size of the function; what Lambda calls MB is MiB. */
  readonly memoryMiB: number;
  /** Time of the handler without INIT. A failed run has whatever time it took. */
  readonly durationMs: number;
  /** INIT or restore; null where the environment was warm. */
  readonly initMs: number | null;
  /** Milliseconds billed; null where unknown. */
  readonly billedMs: number | null;
  /** Most memory that the environment had used by the end of the run; null where unknown. */
  readonly usedMiB: number | null;
  /** Why it failed, in a few words; null where it did not. */
  readonly failure: string | null;
}

/** Milliseconds that Lambda bills: INIT counts (since 2025-08-01, for all packages), and parts are rounded up. */
export function computeBilledMs({ durationMs, initMs, billedMs }: TuningRun): number {
  return Math.max(billedMs ?? 0, Math.ceil(durationMs + (initMs ?? 0)));
}

const REQUIRED = "above 0";
const OPTIONAL = "from 0 on, or null";
/** Numbers of a run in a file, and what each may be. */
const NUMBERS = {
  memory_mb: REQUIRED,
  duration_ms: REQUIRED,
  billed_ms: OPTIONAL,
  init_ms: OPTIONAL,
  max_memory_mb: OPTIONAL,
} as const;
const FIELDS = [...Object.keys(NUMBERS), "failed"];

/**
 * Reads a line of a runs file: a run as JSON, as {@link writeRun} writes it, or a REPORT line of Lambda in any shape
 * that `quickturn analyze` takes. Undefined for other lines of a log.
 * @param place the line's number and file, for the {@link UsageError} of a wrong line
 */
export function readRunLine(line: string, place: string): TuningRun | undefined {
  if (/^\s*\{.*"memory_mb"/.test(line)) return readJsonRun(line, place);
  const read = readReportLine(line);
  if (read.kind === "unreadable")
    throw new UsageError(`${place} is wrong: it is a report that cannot be read; allowed: a whole REPORT line.`);
  return read.kind === "report" ? convertReport(read.report) : undefined;
}

/** Turns a line of Lambda's log into a run. */
function convertReport(report: RunReport): TuningRun {
  const { status, errorType } = report;
  return {
    memoryMiB: report.memorySizeMiB,
    durationMs: report.durationMs,
    initMs: report.initDurationMs ?? report.restoreDurationMs ?? null,
    billedMs: report.billedDurationMs ?? null,
    usedMiB: report.maxMemoryUsedMiB,
    failure: errorType ?? (status === "error" || status === "timeout" ? status : null),
  };
}

/** Writes a run as a line of a runs file, without the line's end. */
export function writeRun({ memoryMiB, durationMs, billedMs, initMs, usedMiB, failure }: TuningRun): string {
  return JSON.stringify({
    memory_mb: memoryMiB,
    duration_ms: durationMs,
    billed_ms: billedMs,
    init_ms: initMs,
    max_memory_mb: usedMiB,
    failed: failure,
  });
}

function readJsonRun(line: string, place: string): TuningRun {
  const fields = parseFields(line);
  const problems = fields === undefined ? ["it is no JSON object"] : findProblems(fields);
  if (fields === undefined || problems.length > 0) throw new UsageError(`${place} is wrong: ${problems.join("; ")}.`);
  const number = (name: keyof typeof NUMBERS) => (typeof fields[name] === "number" ? fields[name] : null);
  const { failed } = fields;
  return {
    memoryMiB: number("memory_mb") ?? 0,
    durationMs: number("duration_ms") ?? 0,
    billedMs: number("billed_ms"),
    initMs: number("init_ms"),
    usedMiB: number("max_memory_mb"),
    failure: failed === true ? "failed" : typeof failed === "string" && failed !== "" ? failed : null,
  };
}

function parseFields(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function findProblems(fields: Readonly<Record<string, unknown>>): string[] {
  const unknown = Object.keys(fields).filter((name) => !FIELDS.includes(name));
  const failed = fields["failed"] ?? null;
  return [
    ...(unknown.length > 0 ? [`it has the fields ${unknown.join(", ")}; allowed: ${FIELDS.join(", ")}`] : []),
    ...Object.entries(NUMBERS).flatMap(([name, allowed]) => {
      const value = fields[name];
      // A size that Lambda refuses is a failed run without a duration.
      const isRefused = name === "duration_ms" && value === 0 && failed !== null && failed !== false;
      return isRefused || isAllowed(value, allowed)
        ? []
        : [`${name} is ${JSON.stringify(value) ?? "missing"}; allowed: a number ${allowed}`];
    }),
    ...(failed === null || typeof failed === "string" || typeof failed === "boolean"
      ? []
      : [`failed is ${JSON.stringify(failed)}; allowed: false, null, true or the reason`]),
  ];
}

function isAllowed(value: unknown, allowed: string): boolean {
  if (value === undefined || value === null) return allowed === OPTIONAL;
  return typeof value === "number" && Number.isFinite(value) && (allowed === REQUIRED ? value > 0 : value >= 0);
}

/** One invocation of a version. */
interface Invocation {
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
