import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { PART_NAMES, monthlyBill } from "../../../scripts/cost/bill";
import {
  cacheBreakEven,
  callsToPay,
  compareBills,
  planCost,
  reportedArithmetic,
} from "../../../scripts/cost/comparison";
import { plannedDeployment } from "../../../scripts/cost/deployment";
import { runCost } from "../../../scripts/cost/compute";
import { HOME_REGION, PriceBook } from "../../../scripts/cost/prices";
import { DEFAULT_USAGE } from "../../../scripts/cost/usage";
import { anyDeployment, anyUsage, deployed } from "./fixtures";

describe("comparison", () => {
  test("differences change their sign with the order of the bills", () => {
    fc.assert(
      fc.property(
        anyDeployment,
        anyDeployment,
        anyUsage,
        fc.integer({ min: 0, max: 1_000_000 }),
        (left, right, usage, requests) => {
          const [one, other] = [monthlyBill(left, usage, requests), monthlyBill(right, usage, requests)];
          const [there, back] = [compareBills(one, other), compareBills(other, one)];
          for (const part of PART_NAMES)
            expect(there.parts[part].differenceUsd + back.parts[part].differenceUsd).toBe(0);
          expect(there.total.differenceUsd + back.total.differenceUsd).toBe(0);
        },
      ),
    );
  });

  test("a difference is in percent of the first bill, and null where that is 0", () => {
    const [before, after] = [
      monthlyBill(deployed("baseline"), DEFAULT_USAGE, 10_000),
      monthlyBill(deployed("optimized"), DEFAULT_USAGE, 10_000),
    ];
    const { parts } = compareBills(before, after);
    expect(parts.cache).toMatchObject({ beforeUsd: 0, differencePercent: null });
    expect(parts.cache.differenceUsd).toBeCloseTo(14.6, 9);
    // 420 s x 1 GB against 60 s x 3 GB: 180 / 420 - 1; what the worker computes itself is the rest
    expect(parts.worker.differencePercent).toBeCloseTo((180 / 420 - 1) * 100, 0);
    expect(parts.tokens.differenceUsd).toBe(0);
  });

  describe("the cache's break-even", () => {
    test("is 218,345 avoided calls where each would have run 8 s at 512 MB on x86", () => {
      // 14.60 / 0.0000668668 = 218,344.2
      expect(callsToPay(14.6, 0.0000668668)).toBe(218_345);
    });

    test("counts what one poll less saves: the difference to the bill without the cache, for each poll", () => {
      const usage = { ...DEFAULT_USAGE, usd_per_1000_input_tokens: 0, usd_per_1000_output_tokens: 0 };
      const [on, off] = [
        monthlyBill(deployed("optimized"), usage, 100_000),
        monthlyBill(deployed("optimized", { cache_enabled: false }), usage, 100_000),
      ];
      const { savedACallUsd, clusterUsd } = cacheBreakEven(deployed("optimized"), usage)!;
      expect(clusterUsd).toBeCloseTo(14.6, 9);
      expect((off.totalUsd - on.totalUsd) / on.traffic.gatewayHits).toBeCloseTo(savedACallUsd, 12);
    });

    test("pays for itself from that volume on, and not before", () => {
      const found = cacheBreakEven(deployed("optimized"), DEFAULT_USAGE)!;
      const without = deployed("optimized", { cache_enabled: false, cache_cluster_enabled: false });
      const saves = (requests: number) =>
        monthlyBill(without, DEFAULT_USAGE, requests).totalUsd -
        monthlyBill(deployed("optimized"), DEFAULT_USAGE, requests).totalUsd;
      const hitsARequest = monthlyBill(deployed("optimized"), DEFAULT_USAGE, 1_000).traffic.gatewayHits / 1_000;
      const requests = found.callsToPay / hitsARequest;
      expect(saves(requests * 1.01)).toBeGreaterThan(0);
      expect(saves(requests * 0.99)).toBeLessThan(0);
    });

    test("would be a hundred calls if each saved the agents' tokens, which none does", () => {
      // 14.60 / (0.147 + 0.000001)
      expect(cacheBreakEven(deployed("optimized"), DEFAULT_USAGE)?.callsToPayIfModelWereCalled).toBe(100);
    });

    test("has no meaning without a cluster", () =>
      expect(cacheBreakEven(deployed("baseline"), DEFAULT_USAGE)).toBeNull());
  });
});

describe("reported", () => {
  const book = new PriceBook(HOME_REGION);

  test("the longest run with the most memory costs $0.15: the rest of $0.51 is no Lambda", () => {
    // 900 s x 10 GB x 0.0000166667 + 0.0000002
    expect(runCost({ seconds: 900, memoryMiB: 10_240, architecture: "x86_64" }, book)).toBeCloseTo(0.1500005, 9);
    expect(reportedArithmetic(DEFAULT_USAGE).notLambdaUsd).toBeCloseTo(0.51 - 0.1500005, 9);
  });

  test("900 s at 3,072 MiB on arm64 cost $0.036", () => {
    // 900 x 3 x 0.0000133334 + 0.0000002
    expect(runCost({ seconds: 900, memoryMiB: 3_072, architecture: "arm64" }, book)).toBeCloseTo(0.03600038, 9);
  });

  test("the reports' own times save $0.0046 of the $0.36 that they claim", () => {
    const { savingUsd, fasterRunSavesUsd } = reportedArithmetic(DEFAULT_USAGE);
    expect(savingUsd).toBeCloseTo(0.36, 12);
    // 420 x 1 x 0.0000166667 - 60 x 3 x 0.0000133334
    expect(fasterRunSavesUsd).toBeCloseTo(0.007000014 - 0.002400012, 9);
  });

  test("the tokens are the usage's", () => {
    expect(reportedArithmetic({ ...DEFAULT_USAGE, output_tokens: 0 }).tokensUsd).toBeCloseTo(14 * 0.006, 12);
  });
});

describe("plan cost", () => {
  /** Real ones; deployment.test says how they were made. */
  const read = (name: string) => JSON.parse(readFileSync(join(__dirname, name), "utf8")) as Record<string, unknown>;
  const [plan, state] = [read("low-latency.plan.json"), read("optimized.state.json")];

  test("before is the state that the plan was made on, after is what it plans", () => {
    const { before, after, differences } = planCost({ ...plan, prior_state: state }, DEFAULT_USAGE, [10_000]);
    expect(before).toEqual([monthlyBill(plannedDeployment(state).deployment, DEFAULT_USAGE, 10_000)]);
    expect(after).toEqual([monthlyBill(plannedDeployment(plan).deployment, DEFAULT_USAGE, 10_000)]);
    // Provisioned concurrency and a larger cache are paid for by the hour.
    expect(differences[0]?.total.differenceUsd).toBeCloseTo(after[0]!.totalUsd - before[0]!.totalUsd, 6);
    expect(differences[0]?.total.differenceUsd).toBeGreaterThan(10);
  });

  test("where nothing is applied yet there is nothing to compare with", () => {
    for (const prior_state of [
      undefined,
      { format_version: "1.0" },
      { format_version: "1.0", values: { outputs: {}, root_module: {} } },
    ]) {
      expect(planCost({ ...plan, prior_state }, DEFAULT_USAGE, [10_000, 100_000])).toMatchObject({
        before: [],
        differences: [],
        after: [{ requests: 10_000 }, { requests: 100_000 }],
      });
    }
  });

  test("a plan of another stack is refused with what it lacks", () => {
    expect(() =>
      planCost({ format_version: "1.2", planned_values: { outputs: {}, root_module: {} } }, DEFAULT_USAGE, [1]),
    ).toThrow('The plan has no known output "settings"');
  });
});
