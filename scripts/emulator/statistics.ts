/** An invocation that has ended. */
export interface ObservedInvocation {
  readonly functionName: string;
  /** Alias or version that the caller named; undefined = the function alone. */
  readonly qualifier: string | undefined;
  /** Version that ran. */
  readonly version: string;
  /** Real milliseconds since 1970: when it was invoked. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  /** Invocations that ran when it was invoked, itself included, by function name. */
  readonly running: ReadonlyMap<string, number>;
}

/** An invocation that was turned away. */
export type ObservedThrottle = Pick<ObservedInvocation, "functionName" | "qualifier">;

/** A request to the stage that has been answered. */
export interface ObservedRequest {
  readonly apiName: string;
  readonly stage: string;
  /** Real milliseconds since 1970: when it arrived. */
  readonly startedAtMs: number;
  readonly status: number;
  readonly latencyMs: number;
  /** Undefined where no function was called. */
  readonly integrationLatencyMs: number | undefined;
  /** `off`: the stage has no cache; `none`: this request was not looked up in it. */
  readonly cache: "hit" | "miss" | "none" | "off";
}

/** Messages that were received from a queue, or deleted from it. */
export interface ObservedMessages {
  readonly queueName: string;
  readonly count: number;
  /** Since the oldest of them was sent; undefined where the queue does not tell. */
  readonly oldestAgeMs: number | undefined;
}

/** Told what happens, when it has happened. It must not throw. */
export interface Observer {
  invoked(invocation: ObservedInvocation): void;
  throttled(throttle: ObservedThrottle): void;
  answered(request: ObservedRequest): void;
  /** A rule invoked one of its targets. */
  fired(ruleArn: string): void;
  received(messages: ObservedMessages): void;
  deleted(messages: ObservedMessages): void;
}

/** What happened since the start, over every reload. */
export interface Statistics {
  /** By method and resource path, such as `GET /api/v1/status/{request_id}`. */
  readonly routes: Readonly<Record<string, RouteStatistics>>;
  /** By function name. */
  readonly functions: Readonly<Record<string, FunctionStatistics>>;
  /** By queue name. */
  readonly queues: Readonly<Record<string, QueueStatistics>>;
}

export interface RouteStatistics {
  requests: number;
  cacheHits: number;
  cacheMisses: number;
  /** Times the route's function was called. */
  integrationCalls: number;
  /** Answers by HTTP status. */
  responses: Record<string, number>;
}

export interface FunctionStatistics {
  coldStarts: number;
  invocations: number;
  /** Invocations that ended in an error, time-outs included. */
  errors: number;
  throttles: number;
  maxConcurrency: number;
  maxMemoryUsedMiB: number;
  /** Invocations by version: shows what a weighted alias did. */
  versions: Record<string, number>;
  /** The last {@link KEPT_SAMPLES}. */
  initMs: number[];
  /** The last {@link KEPT_SAMPLES}. */
  durationMs: number[];
}

export interface QueueStatistics {
  received: number;
  deleted: number;
  /** Messages that stay in the queue: reported, or of a batch that failed. */
  failed: number;
}

/** Enough for percentiles of a benchmark, and a bound for a run of days. */
export const KEPT_SAMPLES = 10_000;

/** Counts, and gives out copies. */
export class StatisticsRecorder {
  private readonly routes = new Map<string, RouteStatistics>();
  private readonly functions = new Map<string, FunctionStatistics>();
  private readonly queues = new Map<string, QueueStatistics>();

  route(name: string): RouteStatistics {
    return entry(this.routes, name, { requests: 0, cacheHits: 0, cacheMisses: 0, integrationCalls: 0, responses: {} });
  }

  function(name: string): FunctionStatistics {
    return entry(this.functions, name, {
      coldStarts: 0,
      invocations: 0,
      errors: 0,
      throttles: 0,
      maxConcurrency: 0,
      maxMemoryUsedMiB: 0,
      versions: {},
      initMs: [],
      durationMs: [],
    });
  }

  queue(name: string): QueueStatistics {
    return entry(this.queues, name, { received: 0, deleted: 0, failed: 0 });
  }

  snapshot(): Statistics {
    return structuredClone({
      routes: Object.fromEntries(this.routes),
      functions: Object.fromEntries(this.functions),
      queues: Object.fromEntries(this.queues),
    });
  }
}

export function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

export function sample(samples: number[], value: number): void {
  samples.push(value);
  if (samples.length > KEPT_SAMPLES) samples.shift();
}

function entry<T>(map: Map<string, T>, name: string, fresh: T): T {
  const found = map.get(name) ?? fresh;
  map.set(name, found);
  return found;
}
