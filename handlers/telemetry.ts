import { METRIC_NAMESPACE, METRICS, type MetricName } from "./environment";

/** How much a log record matters. */
export type Level = "info" | "warn" | "error";

/** Facts about an event: identifiers, codes, counts, durations. Never prompts, answers or secrets. */
export type Fields = Readonly<Record<string, unknown>>;

/** Values of metrics that share their dimensions. */
export interface Measured {
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>;
  /** Beside `Deployment`, by name, such as `{Agent: "planner"}`. Default: none. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/**
 * Writes one log record. `event` is a stable snake_case name. `measured` makes metrics of the same line; two of them
 * in one line must not give the same dimension or metric different values.
 */
export type Log = (level: Level, event: string, fields?: Fields, ...measured: readonly Measured[]) => void;

/**
 * A log of one JSON object per line: `{"time","level","event",...fields}`, `time` in ISO 8601. Metrics stand in it in
 * CloudWatch's embedded metric format, with the dimension `Deployment` = `deployment`.
 * `write` is given the line with its line feed.
 */
export function jsonLines(write: (line: string) => void, nowMs: () => number, deployment: string): Log {
  return (level, event, fields = {}, ...measured) => {
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
 * What a log may hold of an error: name, message, where it was thrown, HTTP status where AWS gave one, and its causes.
 */
export function describeError(error: unknown, causes = MAX_CAUSES): Fields {
  if (!(error instanceof Error)) return { name: typeof error };
  return {
    name: error.name,
    // JSON.parse quotes its input in the message, and that may be a prompt.
    ...(error instanceof SyntaxError ? {} : { message: error.message }),
    ...httpStatus(error),
    frames: error.stack
      ?.split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .map((line) => line.trim()),
    ...(error.cause === undefined || causes === 0 ? {} : { cause: describeError(error.cause, causes - 1) }),
  };
}

/**
 * What a log may hold of an error that somebody else worded: an agent may quote the prompt in its message.
 * Names and statuses only.
 */
export function nameError(error: unknown): Fields {
  if (!(error instanceof Error)) return { name: typeof error };
  return {
    name: error.name,
    ...httpStatus(error),
    ...(error.cause === undefined ? {} : { cause: nameError(error.cause) }),
  };
}

function httpStatus(error: Error): Fields {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === undefined ? {} : { http_status: status };
}

/** Counts what happens deep down during an invocation, to be told in its one log line. */
export interface Counters {
  /** `by`: 1 where it is not given. */
  add(name: MetricName, by?: number): void;
  /** The counts since the last call, and starts anew. Names that were never counted are left out. */
  take(): Readonly<Partial<Record<MetricName, number>>>;
}

/** Counters of one process: an environment runs one invocation at a time, so what it takes belongs to that one. */
export function openCounters(): Counters {
  let counts: Partial<Record<MetricName, number>> = {};
  return {
    add(name, by = 1) {
      counts[name] = (counts[name] ?? 0) + by;
    },
    take() {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}

/** What a process counts of itself. */
export interface FunctionCounts {
  /** 1 in the first request of the process, else 0. */
  readonly coldStart: () => number;
  readonly counters: Counters;
  /** Percent of the function's memory that the process has had at most; undefined where that is not known. */
  readonly memoryUsedPercent: () => number | undefined;
}

/**
 * The most that a process has had in memory, in percent of its function's.
 * @param memoryMiB the function's memory, as Lambda tells it in AWS_LAMBDA_FUNCTION_MEMORY_SIZE; undefined or no
 * positive number = not known
 * @param peakKiB the process's peak resident memory
 */
export function openMemoryUse(memoryMiB: string | undefined, peakKiB: () => number): () => number | undefined {
  const limitKiB = Number(memoryMiB ?? "") * 1024;
  return () => (limitKiB > 0 ? Math.round((1_000 * peakKiB()) / limitKiB) / 10 : undefined);
}

/**
 * Gives 1 with the first call, and 0 with each after it. A heartbeat calls it too and drops what it gives: the request
 * after it is not cold.
 */
export function openColdStart(): () => number {
  let next = 1;
  return () => {
    const cold = next;
    next = 0;
    return cold;
  };
}

/** The counts since the last time and the memory so far, by `Function`. */
export function measureFunction(
  name: "api" | "worker",
  { coldStart, counters, memoryUsedPercent }: FunctionCounts,
): Measured {
  const memory = memoryUsedPercent();
  return {
    metrics: { ...counters.take(), ColdStart: coldStart(), ...(memory !== undefined && { MemoryUsed: memory }) },
    dimensions: { Function: name },
  };
}
