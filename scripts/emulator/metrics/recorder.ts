import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { Applied } from "../applied/applied";
import type { ObservedInvocation, ObservedMessages, ObservedRequest, ObservedThrottle, Observer } from "../statistics";
import type { MetricStore } from "./metric-store";

/** How time passes in metrics. */
export interface TimeLapse {
  /** Time in the metrics, in milliseconds since 1970, of a real time. */
  readonly at: (realMs: number) => number;
  /** Real milliseconds that so many milliseconds of the metrics take. */
  readonly real: (ms: number) => number;
}

/** As it is. */
export const REAL_TIME: TimeLapse = { at: (realMs) => realMs, real: (ms) => ms };

/**
 * A minute of metrics passes in `60 / factor` seconds from the origin on; what was before it stays where it was. What
 * something took stays what it really took: only when it was is moved.
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

/** Bytes read at once. */
const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 10;

/** The lines that others write to a file, each once, from when the tail is made. */
export class LogTail {
  private position: number;
  /** Begin of a line whose end is not written yet. */
  private rest = Buffer.alloc(0);

  constructor(private readonly path: string) {
    this.position = existsSync(path) ? statSync(path).size : 0;
  }

  /** The whole lines since the last call, without their line feeds; none where there is no file yet. */
  take(): string[] {
    if (!existsSync(this.path)) return [];
    const lines: string[] = [];
    const file = openSync(this.path, "r");
    try {
      const end = fstatSync(file).size;
      while (this.position < end)
        lines.push(...this.split(this.read(file, Math.min(CHUNK_BYTES, end - this.position))));
    } finally {
      closeSync(file);
    }
    return lines;
  }

  private read(file: number, bytes: number): Buffer {
    const chunk = Buffer.alloc(bytes);
    const read = readSync(file, chunk, 0, bytes, this.position);
    if (read === 0) throw new Error(`${this.path} became shorter while it was read; a function's log only grows.`);
    this.position += read;
    return chunk.subarray(0, read);
  }

  /** In bytes: a character may be in two chunks. */
  private split(chunk: Buffer): string[] {
    const all = Buffer.concat([this.rest, chunk]);
    const last = all.lastIndexOf(LINE_FEED);
    this.rest = all.subarray(last + 1);
    return last < 0 ? [] : all.subarray(0, last).toString("utf8").split("\n");
  }
}

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
