import type { Applied } from "../applied/applied";
import type { ObservedInvocation, ObservedMessages, ObservedRequest, ObservedThrottle, Observer } from "../observer";
import type { MetricStore } from "./metric-store";
import type { TimeLapse } from "./time-lapse";

type Dimensions = Readonly<Record<string, string>>;

/**
 * Makes of what happens the metrics that AWS makes of it, with the dimensions that AWS publishes them with. What is not
 * here is not made up: it has no data. Of queues that is NumberOfMessagesSent, of tables everything.
 */
export class Recorder implements Observer {
  private applied: Applied | undefined;

  constructor(
    private readonly store: MetricStore,
    private readonly time: TimeLapse,
  ) {}

  /** Takes another apply: the reservations are counted from it. */
  configure(applied: Applied): void {
    this.applied = applied;
  }

  /** Executions that are kept free for functions with a reservation. */
  get reserved(): number {
    return (this.applied?.functions ?? []).reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);
  }

  /**
   * A metric of an invocation bears the time at which it began (Lambda developer guide, "Types of metrics"). Without a
   * dimension stands what all functions do together.
   */
  invoked({ functionName, qualifier, version, startedAtMs, durationMs, failed, running }: ObservedInvocation): void {
    const sets: readonly Dimensions[] = [
      {},
      { FunctionName: functionName },
      ...resourceOf(functionName, qualifier),
      ...executedOf(functionName, qualifier, version),
    ];
    const values = { Invocations: 1, Errors: failed ? 1 : 0, Duration: durationMs };
    for (const dimensions of sets) this.lambda(values, dimensions, startedAtMs);
    this.lambda({ ConcurrentExecutions: running.get(functionName) ?? 1 }, { FunctionName: functionName }, startedAtMs);
    this.lambda(
      {
        ConcurrentExecutions: [...running.values()].reduce((sum, count) => sum + count, 0),
        ClaimedAccountConcurrency: this.reserved + this.unreserved(running),
      },
      {},
      startedAtMs,
    );
  }

  throttled({ functionName, qualifier }: ObservedThrottle): void {
    for (const dimensions of [{}, { FunctionName: functionName }, ...resourceOf(functionName, qualifier)])
      this.lambda({ Throttles: 1 }, dimensions, Date.now());
  }

  /**
   * The errors and the cache's are 0 or 1 of each request: their mean is a rate (API Gateway developer guide, "Amazon
   * API Gateway dimensions and metrics").
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
    for (const dimensions of sets) this.record("AWS/ApiGateway", values, dimensions, startedAtMs);
  }

  fired(ruleArn: string): void {
    this.record(
      "AWS/Events",
      { Invocations: 1 },
      { RuleName: ruleArn.slice(ruleArn.lastIndexOf("/") + 1) },
      Date.now(),
    );
  }

  received({ queueName, count, oldestAgeMs }: ObservedMessages): void {
    this.record(
      "AWS/SQS",
      { NumberOfMessagesReceived: count, ...ageOf(oldestAgeMs) },
      { QueueName: queueName },
      Date.now(),
    );
  }

  deleted({ queueName, count, oldestAgeMs }: ObservedMessages): void {
    this.record(
      "AWS/SQS",
      { NumberOfMessagesDeleted: count, ...ageOf(oldestAgeMs) },
      { QueueName: queueName },
      Date.now(),
    );
  }

  /** What a queue holds now. */
  counted(queueName: string, visible: number, notVisible: number): void {
    this.record(
      "AWS/SQS",
      { ApproximateNumberOfMessagesVisible: visible, ApproximateNumberOfMessagesNotVisible: notVisible },
      { QueueName: queueName },
      Date.now(),
    );
  }

  private unreserved(running: ReadonlyMap<string, number>): number {
    const withReservation = new Set(
      (this.applied?.functions ?? []).flatMap(({ newest, reservedConcurrency }) =>
        reservedConcurrency === undefined ? [] : [newest.functionName],
      ),
    );
    return [...running].reduce((sum, [name, count]) => sum + (withReservation.has(name) ? 0 : count), 0);
  }

  private lambda(values: Readonly<Record<string, number>>, dimensions: Dimensions, realMs: number): void {
    this.record("AWS/Lambda", values, dimensions, realMs);
  }

  private record(
    namespace: string,
    values: Readonly<Record<string, number>>,
    dimensions: Dimensions,
    realMs: number,
  ): void {
    const atMs = this.time.at(realMs);
    for (const [metric, value] of Object.entries(values))
      this.store.record({ namespace, metric, dimensions, value, atMs });
  }
}

function resourceOf(functionName: string, qualifier: string | undefined): Dimensions[] {
  return qualifier === undefined ? [] : [{ FunctionName: functionName, Resource: `${functionName}:${qualifier}` }];
}

/** Only an alias does not say by its name what ran. */
function executedOf(functionName: string, qualifier: string | undefined, version: string): Dimensions[] {
  const isVersion = qualifier === undefined || /^(\d+|\$LATEST)$/.test(qualifier);
  return isVersion
    ? []
    : [{ FunctionName: functionName, Resource: `${functionName}:${qualifier}`, ExecutedVersion: version }];
}

/** In seconds. Messages that nobody receives have no age here. */
function ageOf(oldestAgeMs: number | undefined): Readonly<Record<string, number>> {
  return oldestAgeMs === undefined ? {} : { ApproximateAgeOfOldestMessage: oldestAgeMs / 1_000 };
}
