import {
  KEPT_SAMPLES,
  MetricStore,
  Recorder,
  REAL_TIME,
  timeLapse,
  type MetricName,
} from "../../../../scripts/emulator/metrics/metric-store";
import { readApplied } from "../../../../scripts/emulator/applied/applied";
import { folder, lambda, restApi, state } from "../fixtures";

describe("metric store", () => {
  const name = { namespace: "N", metric: "m", dimensions: { A: "1", B: "2" } };

  test("values are grouped by period, ascending, without the end and whatever their order of arrival", () => {
    const store = new MetricStore();
    for (const [atMs, value] of [
      [60_000, 3],
      [119_999, 1],
      [120_000, 5],
      [59_999, 9],
      [180_000, 7],
      [300_000, 8],
    ] as const)
      store.record({ ...name, atMs, value });
    expect([...store.byPeriod(name, { startMs: 60_000, endMs: 300_000, periodMs: 60_000 })]).toEqual([
      [60_000, [1, 3]],
      [120_000, [5]],
      [180_000, [7]],
    ]);
    expect([...store.byPeriod(name, { startMs: 60_000, endMs: 300_000, periodMs: 240_000 })]).toEqual([
      [60_000, [1, 3, 5, 7]],
    ]);
  });

  test("a metric is found by all its dimensions, in any order, and not by some of them", () => {
    const store = new MetricStore();
    store.record({ ...name, atMs: 0, value: 1 });
    expect([
      ...store.byPeriod({ ...name, dimensions: { B: "2", A: "1" } }, { startMs: 0, endMs: 1, periodMs: 1 }),
    ]).toEqual([[0, [1]]]);
    const others: readonly Record<string, string>[] = [{ A: "1" }, {}, { A: "1", B: "3" }, { A: "1", B: "2", C: "" }];
    for (const dimensions of others)
      expect(store.byPeriod({ ...name, dimensions }, { startMs: 0, endMs: 1, periodMs: 1 }).size).toBe(0);
  });

  test("a full metric drops its oldest samples", () => {
    const store = new MetricStore();
    for (let index = 0; index <= KEPT_SAMPLES; index++) store.record({ ...name, atMs: index, value: index });
    const [[, values = []] = []] = [
      ...store.byPeriod(name, { startMs: 0, endMs: KEPT_SAMPLES + 1, periodMs: KEPT_SAMPLES + 1 }),
    ];
    expect({ count: values.length, newest: values.at(-1) }).toEqual({
      count: KEPT_SAMPLES * 0.9 + 1,
      newest: KEPT_SAMPLES,
    });
  });
});

describe("recorder", () => {
  const START = 1_700_000_000_000;
  const ALWAYS = 8e15;
  let store: MetricStore;
  let recorder: Recorder;
  beforeEach(() => {
    store = new MetricStore();
    recorder = new Recorder(store, REAL_TIME);
  });

  const values = (namespace: string, metric: string, dimensions: MetricName["dimensions"]) =>
    [...store.byPeriod({ namespace, metric, dimensions }, { startMs: 0, endMs: ALWAYS, periodMs: ALWAYS })].flatMap(
      ([, found]) => found,
    );
  const ofLambda = (metric: string, dimensions: MetricName["dimensions"]) => values("AWS/Lambda", metric, dimensions);
  const invocation = {
    functionName: "worker",
    qualifier: "live",
    version: "7",
    startedAtMs: START,
    durationMs: 120,
    failed: false,
    running: new Map([
      ["worker", 2],
      ["api", 3],
    ]),
  };

  describe("an invocation", () => {
    test("of an alias counts for its function, alias and version, and for all functions", () => {
      recorder.invoked(invocation);
      recorder.invoked({ ...invocation, version: "8", failed: true, durationMs: 400 });
      const alias = { FunctionName: "worker", Resource: "worker:live" };
      const sets: readonly Record<string, string>[] = [{}, { FunctionName: "worker" }, alias];
      for (const dimensions of sets) {
        expect([
          ofLambda("Invocations", dimensions),
          ofLambda("Errors", dimensions),
          ofLambda("Duration", dimensions),
        ]).toEqual([
          [1, 1],
          [0, 1],
          [120, 400],
        ]);
      }
      expect(ofLambda("Errors", { ...alias, ExecutedVersion: "7" })).toEqual([0]);
      expect(ofLambda("Errors", { ...alias, ExecutedVersion: "8" })).toEqual([1]);
    });

    test("of a version, or of the function alone, has no executed version, because it is named", () => {
      recorder.invoked({ ...invocation, qualifier: "7" });
      recorder.invoked({ ...invocation, qualifier: undefined });
      expect(ofLambda("Invocations", { FunctionName: "worker", Resource: "worker:7" })).toEqual([1]);
      expect(ofLambda("Invocations", { FunctionName: "worker", Resource: "worker:7", ExecutedVersion: "7" })).toEqual(
        [],
      );
      expect(ofLambda("Invocations", { FunctionName: "worker" })).toEqual([1, 1]);
    });

    test("records how many ran at once, and the claimed concurrency: reservations plus what runs without one", () => {
      const directory = folder();
      recorder.configure(
        readApplied(
          state(
            restApi({ paths: {} }),
            lambda(directory, { name: "worker", code: "", reserved: 50 }),
            lambda(directory, { name: "api", code: "" }),
          ),
          () => undefined,
        ),
      );
      recorder.invoked(invocation);
      expect([
        ofLambda("ConcurrentExecutions", { FunctionName: "worker" }),
        ofLambda("ConcurrentExecutions", {}),
        ofLambda("ClaimedAccountConcurrency", {}),
      ]).toEqual([[2], [5], [53]]);
      expect(recorder.reserved).toBe(50);
    });

    test("that is throttled counts as a throttle only", () => {
      recorder.throttled({ functionName: "worker", qualifier: "live" });
      expect([
        ofLambda("Throttles", { FunctionName: "worker" }),
        ofLambda("Throttles", { FunctionName: "worker", Resource: "worker:live" }),
        ofLambda("Invocations", { FunctionName: "worker" }),
      ]).toEqual([[1], [1], []]);
    });

    test("is recorded at the time at which it began, in the time of the metrics", () => {
      recorder = new Recorder(store, timeLapse(30, START));
      recorder.invoked({ ...invocation, startedAtMs: START + 2_000 });
      expect([
        ...store.byPeriod(
          { namespace: "AWS/Lambda", metric: "Duration", dimensions: {} },
          { startMs: START, endMs: START + 120_000, periodMs: 60_000 },
        ),
      ]).toEqual([[START + 60_000, [120]]]);
    });
  });

  describe("a request", () => {
    const request = {
      apiName: "shop",
      stage: "v1",
      startedAtMs: START,
      status: 200,
      latencyMs: 9,
      integrationLatencyMs: 7,
      cache: "off",
    } as const;
    const ofApi = (metric: string) => values("AWS/ApiGateway", metric, { ApiName: "shop", Stage: "v1" });

    test("is counted, with 0 or 1 for each kind of error, so that the mean is a rate", () => {
      for (const status of [200, 404, 500]) recorder.answered({ ...request, status });
      expect([
        ofApi("Count"),
        ofApi("4XXError"),
        ofApi("5XXError"),
        ofApi("Latency"),
        ofApi("IntegrationLatency"),
      ]).toEqual([
        [1, 1, 1],
        [0, 0, 1],
        [0, 0, 1],
        [9, 9, 9],
        [7, 7, 7],
      ]);
      expect(values("AWS/ApiGateway", "Count", { ApiName: "shop" })).toEqual([1, 1, 1]);
    });

    test("has cache metrics only with a cache, and an integration latency only where a function was called", () => {
      recorder.answered({ ...request, integrationLatencyMs: undefined });
      expect([ofApi("CacheHitCount"), ofApi("CacheMissCount"), ofApi("IntegrationLatency")]).toEqual([[], [], []]);
      for (const cache of ["hit", "hit", "miss", "none"] as const) recorder.answered({ ...request, cache });
      expect([ofApi("CacheHitCount"), ofApi("CacheMissCount")]).toEqual([
        [0, 0, 1, 1],
        [0, 0, 0, 1],
      ]);
    });
  });

  test("the metrics of rules and queues have their names", () => {
    recorder.fired("arn:aws:events:us-east-1:123456789012:rule/shop-worker-heartbeat");
    recorder.handled("work", 1_500);
    recorder.counted("dead", 4, 1);
    expect(values("AWS/Events", "Invocations", { RuleName: "shop-worker-heartbeat" })).toEqual([1]);
    const ofQueue = (metric: string, QueueName = "work") => values("AWS/SQS", metric, { QueueName });
    expect([ofQueue("ApproximateAgeOfOldestMessage"), ofQueue("NumberOfMessagesSent")]).toEqual([[1.5], []]);
    expect([
      ofQueue("ApproximateNumberOfMessagesVisible", "dead"),
      ofQueue("ApproximateNumberOfMessagesNotVisible", "dead"),
    ]).toEqual([[4], [1]]);
  });
});

describe("time lapse", () => {
  test("time passes faster from the origin on, and times before it stay", () => {
    const lapse = timeLapse(30, 1_000_000);
    expect([999_000, 1_000_000, 1_002_000].map(lapse.at)).toEqual([999_000, 1_000_000, 1_060_000]);
    expect(lapse.real(60_000)).toBe(2_000);
  });

  test("real time is not changed", () => expect([REAL_TIME.at(5), REAL_TIME.real(7)]).toEqual([5, 7]));

  test.each([0.5, 0, -1, NaN, Infinity])("a time-lapse of %p is refused", (factor) => {
    expect(() => timeLapse(factor, 0)).toThrow(
      `The time-lapse is ${factor} times as fast; allowed: a number from 1 on, such as 30.`,
    );
  });
});
