import * as fc from "fast-check";
import { computeCost, spillover } from "../../../scripts/cost/compute";
import { monthOf, trafficOf } from "../../../scripts/cost/traffic";
import { DEFAULT_USAGE } from "../../../scripts/cost/usage";
import { deployed } from "./fixtures";

const usage = {
  ...DEFAULT_USAGE,
  worker_cpu_seconds: 0,
  worker_cold_start_share: 0,
  front_door_cold_start_share: 0,
  health_checks_per_minute: 0,
  pollers: 0,
};
const costOf = (deployment: ReturnType<typeof deployed>, requests: number, given = usage) =>
  computeCost(monthOf(deployment, given, requests));

test("a run of 60 s at 3,072 MiB on arm64 costs $0.0024", () => {
  // 60 s x 3 GB x 0.0000133334 = 0.002400012
  expect(costOf(deployed("optimized"), 1_000).worker).toBeCloseTo(1_000 * 0.002400012, 9);
});

test("INIT is billed for the cold share", () => {
  const cold = { ...usage, worker_cold_start_share: 0.5, worker_init_ms: 2_000 };
  // 1,000 x 0.5 x 2 s x 3 GB x 0.0000133334
  expect(costOf(deployed("optimized"), 1_000, cold).worker - costOf(deployed("optimized"), 1_000).worker).toBeCloseTo(
    3_000 * 0.0000133334,
    9,
  );
});

test("an idle month costs the sweeper, the heartbeats and what is kept", () => {
  // sweeps: 43,800 x 0.15 s x 0.25 GB = 1,642.5 GB-s; heartbeats: 17,520 x 0.26 s x (3 + 0.5) GB = 15,943.2 GB-s
  expect(costOf(deployed("optimized"), 0).upkeep).toBeCloseTo(17_585.7 * 0.0000133334, 9);
  // two workers of 3 GB and a front door of 0.5 GB: 6.5 GB x 2,628,000 s x 0.0000033333 = 56.94
  expect(costOf(deployed("low_latency"), 0).provisioned).toBeCloseTo(56.94, 2);
});

test("runs on kept environments pay their own price, and what spills the common one", () => {
  const deployment = deployed("optimized", {
    provisioned_concurrent_executions: 1_000,
    reserved_concurrent_executions: 1_000,
  });
  const { worker, provisioned } = costOf(deployment, 1_000);
  expect(worker).toBeCloseTo(0, 9);
  expect(provisioned).toBeCloseTo(3_000 * 2_628_000 * 0.0000033333 + 1_000 * 180 * 0.0000077778, 6);
});

test("more memory is no saving: a run that waits costs in proportion to it, one that computes as much up to one vCPU and more above", () => {
  const at = (memory: number, given: typeof usage) =>
    costOf(deployed("optimized", { memory_size: memory }), 1_000, given).worker;
  const computing = { ...usage, agent_seconds: 0, slowest_agent_seconds: 0, worker_cpu_seconds: 10 };
  expect(at(3_072, usage) / at(1_024, usage)).toBeCloseTo(3, 9);
  // rounded up to the millisecond, of ten seconds and more
  expect(at(1_769, computing) / at(512, computing)).toBeCloseTo(1, 3);
  expect(at(3_538, computing) / at(1_769, computing)).toBeCloseTo(2, 9);
});

describe("the authorizer", () => {
  const asking = { ...usage, pollers: 1, agent_seconds: 30, slowest_agent_seconds: 30 };
  const callsOf = (changed: Readonly<Record<string, unknown>>, given: Partial<typeof usage> = {}) =>
    trafficOf(deployed("baseline", changed), { ...asking, ...given }, 1_000);

  test("costs nothing but where tokens are taken", () => {
    for (const authorization of ["iam", "api_key", "none"]) expect(callsOf({ authorization }).authorizerCalls).toBe(0);
    expect(costOf(deployed("baseline", { authorization: "iam" }), 1_000, asking).authorizer).toBe(0);
  });

  test("is asked about every call where its answers are not kept", () => {
    const { requests, polls, authorizerCalls } = callsOf({ authorization: "jwt", authorizer_ttl_in_seconds: 0 });
    expect(polls).toBeGreaterThan(10_000);
    expect(authorizerCalls).toBe(requests + polls);
  });

  test("is asked once a request, again each time its answer is over, and less where a token begins several", () => {
    // The baseline's agents run one after the other: the callers poll for 7 x 2 x 30 s and the second in the queue.
    expect(callsOf({ authorization: "jwt", authorizer_ttl_in_seconds: 300 }).authorizerCalls).toBe(2_000);
    expect(callsOf({ authorization: "jwt", authorizer_ttl_in_seconds: 3_600 }).authorizerCalls).toBe(1_000);
    expect(
      callsOf({ authorization: "jwt", authorizer_ttl_in_seconds: 3_600 }, { requests_per_token: 10 }).authorizerCalls,
    ).toBe(100);
  });

  test("costs its time at 256 MiB, and a Lambda request each", () => {
    // 2,000 x 0.01 s x 0.25 GB x 0.0000133334
    const jwt = costOf(deployed("baseline", { authorization: "jwt" }), 1_000, asking);
    expect(jwt.authorizer).toBeCloseTo(5 * 0.0000133334, 9);
    expect(jwt.requests - costOf(deployed("baseline", { authorization: "iam" }), 1_000, asking).requests).toBeCloseTo(
      2_000 * 0.0000002,
      9,
    );
  });
});

describe("the spillover", () => {
  test.each([
    // Erlang's B: 1 server at load 1: 1/2; 2 servers: 1/5; 5 servers at load 3: 0.1101
    [1, 1, 0.5],
    [2, 1, 0.2],
    [5, 3, 0.11005],
    [3, 0, 0],
  ])("of %p environments at a load of %p is %p", (environments, load, expected) => {
    expect(spillover(environments, load)).toBeCloseTo(expected, 4);
  });

  test("falls with more environments and rises with the load", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0.001, max: 500, noNaN: true }),
        (environments, load) => {
          expect(spillover(environments + 1, load)).toBeLessThanOrEqual(spillover(environments, load));
          expect(spillover(environments, load * 1.1)).toBeGreaterThanOrEqual(spillover(environments, load));
        },
      ),
    );
  });
});
