/** An invocation that has ended. */
export interface ObservedInvocation {
  readonly functionName: string;
  /** Alias or version that the caller named. Undefined: the function alone. */
  readonly qualifier: string | undefined;
  /** The version that ran. */
  readonly version: string;
  /** Time of the invocation, in real milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  /** Invocations that ran at that time, this one included, by function name. */
  readonly running: ReadonlyMap<string, number>;
}

/** An invocation that was throttled. */
export type ObservedThrottle = Pick<ObservedInvocation, "functionName" | "qualifier">;

/** A request to the stage that has been answered. */
export interface ObservedRequest {
  readonly apiName: string;
  readonly stage: string;
  /** Time of its arrival, in real milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly status: number;
  readonly latencyMs: number;
  /** Undefined where no function was called. */
  readonly integrationLatencyMs: number | undefined;
  /** `off`: the stage has no cache; `none`: the request was not looked up in it. */
  readonly cache: "hit" | "miss" | "none" | "off";
}

/** Is called when something has happened. It must not throw. */
export interface Observer {
  invoked(invocation: ObservedInvocation): void;
  throttled(throttle: ObservedThrottle): void;
  answered(request: ObservedRequest): void;
  /** A rule invoked one of its targets. */
  fired(ruleArn: string): void;
  /** Messages were received from a queue, or deleted from it; the oldest of them has this age. */
  handled(queueName: string, oldestAgeMs: number): void;
}

/** Samples that are kept: enough for percentiles of a benchmark, and a bound for a run of days. */
export const KEPT_SAMPLES = 10_000;

const newRoute = () => ({
  requests: 0,
  cacheHits: 0,
  cacheMisses: 0,
  /** Calls of the route's function. */
  integrationCalls: 0,
  /** Answers by HTTP status. */
  responses: {} as Record<string, number>,
});

const newFunction = () => ({
  coldStarts: 0,
  invocations: 0,
  /** Invocations that ended in an error, time-outs included. */
  errors: 0,
  throttles: 0,
  maxConcurrency: 0,
  maxMemoryUsedMiB: 0,
  /** Invocations by version, which show how a weighted alias distributed them. */
  versions: {} as Record<string, number>,
  /** The last {@link KEPT_SAMPLES}. */
  initMs: [] as number[],
  /** The last {@link KEPT_SAMPLES}. */
  durationMs: [] as number[],
});

const newQueue = () => ({
  received: 0,
  deleted: 0,
  /** Messages that stay in the queue, because they were reported as failed or their batch failed. */
  failed: 0,
});

/** Counts since the start, over all reloads. Callers change the entries. */
export class StatisticsRecorder {
  private readonly routes = new Map<string, ReturnType<typeof newRoute>>();
  private readonly functions = new Map<string, ReturnType<typeof newFunction>>();
  private readonly queues = new Map<string, ReturnType<typeof newQueue>>();

  /** @param name method and resource path, such as `GET /api/v1/status/{request_id}` */
  route(name: string) {
    return findOrAdd(this.routes, name, newRoute);
  }

  function(name: string) {
    return findOrAdd(this.functions, name, newFunction);
  }

  queue(name: string) {
    return findOrAdd(this.queues, name, newQueue);
  }

  /** A copy of all counts, by name. */
  snapshot() {
    return structuredClone({
      routes: Object.fromEntries(this.routes),
      functions: Object.fromEntries(this.functions),
      queues: Object.fromEntries(this.queues),
    });
  }
}

export type Statistics = ReturnType<StatisticsRecorder["snapshot"]>;

export function increment(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

export function addSample(samples: number[], value: number): void {
  samples.push(value);
  if (samples.length > KEPT_SAMPLES) samples.shift();
}

function findOrAdd<T>(map: Map<string, T>, name: string, create: () => T): T {
  const found = map.get(name) ?? create();
  map.set(name, found);
  return found;
}
