import * as fc from "fast-check";
import { ceilMs, hitRate, trafficOf, workerTime } from "../../../scripts/cost/traffic";
import { DEFAULT_USAGE } from "../../../scripts/cost/usage";
import { anyDeployment, anyUsage, deployed } from "./fixtures";

const usage = { ...DEFAULT_USAGE, worker_cpu_seconds: 0, queue_wait_seconds: 0 };
const worker = (maxParallelAgents: number, workerMemoryMiB = 1_769) => ({
  maxParallelAgents,
  workerMemoryMiB,
  workerTimeoutSeconds: 900,
});

describe("a run of the worker", () => {
  test("takes every agent one after the other, or the slowest of each phase at once", () => {
    expect(workerTime(worker(1), usage).seconds).toBe(420);
    expect(workerTime(worker(0), usage).seconds).toBe(60);
    expect(workerTime(worker(0), { ...usage, slowest_agent_seconds: 50 }).seconds).toBe(100);
    // 7 agents of 30 s, two at once: 105 s a phase at least
    expect(workerTime(worker(2), usage).seconds).toBe(210);
  });

  test("waits as long with any memory, and computes longer only below one vCPU", () => {
    const computing = { ...usage, worker_cpu_seconds: 2 };
    expect(workerTime(worker(0, 1_769), computing).seconds).toBe(62);
    expect(workerTime(worker(0, 10_240), computing).seconds).toBe(62);
    // 2 s x 1,769 / 884.5 = 4 s
    expect(workerTime(worker(0, 884.5), computing).seconds).toBe(64);
  });

  test("ends at the worker's time-out, and says that it is cut", () => {
    expect(workerTime({ ...worker(1), workerTimeoutSeconds: 300 }, usage)).toEqual({ seconds: 300, timedOut: true });
    expect(workerTime(worker(1), usage).timedOut).toBe(false);
  });

  test("is billed by the millisecond, rounded up", () => {
    expect([ceilMs(0), ceilMs(0.1), ceilMs(1), ceilMs(1.001), ceilMs(60_000.000_000_001)]).toEqual([
      0, 1, 1, 2, 60_000,
    ]);
  });
});

describe("the cache's hit rate", () => {
  test.each([
    // ttl, spacing, polls a miss
    [5, 2, 3],
    [5, 5, 1],
    [5, 10, 1],
    [5, 1, 5],
    [5, 0.5, 10],
    [0, 2, 1],
  ])("with a TTL of %p s and a poll every %p s is one miss in %p", (ttl, spacing, polls) => {
    expect(hitRate(ttl, spacing)).toBeCloseTo(1 - 1 / polls, 12);
  });

  test("is what a cache would show that was asked so, poll by poll", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 100, max: 20_000 }), (ttlMs, spacingMs) => {
        let [filledMs, misses] = [-Infinity, 0];
        const cycle = Math.max(1, Math.ceil(ttlMs / spacingMs));
        const polls = cycle * 7;
        for (let poll = 0; poll < polls; poll++) {
          if (poll * spacingMs - filledMs < ttlMs) continue;
          filledMs = poll * spacingMs;
          misses += 1;
        }
        expect(hitRate(ttlMs / 1_000, spacingMs / 1_000)).toBeCloseTo(1 - misses / polls, 9);
      }),
    );
  });
});

describe("a month's traffic", () => {
  test("is counted by hand: 1,000 requests of 60 s, a poll every 2 s, a cache of 5 s", () => {
    const traffic = trafficOf(deployed("optimized"), usage, 1_000);
    // 60 / 2 = 30 polls a request; every third misses; 43,800 health checks
    expect(traffic).toMatchObject({
      polls: 30_000,
      gatewayHits: 20_000,
      pollMisses: 10_000,
      edgeHits: 0,
      healthChecks: 43_800,
      runs: 1_000,
    });
    expect(traffic.apiCalls).toBe(1_000 + 30_000 + 43_800);
    expect(traffic.frontDoorCalls).toBe(1_000 + 10_000 + 43_800);
    // every five minutes in 730 hours, two environments
    expect(traffic.heartbeats).toBe(8_760 * 2);
    expect(traffic.sweeps).toBe(43_800);
  });

  test("uses a measured hit rate where one is given, but no cache that is off", () => {
    const measured = { ...usage, cache_hit_rate: 0.9 };
    expect(trafficOf(deployed("optimized"), measured, 1_000).gatewayHits).toBeCloseTo(27_000, 6);
    expect(trafficOf(deployed("baseline"), measured, 1_000).gatewayHits).toBe(0);
  });

  test("spares the API what the edge answers, but not of callers who sign", () => {
    const edge = { cloudfront_enabled: true, cache_enabled: false };
    expect(trafficOf(deployed("optimized", { ...edge, authorization: "api_key" }), usage, 1_000)).toMatchObject({
      edgeHits: 20_000,
      pollMisses: 10_000,
      calls: 74_800,
      apiCalls: 54_800,
    });
    expect(trafficOf(deployed("optimized", { ...edge, authorization: "iam" }), usage, 1_000).edgeHits).toBe(0);
  });

  test("a reservation of 0 runs no worker", () => {
    expect(trafficOf(deployed("optimized", { reserved_concurrent_executions: 0 }), usage, 1_000).runs).toBe(0);
  });

  test("accounts for every poll, whoever answers it", () => {
    fc.assert(
      fc.property(anyDeployment, anyUsage, fc.integer({ min: 0, max: 1_000_000 }), (deployment, given, requests) => {
        const { polls, edgeHits, gatewayHits, pollMisses, apiCalls, calls, frontDoorCalls, gatewayHitRate } = trafficOf(
          deployment,
          given,
          requests,
        );
        const near = (left: number, right: number) => Math.abs(left - right) <= 1e-9 * Math.max(1, left);
        expect(near(polls, edgeHits + gatewayHits + pollMisses)).toBe(true);
        expect(near(calls, apiCalls + edgeHits)).toBe(true);
        expect(near(apiCalls, frontDoorCalls + gatewayHits)).toBe(true);
        expect(gatewayHitRate >= 0 && gatewayHitRate <= 1).toBe(true);
      }),
    );
  });
});
