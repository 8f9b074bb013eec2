import { SteadyLoad } from "../steady-load";
import type { AgentApiClient, ApiResponse } from "../../../../scripts/kit/api-client";

jest.mock("node:timers/promises", () => jest.requireActual<object>("../../../support/timers-promises"));
beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

interface Api {
  invoke(prompt: string): Promise<Pick<ApiResponse, "status" | "body">>;
  status?(requestId: string): Promise<Pick<ApiResponse, "status" | "body">>;
}

/**
 * Fifty requests a second, each polled every 5 ms, against an API in this process; time passes when the test lets it.
 */
function under(api: Api, patienceMs = 5_000): SteadyLoad {
  return new SteadyLoad({ clients: [api as unknown as AgentApiClient], requestsPerSecond: 50, patienceMs, pollMs: 5 });
}

async function stopped(load: SteadyLoad) {
  const stopping = load.stop();
  await jest.runAllTimersAsync();
  return stopping;
}

test("requests begin at their rate, each is polled until its end, and stopping waits for those that are open", async () => {
  let posts = 0;
  const polls: Record<string, number> = {};
  const load = under({
    invoke: () => Promise.resolve({ status: 202, body: { request_id: `r${(posts += 1)}` } }),
    status: (id) => {
      const polled = (polls[id] = (polls[id] ?? 0) + 1);
      return Promise.resolve(
        polled < 3
          ? { status: polled === 1 ? 500 : 200, body: { status: "processing" } }
          : { status: 200, body: { status: id === "r2" ? "failed" : "completed" } },
      );
    },
  });
  await jest.advanceTimersByTimeAsync(80);
  expect([posts, load.requests.length]).toEqual([5, 4]);
  const requests = await stopped(load);
  expect(requests).toEqual(
    ["r1", "r2", "r3", "r4", "r5"].map((requestId, index) => ({
      requestId,
      startedMs: 20 * index,
      durationMs: 15,
      outcome: requestId === "r2" ? "failed" : "completed",
    })),
  );
  expect([posts, polls]).toEqual([5, { r1: 3, r2: 3, r3: 3, r4: 3, r5: 3 }]);
});

test("no more than eight requests are open at once: a slow API is asked less", async () => {
  let posts = 0;
  const ends: (() => void)[] = [];
  const load = under({
    invoke: () => {
      posts += 1;
      return new Promise((resolve) => ends.push(() => resolve({ status: 503, body: {} })));
    },
  });
  await jest.advanceTimersByTimeAsync(1_000);
  expect(posts).toBe(8);
  ends[0]!();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(posts).toBe(9);
  ends.forEach((end) => end());
  await stopped(load);
});

test("a request that is refused, one that has no end, and an API that is gone are told apart, and none is sent again", async () => {
  const after = async (api: Api) => {
    const load = under(api, 30);
    await jest.advanceTimersByTimeAsync(1);
    return (await stopped(load)).map(({ requestId, outcome, durationMs }) => [requestId, outcome, durationMs]);
  };
  expect(await after({ invoke: () => Promise.resolve({ status: 503, body: {} }) })).toEqual([
    [undefined, "refused (503)", 0],
  ]);
  expect(await after({ invoke: () => Promise.reject(new Error("gone")) })).toEqual([
    [undefined, "refused (no answer)", 0],
  ]);
  const endless = {
    invoke: () => Promise.resolve({ status: 202, body: { request_id: "r" } }),
    status: () => Promise.resolve({ status: 200, body: { status: "processing" } }),
  };
  expect(await after(endless)).toEqual([["r", "no end", 30]]);
});
