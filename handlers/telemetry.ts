import { METRIC_NAMESPACE, METRICS, type MetricName } from "./environment";

/** How much a log record matters. */
export type Level = "info" | "warn" | "error";

/** Facts about an event: identifiers, codes, counts, durations. They never contain prompts, answers or secrets. */
export type Fields = Readonly<Record<string, unknown>>;

/** Values of metrics that share their dimensions. */
export interface Measured {
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>;
  /** Dimensions in addition to `Deployment`, by name, such as `{Agent: "planner"}`. Default: none. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/**
 * Writes one log record. `event` is a stable snake_case name. `measured` are metrics in the same line; they must not
 * contradict each other in a dimension or metric.
 */
export type Log = (level: Level, event: string, fields?: Fields, ...measured: readonly Measured[]) => void;

/**
 * Makes a log of one JSON object per line: `{"time","level","event",...fields}`, `time` in ISO 8601. Metrics are in
 * CloudWatch's embedded metric format, with the dimension `Deployment` = `deployment`. `write` receives each line with
 * its line feed.
 */
export function jsonLines(write: (line: string) => void, nowMs: () => number, deployment: string): Log {
  return (...record) => {
    const [level, event, fields = {}, ...measured] = record;
    const now = nowMs();
    const metrics = measured.filter(({ metrics }) => Object.keys(metrics).length > 0);
    const embedded = metrics.length === 0 ? {} : embed(now, deployment, metrics);
    write(`${JSON.stringify({ time: new Date(now).toISOString(), level, event, ...fields, ...embedded })}\n`);
  };
}

/**
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function embed(timestampMs: number, deployment: string, measured: readonly Measured[]): Fields {
  const directives = measured.map(({ metrics, dimensions = {} }) => ({
    Namespace: METRIC_NAMESPACE,
    Dimensions: [["Deployment", ...Object.keys(dimensions)]],
    Metrics: Object.keys(metrics).map((name) => ({ Name: name, Unit: METRICS[name as MetricName] })),
  }));
  const values = Object.assign(
    {},
    ...measured.map(({ metrics, dimensions }) => ({ ...dimensions, ...metrics })),
  ) as Fields;
  return { _aws: { Timestamp: timestampMs, CloudWatchMetrics: directives }, Deployment: deployment, ...values };
}

const MAX_CAUSES = 4;

/**
 * Describes an error for the log: name, message, where it was thrown, HTTP status if AWS gave one, and its causes.
 */
export function describeError(error: unknown, causes = MAX_CAUSES): Fields {
  if (!(error instanceof Error)) return { name: typeof error };
  return {
    name: error.name,
    // JSON.parse quotes its input in the message, which may be a prompt.
    ...(error instanceof SyntaxError ? {} : { message: error.message }),
    ...readHttpStatus(error),
    frames: error.stack
      ?.split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .map((line) => line.trim()),
    ...(error.cause === undefined || causes === 0 ? {} : { cause: describeError(error.cause, causes - 1) }),
  };
}

/**
 * Describes an error that an agent worded, by names and statuses only: the message may quote the prompt.
 */
export function nameError(error: unknown): Fields {
  if (!(error instanceof Error)) return { name: typeof error };
  return {
    name: error.name,
    ...readHttpStatus(error),
    ...(error.cause === undefined ? {} : { cause: nameError(error.cause) }),
  };
}

function readHttpStatus(error: Error): Fields {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === undefined ? {} : { http_status: status };
}

/** Counts what happens during an invocation, for its one log line. */
export interface Counters {
  /** Adds `by`. Default: 1. */
  add(name: MetricName, by?: number): void;
  /** Returns the counts since the last call, and starts again from 0. Names without a count are left out. */
  take(): Readonly<Partial<Record<MetricName, number>>>;
}

/** Opens the counters of a process. A process runs one invocation at a time, so that counts belong to one. */
export function openCounters(): Counters {
  let counts: Partial<Record<MetricName, number>> = {};
  return {
    add(name, by = 1) {
      counts[name] = (counts[name] ?? 0) + by;
    },
    take() {
      const total = counts;
      counts = {};
      return total;
    },
  };
}

/** What a process counts of itself. */
export interface FunctionCounts {
  /** 1 in the first request of the process, else 0. */
  readonly countColdStart: () => number;
  readonly counters: Counters;
  /** Percent of the function's memory that the process has used at most; undefined if it is not known. */
  readonly memoryUsedPercent: () => number | undefined;
}

/**
 * Makes the function that measures the most memory that a process has used, in percent of its function's.
 * @param memoryMiB the function's memory, as in AWS_LAMBDA_FUNCTION_MEMORY_SIZE; undefined or not positive = not known
 * @param peakKiB the process's peak resident memory
 */
export function openMemoryUse(memoryMiB: string | undefined, peakKiB: () => number): () => number | undefined {
  const limitKiB = Number(memoryMiB ?? "") * 1024;
  return () => (limitKiB > 0 ? Math.round((1_000 * peakKiB()) / limitKiB) / 10 : undefined);
}

/** Makes a function that returns 1 at its first call, and 0 afterwards. A heartbeat uses up the 1. */
export function openColdStart(): () => number {
  let next = 1;
  return () => {
    const cold = next;
    next = 0;
    return cold;
  };
}

/** Measures the counts since the last call and the memory so far, by `Function`. */
export function measureFunction(
  name: "api" | "worker",
  { countColdStart, counters, memoryUsedPercent }: FunctionCounts,
): Measured {
  const memory = memoryUsedPercent();
  return {
    metrics: { ...counters.take(), ColdStart: countColdStart(), ...(memory !== undefined && { MemoryUsed: memory }) },
    dimensions: { Function: name },
  };
}

/** Repeats metrics by `Version`, so that canary and stable version can be compared. Empty without a version. */
export function measureByVersion(version: string | undefined, metrics: Measured["metrics"]): Measured[] {
  return version === undefined ? [] : [{ metrics, dimensions: { Version: version } }];
}
