import { queueCost, queueRequests } from "../../../../scripts/judges/cost/queue";
import { trafficOf } from "../../../../scripts/judges/cost/traffic";
import { DEFAULT_USAGE } from "../../../../scripts/judges/cost/usage";
import { PriceBook } from "../../../../scripts/judges/prices";
import { deployed } from "./fixtures";

const usage = { ...DEFAULT_USAGE, health_checks_per_minute: 0 };
const requestsOf = (deployment: ReturnType<typeof deployed>, requests: number, given = usage) =>
  queueRequests(deployment, trafficOf(deployment, given, requests));

test("two idle queues are asked 1,314,000 times a month, for $0.53", () => {
  // 2 queues x 5 pollers x 2,628,000 s / 20 s
  expect(requestsOf(deployed("optimized"), 0)).toBe(1_314_000);
  expect(
    queueCost(deployed("optimized"), trafficOf(deployed("optimized"), usage, 0), new PriceBook("us-east-1")),
  ).toBeCloseTo(0.5256, 9);
});

test("a request is sent, received and deleted, and a second run of it once more", () => {
  expect(requestsOf(deployed("optimized"), 1_000) - 1_314_000).toBe(3_000);
  expect(requestsOf(deployed("optimized"), 1_000, { ...usage, worker_runs_per_request: 2 }) - 1_314_000).toBe(6_000);
});

test("a reservation of 0 stops the polling of the work, and requests are only sent", () => {
  expect(requestsOf(deployed("optimized", { reserved_concurrent_executions: 0 }), 1_000)).toBe(657_000 + 1_000);
});
