import * as fc from "fast-check";
import {
  PART_NAMES,
  monthlyBill,
  gatewayCost,
  queueCost,
  queueRequests,
  resultsCost,
  costPerRequest,
  runTokensCost,
  type Measured,
} from "../../../scripts/cost/bill";
import type { Deployment } from "../../../scripts/cost/deployment";
import { DEFAULT_USAGE, type Usage } from "../../../scripts/cost/usage";
import { anyDeployment, anyUsage, deployed } from "./fixtures";
import { monthOf } from "../../../scripts/cost/traffic";

describe("bill", () => {
  const usage: Usage = {
    ...DEFAULT_USAGE,
    worker_cpu_seconds: 0,
    queue_wait_seconds: 0,
    health_checks_per_minute: 0,
    session_share: 0,
    worker_cold_start_share: 0,
    front_door_cold_start_share: 0,
    input_tokens: 0,
    output_tokens: 0,
  };
  const requestCount = fc.integer({ min: 0, max: 10_000_000 });

  describe("summed by hand", () => {
    test("baseline without any request costs $25.14 a month", () => {
      const byHand =
        43_800 * 0.15 * 0.25 * 0.0000133334 + // sweeps
        43_800 * 0.0000002 + // their requests
        43_800 * 16 * 0.5 * 0.000000125 + // their queries
        1_314_000 * 0.0000004 + // empty receives of two queues
        (43_800 / 1_048_576) * (0.5 + (0.03 * 30) / (730 / 24)) + // their logs
        43_800 * 0.000005 + // their traces
        55 * 0.3 + // metrics
        33 * 0.1 +
        3 * 0.5 +
        3; // metrics of alarms, composite alarms, dashboard
      expect(byHand).toBeCloseTo(25.141, 3);
      expect(monthlyBill(deployed("baseline"), usage, 0).totalUsd).toBeCloseTo(byHand, 9);
    });

    test("optimized with 1,000 requests of 60 s costs $42.89 without tokens", () => {
      const byHand =
        (1_000 * 60 * 3 + 11_000 * 0.025 * 0.5 + 17_585.7) * 0.0000133334 + // worker, front door, upkeep
        (1_000 + 11_000 + 43_800 + 35_040) * 0.0000002 +
        31_000 * 0.0000035 + // invocations and 30 polls each
        730 * 0.02 + // cache
        66_000 * 0.000000625 +
        365_400 * 0.000000125 +
        0.00222219 + // DynamoDB; see database.test
        1_317_000 * 0.0000004 +
        (51_000 / 1_048_576) * 0.09 + // to callers
        (107_140 / 1_048_576) * (0.5 + (0.03 * 30) / (730 / 24)) +
        110_840 * 0.000005 +
        55 * 0.3 +
        33 * 0.1 +
        3 * 0.5 +
        3;
      expect(byHand).toBeCloseTo(42.8916, 3);
      expect(monthlyBill(deployed("optimized"), usage, 1_000).totalUsd).toBeCloseTo(byHand, 7);
    });
  });

  test("the parts add up to the total, none is negative or NaN, and a request has its share", () => {
    fc.assert(
      fc.property(anyDeployment, anyUsage, requestCount, (deployment, given, requests) => {
        const bill = monthlyBill(deployment, given, requests);
        for (const part of PART_NAMES) expect(bill.parts[part]).toBeGreaterThanOrEqual(0);
        const backwards = [...PART_NAMES].reverse().reduce((sum, part) => sum + bill.parts[part], 0);
        expect(Math.abs(backwards - bill.totalUsd)).toBeLessThanOrEqual(1e-9 * Math.max(1, bill.totalUsd));
        if (requests > 0)
          expect(Math.abs(bill.perRequestUsd! * requests - bill.totalUsd)).toBeLessThanOrEqual(1e-9 * bill.totalUsd);
        else expect(bill.perRequestUsd).toBeNull();
      }),
    );
  });

  test("without requests a month costs what is fixed", () => {
    fc.assert(
      fc.property(anyDeployment, anyUsage, fc.integer({ min: 1, max: 1_000_000 }), (deployment, given, requests) => {
        const bill = monthlyBill(deployment, given, requests);
        expect(bill.fixedUsd).toBe(monthlyBill(deployment, given, 0).totalUsd);
        expect(bill.fixedUsd).toBeLessThanOrEqual(bill.totalUsd * (1 + 1e-9));
      }),
    );
  });

  describe("more never costs less", () => {
    /** A rounding of the last digit is no saving. */
    const notCheaper = (more: number, less: number) =>
      expect(more).toBeGreaterThanOrEqual(less - 1e-9 * Math.max(1, less));
    const total = (deployment: Deployment, given: Usage, requests: number) =>
      monthlyBill(deployment, given, requests).totalUsd;

    test("of requests", () => {
      fc.assert(
        fc.property(anyDeployment, anyUsage, requestCount, requestCount, (deployment, given, some, more) => {
          notCheaper(total(deployment, given, some + more), total(deployment, given, some));
        }),
      );
    });

    const MORE = [
      "agents_per_phase",
      "phases",
      "agent_seconds",
      "slowest_agent_seconds",
      "worker_runs_per_request",
      "worker_cpu_seconds",
      "worker_cold_start_share",
      "worker_init_ms",
      "front_door_ms",
      "front_door_cold_start_share",
      "front_door_init_ms",
      "sweeper_ms",
      "heartbeat_ms",
      "queue_wait_seconds",
      "health_checks_per_minute",
      "idempotent_share",
      "session_share",
      "session_turns",
      "prompt_kb",
      "input_tokens",
      "output_tokens",
      "usd_per_1000_input_tokens",
      "usd_per_1000_output_tokens",
      "front_door_log_kb",
      "worker_log_kb",
      "access_log_kb",
      "models",
    ] as const;
    test.each(MORE)("of %s", (field) => {
      fc.assert(
        fc.property(
          anyDeployment,
          anyUsage,
          requestCount,
          fc.double({ min: 1, max: 3, noNaN: true }),
          (deployment, given, requests, times) => {
            const grown = ["agents_per_phase", "phases", "models"].includes(field)
              ? given[field] + Math.floor(times)
              : given[field] * times;
            notCheaper(total(deployment, { ...given, [field]: grown }, requests), total(deployment, given, requests));
          },
        ),
        { numRuns: 30 },
      );
    });

    test("of an answer, up to the size that goes to S3", () => {
      fc.assert(
        fc.property(
          anyDeployment,
          anyUsage,
          requestCount,
          fc.double({ min: 0, max: 350, noNaN: true }),
          fc.double({ min: 0, max: 350, noNaN: true }),
          (deployment, given, requests, left, right) => {
            notCheaper(
              total(deployment, { ...given, answer_kb: Math.max(left, right) }, requests),
              total(deployment, { ...given, answer_kb: Math.min(left, right) }, requests),
            );
          },
        ),
      );
    });

    test("of memory, where the worker only waits", () => {
      fc.assert(
        fc.property(
          anyDeployment,
          anyUsage,
          requestCount,
          fc.integer({ min: 128, max: 10_240 }),
          (deployment, given, requests, memory) => {
            const waiting = { ...given, worker_cpu_seconds: 0 };
            const [less, more] = [
              Math.min(memory, deployment.workerMemoryMiB),
              Math.max(memory, deployment.workerMemoryMiB),
            ];
            notCheaper(
              total({ ...deployment, workerMemoryMiB: more }, waiting, requests),
              total({ ...deployment, workerMemoryMiB: less }, waiting, requests),
            );
          },
        ),
      );
    });

    test("of kept environments that nobody uses, of retention, alarms, dashboards and a larger cluster", () => {
      const idle = deployed("optimized");
      const grown: Partial<Deployment>[] = [
        { workerProvisioned: 1 },
        { frontDoorProvisioned: 1 },
        { cacheClusterGB: "1.6" },
        { heartbeatEnvironments: 3 },
        { alarms: [...idle.alarms, { metrics: 1 }] },
        { dashboards: 2 },
        { logRetentionDays: 60 },
      ];
      for (const change of grown)
        expect(total({ ...idle, ...change }, usage, 0)).toBeGreaterThan(total(idle, usage, 0));
      expect(total({ ...idle, requestRetentionDays: 14 }, usage, 1_000)).toBeGreaterThan(total(idle, usage, 1_000));
    });
  });

  test("a bill names the prices of us-east-1 that it used for another region", () => {
    expect(monthlyBill(deployed("optimized"), usage, 1).substitutes).toEqual([]);
    expect(monthlyBill(deployed("optimized", { aws_region: "eu-west-1" }), usage, 1).substitutes).toContain(
      'price of us-east-1 used for "API cache of 0.5 GB" in region eu-west-1',
    );
  });
});

describe("gateway", () => {
  const usage = { ...DEFAULT_USAGE, worker_cpu_seconds: 0, queue_wait_seconds: 0, health_checks_per_minute: 0 };
  const costOf = (deployment: ReturnType<typeof deployed>, requests = 1_000) =>
    gatewayCost(monthOf(deployment, usage, requests));

  test("every poll is a billed call, whether the cache answers it or not", () => {
    // 1,000 + 30,000 calls x 3.50/M
    expect(costOf(deployed("optimized")).apiCalls).toBeCloseTo(0.1085, 9);
    expect(costOf(deployed("optimized", { cache_enabled: false })).apiCalls).toBeCloseTo(0.1085, 9);
  });

  test("the cluster costs by the hour, used or not", () => {
    expect(costOf(deployed("optimized", { cache_enabled: false }), 0).cache).toBeCloseTo(14.6, 9);
    expect(costOf(deployed("optimized", { cache_cluster_size: "6.1" })).cache).toBeCloseTo(146, 9);
    expect(costOf(deployed("baseline")).cache).toBe(0);
  });

  test("callers are sent an envelope a call and an answer each", () => {
    // (31,000 x 1 KB + 1,000 x 20 KB) / 1,048,576 x 0.09
    expect(costOf(deployed("optimized"))).toMatchObject({
      distribution: 0,
      transfer: expect.closeTo(0.0043774, 6) as number,
    });
  });

  test("a distribution is paid for requests and both directions, and the API's data to it is free", () => {
    const { distribution, transfer, apiCalls } = costOf(
      deployed("optimized", { cloudfront_enabled: true, authorization: "api_key", cache_enabled: false }),
    );
    // 31,000 x 0.000001 + 51,000 KB x 0.085/GB + (11,000 x 1 KB + 1,000 x 2 KB) x 0.02/GB; the edge answers 20,000
    expect(distribution).toBeCloseTo(0.031 + (51_000 / 1_048_576) * 0.085 + (13_000 / 1_048_576) * 0.02, 9);
    expect(transfer).toBe(0);
    expect(apiCalls).toBeCloseTo(11_000 * 0.0000035, 9);
  });
});

describe("queue", () => {
  const usage = { ...DEFAULT_USAGE, health_checks_per_minute: 0 };
  const requestsOf = (deployment: ReturnType<typeof deployed>, requests: number, given = usage) =>
    queueRequests(monthOf(deployment, given, requests));

  test("two idle queues are asked 1,314,000 times a month, for $0.53", () => {
    // 2 queues x 5 pollers x 2,628,000 s / 20 s
    expect(requestsOf(deployed("optimized"), 0)).toBe(1_314_000);
    expect(queueCost(monthOf(deployed("optimized"), usage, 0))).toBeCloseTo(0.5256, 9);
  });

  test("a request is sent, received and deleted, and a second run of it once more", () => {
    expect(requestsOf(deployed("optimized"), 1_000) - 1_314_000).toBe(3_000);
    expect(requestsOf(deployed("optimized"), 1_000, { ...usage, worker_runs_per_request: 2 }) - 1_314_000).toBe(6_000);
  });

  test("a reservation of 0 stops the polling of the work, and requests are only sent", () => {
    expect(requestsOf(deployed("optimized", { reserved_concurrent_executions: 0 }), 1_000)).toBe(657_000 + 1_000);
  });
});

describe("results", () => {
  const costOf = (answerKB: number) => {
    const usage = { ...DEFAULT_USAGE, answer_kb: answerKB };
    return resultsCost(monthOf(deployed("optimized"), usage, 1_000));
  };

  test("answers that fit into the record cost nothing in S3", () => expect(costOf(350)).toBe(0));

  test("1,000 answers of 1 MB cost their PUTs, their GETs and a week's storage", () => {
    // 1,000 x 0.000005 + 1,000 x 0.0000004 + 1,000 x 7 / 30.4167 days x 1/1,024 GB x 0.023 = 0.005 + 0.0004 + 0.0051691
    expect(costOf(1_024)).toBeCloseTo(0.005 + 0.0004 + 0.0051691, 6);
  });
});

test("a run asks every agent of every phase: 14 calls, $0.147", () =>
  expect(runTokensCost(DEFAULT_USAGE)).toBeCloseTo(0.147, 12));

describe("the measured cost of a request", () => {
  const MEASURED: Measured = {
    region: "us-east-1",
    requests: 100,
    functions: [
      { invocations: 100, durationMsSum: 6_000_000, memoryMiB: 3_072 },
      { invocations: 1_100, durationMsSum: 27_500, memoryMiB: 512 },
    ],
    apiCalls: 3_100,
    cacheClusterGB: "0.5",
    hours: 1,
    reads: 1_600,
    writes: 6_600,
    inputTokens: 2_800_000,
    outputTokens: 420_000,
    tokenPrices: { usdPer1000Input: 0.003, usdPer1000Output: 0.015 },
  };

  test("an hour of 100 requests is reckoned by hand", () => {
    const { tokensUsd, totalUsd } = costPerRequest(MEASURED);
    expect(tokensUsd).toBeCloseTo(0.147, 12);
    // 6,000 s x 3 GB + 27.5 s x 0.5 GB, 1,200 invocations, 3,100 calls, the cluster, reads and writes.
    const [duration, invocations, calls] = [18_013.75 * 0.0000133334, 1_200 * 0.0000002, 3_100 * 0.0000035];
    const database = 1_600 * 0.000000125 + 6_600 * 0.000000625;
    expect(totalUsd).toBeCloseTo(0.147 + (duration + invocations + calls + 0.02 + database) / 100, 12);
  });

  test("without a cluster there is none to pay for", () =>
    expect(
      costPerRequest(MEASURED).totalUsd - costPerRequest({ ...MEASURED, cacheClusterGB: null }).totalUsd,
    ).toBeCloseTo(0.0002, 12));

  test("more of anything never costs less", () => {
    const names = ["apiCalls", "hours", "reads", "writes", "inputTokens", "outputTokens"] as const;
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.double({ min: 1, max: 1_000, noNaN: true }), (name, times) => {
        const more = costPerRequest({ ...MEASURED, [name]: MEASURED[name] * times });
        expect(more.totalUsd).toBeGreaterThanOrEqual(costPerRequest(MEASURED).totalUsd * (1 - 1e-12));
      }),
    );
  });

  test("prices of us-east-1 that stand in for another region's are named", () => {
    expect(costPerRequest({ ...MEASURED, region: "eu-west-1" }).substitutes).toContain(
      'price of us-east-1 used for "REST API call" in region eu-west-1',
    );
  });
});
