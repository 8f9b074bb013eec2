import type { Applied } from "../applied/applied";
import type { ObservedInvocation, ObservedRequest, ObservedThrottle, Observer } from "../statistics";

/** One measured value of one metric. */
export interface Sample {
  /** Such as `AWS/Lambda`. */
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since 1970, in the time of the metrics. */
  readonly atMs: number;
}

/** A metric with exactly these dimensions. */
export type MetricName = Pick<Sample, "namespace" | "metric" | "dimensions">;

/** Periods of equal length, one after the other. Times are milliseconds since 1970. */
export interface Periods {
  /** Start of the first period. */
  readonly startMs: number;
  /** The first moment that is in no period. */
  readonly endMs: number;
  readonly periodMs: number;
}

/** Samples that are kept of a metric, so that a run of days has a bound. */
export const KEPT_SAMPLES = 200_000;

/** The oldest samples of a full metric are dropped in lots, so that not every new sample moves all others. */
const DROPPED_AT_ONCE = KEPT_SAMPLES / 10;

/** Keeps every sample of each metric, so that percentiles and ranks are exact. CloudWatch itself keeps no samples. */
export class MetricStore {
  /** Times and values of a metric in two arrays of numbers, which take a third of the memory of objects. */
  private readonly series = new Map<string, { readonly atMs: number[]; readonly values: number[] }>();

  record({ value, atMs, ...name }: Sample): void {
    const key = keyOf(name);
    const series = this.series.get(key) ?? { atMs: [], values: [] };
    this.series.set(key, series);
    series.atMs.push(atMs);
    series.values.push(value);
    if (series.values.length <= KEPT_SAMPLES) return;
    series.atMs.splice(0, DROPPED_AT_ONCE);
    series.values.splice(0, DROPPED_AT_ONCE);
  }

  /** Every metric that has a sample. */
  names(): MetricName[] {
    return [...this.series.keys()].sort().map((key) => {
      const [namespace, metric, ...dimensions] = JSON.parse(key) as [string, string, ...[string, string][]];
      return { namespace, metric, dimensions: Object.fromEntries(dimensions) };
    });
  }

  /**
   * The values of a metric by period, ascending within each. Periods without samples are left out.
   * @returns start of a period in milliseconds since 1970 to its values, in the order of time
   */
  byPeriod(name: MetricName, { startMs, endMs, periodMs }: Periods): ReadonlyMap<number, readonly number[]> {
    const periods = new Map<number, number[]>();
    const series = this.series.get(keyOf(name));
    for (const [index, value] of (series?.values ?? []).entries()) {
      const atMs = series?.atMs[index] ?? NaN;
      if (!(atMs >= startMs && atMs < endMs)) continue;
      const start = startMs + Math.floor((atMs - startMs) / periodMs) * periodMs;
      const values = periods.get(start) ?? [];
      periods.set(start, values);
      values.push(value);
    }
    const inOrder = [...periods].sort(([left], [right]) => left - right);
    return new Map(inOrder.map(([start, values]) => [start, values.sort((left, right) => left - right)]));
  }
}

/** CloudWatch distinguishes metrics by all their dimensions, in any order. */
function keyOf({ namespace, metric, dimensions }: MetricName): string {
  const sorted = Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([namespace, metric, ...sorted]);
}

/** How time passes in metrics. */
export interface TimeLapse {
  /** Time in the metrics, in milliseconds since 1970, of a real time. */
  readonly at: (realMs: number) => number;
  /** Real milliseconds that a number of milliseconds of the metrics take. */
  readonly real: (ms: number) => number;
}

export const REAL_TIME: TimeLapse = { at: (realMs) => realMs, real: (ms) => ms };

/**
 * Lets time in the metrics pass `factor` times as fast from the origin on; times before the origin stay. Only points in
 * time are moved: a duration is recorded as it was measured.
 * @param factor 1 or more
 * @param originMs milliseconds since 1970, real
 */
export function timeLapse(factor: number, originMs: number): TimeLapse {
  if (!(Number.isFinite(factor) && factor >= 1))
    throw new Error(`The time-lapse is ${factor} times as fast; allowed: a number from 1 on, such as 30.`);
  return {
    at: (realMs) => (realMs <= originMs ? realMs : originMs + (realMs - originMs) * factor),
    real: (ms) => ms / factor,
  };
}

type Dimensions = Sample["dimensions"];
type MetricValues = Readonly<Record<string, number>>;

/** Metrics of one moment, which share their dimensions. */
interface Measurement extends Pick<Sample, "namespace" | "dimensions"> {
  readonly values: MetricValues;
  /** Milliseconds since 1970, real. Default: now. */
  readonly realMs?: number;
}

/**
 * Records the metrics that AWS publishes about what happened, with AWS's dimensions. Metrics that are missing here,
 * such as NumberOfMessagesReceived and all metrics of tables, have no data.
 */
export class Recorder implements Observer {
  private applied: Applied | undefined;

  constructor(
    private readonly store: MetricStore,
    private readonly time: TimeLapse,
  ) {}

  /** Takes another apply, whose reservations count from now on. */
  configure(applied: Applied): void {
    this.applied = applied;
  }

  /** Executions that are kept free for functions with a reservation. */
  get reserved(): number {
    return (this.applied?.functions ?? []).reduce(
      (total, { reservedConcurrency = 0 }) => total + reservedConcurrency,
      0,
    );
  }

  /**
   * A metric of an invocation has the time at which the invocation began (Lambda developer guide, "Types of metrics").
   * The empty set of dimensions is the sum over all functions.
   */
  invoked(invocation: ObservedInvocation): void {
    const { functionName, startedAtMs: realMs, durationMs, failed, running } = invocation;
    const own = { FunctionName: functionName };
    const record = (dimensions: Dimensions, values: MetricValues) =>
      this.record({ namespace: "AWS/Lambda", dimensions, values, realMs });
    for (const dimensions of [{}, own, ...qualifiedDimensions(invocation), ...aliasDimensions(invocation)])
      record(dimensions, { Invocations: 1, Errors: failed ? 1 : 0, Duration: durationMs });
    record(own, { ConcurrentExecutions: running.get(functionName) ?? 1 });
    record(
      {},
      {
        ConcurrentExecutions: [...running.values()].reduce((total, count) => total + count, 0),
        ClaimedAccountConcurrency: this.reserved + this.countUnreserved(running),
      },
    );
  }

  throttled(throttle: ObservedThrottle): void {
    for (const dimensions of [{}, { FunctionName: throttle.functionName }, ...qualifiedDimensions(throttle)])
      this.record({ namespace: "AWS/Lambda", dimensions, values: { Throttles: 1 } });
  }

  /**
   * Errors and cache hits are 0 or 1 for each request, so that their average is a rate (API Gateway developer guide,
   * "Amazon API Gateway dimensions and metrics").
   */
  answered({ apiName, stage, startedAtMs, status, latencyMs, integrationLatencyMs, cache }: ObservedRequest): void {
    const values = {
      Count: 1,
      "4XXError": status >= 400 && status < 500 ? 1 : 0,
      "5XXError": status >= 500 ? 1 : 0,
      Latency: latencyMs,
      ...(integrationLatencyMs !== undefined && { IntegrationLatency: integrationLatencyMs }),
      ...(cache !== "off" && { CacheHitCount: cache === "hit" ? 1 : 0, CacheMissCount: cache === "miss" ? 1 : 0 }),
    };
    const sets: readonly Dimensions[] = [{ ApiName: apiName }, { ApiName: apiName, Stage: stage }];
    for (const dimensions of sets)
      this.record({ namespace: "AWS/ApiGateway", dimensions, values, realMs: startedAtMs });
  }

  fired(ruleArn: string): void {
    const dimensions = { RuleName: ruleArn.slice(ruleArn.lastIndexOf("/") + 1) };
    this.record({ namespace: "AWS/Events", dimensions, values: { Invocations: 1 } });
  }

  /** In seconds. Messages that nobody receives have no age here. */
  handled(queueName: string, oldestAgeMs: number): void {
    this.recordQueue(queueName, { ApproximateAgeOfOldestMessage: oldestAgeMs / 1_000 });
  }

  /** Records how many messages a queue holds now. */
  counted(queueName: string, visible: number, notVisible: number): void {
    this.recordQueue(queueName, {
      ApproximateNumberOfMessagesVisible: visible,
      ApproximateNumberOfMessagesNotVisible: notVisible,
    });
  }

  private countUnreserved(running: ReadonlyMap<string, number>): number {
    const reserved = new Set(
      (this.applied?.functions ?? [])
        .filter(({ reservedConcurrency }) => reservedConcurrency !== undefined)
        .map(({ newest }) => newest.functionName),
    );
    return [...running].reduce((total, [name, count]) => total + (reserved.has(name) ? 0 : count), 0);
  }

  private recordQueue(queueName: string, values: MetricValues): void {
    this.record({ namespace: "AWS/SQS", dimensions: { QueueName: queueName }, values });
  }

  private record({ namespace, dimensions, values, realMs = Date.now() }: Measurement): void {
    const atMs = this.time.at(realMs);
    for (const [metric, value] of Object.entries(values))
      this.store.record({ namespace, metric, dimensions, value, atMs });
  }
}

function qualifiedDimensions({ functionName, qualifier }: ObservedThrottle): Dimensions[] {
  return qualifier === undefined ? [] : [{ FunctionName: functionName, Resource: `${functionName}:${qualifier}` }];
}

/** Lambda names the version that ran for an alias only; any other qualifier is the version. */
function aliasDimensions({ functionName, qualifier, version }: ObservedInvocation): Dimensions[] {
  if (qualifier === undefined || /^(\d+|\$LATEST)$/.test(qualifier)) return [];
  return [{ FunctionName: functionName, Resource: `${functionName}:${qualifier}`, ExecutedVersion: version }];
}
