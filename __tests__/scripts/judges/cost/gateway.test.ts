import { gatewayCost } from "../../../../scripts/judges/cost/gateway";
import { trafficOf } from "../../../../scripts/judges/cost/traffic";
import { DEFAULT_USAGE } from "../../../../scripts/judges/cost/usage";
import { PriceBook } from "../../../../scripts/judges/prices";
import { deployed } from "./fixtures";

const usage = { ...DEFAULT_USAGE, worker_cpu_seconds: 0, queue_wait_seconds: 0, health_checks_per_minute: 0 };
const costOf = (deployment: ReturnType<typeof deployed>, requests = 1_000) =>
  gatewayCost(deployment, usage, trafficOf(deployment, usage, requests), new PriceBook("us-east-1"));

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
