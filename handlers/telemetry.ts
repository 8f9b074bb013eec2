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
