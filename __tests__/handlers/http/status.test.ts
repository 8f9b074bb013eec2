import { createHash } from "node:crypto";
import { openCounters } from "../../../handlers/telemetry";
import { openReadCache } from "../../../handlers/requests/read-cache";
import { statusRoute, type StatusParts } from "../../../handlers/http/status";
import { memoryRequests } from "../../support/memory-requests";
import { memoryResults } from "../../support/memory-results";
import { CorruptRecordError, type Ending, type NewRequest } from "../../../handlers/requests/requests";
import { DEADLINE_MS, never, newRequest, noCache, NOW_MS, REQUEST_ID, statusEvent } from "../fixtures";

async function setUp({
  request = {},
  ending,
  ...overrides
}: Partial<StatusParts> & { request?: Partial<NewRequest>; ending?: Ending } = {}) {
  const parts = {
    settings: { authorization: "none" as const },
    requests: memoryRequests(),
    results: memoryResults(),
    cache: noCache(),
    nowMs: () => NOW_MS,
    ...overrides,
  };
  await parts.requests.create(newRequest(request), NOW_MS);
  if (ending) {
    await parts.requests.claim(REQUEST_ID, { token: "t", nowMs: NOW_MS, leaseUntilMs: NOW_MS });
    await parts.requests.finish({ requestId: REQUEST_ID, attempt: 1 }, ending);
  }
  return (event = statusEvent(REQUEST_ID)) => statusRoute(parts)({ event, signal: never });
}

const times = {
  created_at: "2026-03-01T12:00:00.000Z",
  updated_at: "2026-03-01T12:00:00.000Z",
  deadline: "2026-03-01T13:00:00.000Z",
};

test("a request on its way says so, and when to ask again", async () => {
  const status = await setUp({ request: { sessionId: "talk" } });
  expect(await status()).toEqual({
    status: 200,
    body: { request_id: REQUEST_ID, status: "queued", session_id: "talk", ...times },
    headers: { "Retry-After": "2" },
    cacheable: true,
  });
});

test("a completed request gives its result, and no time to ask again", async () => {
  const status = await setUp({
    ending: { status: "completed", result: { json: '{"answer":"324 m"}' }, nowMs: NOW_MS },
  });
  expect(await status()).toEqual({
    status: 200,
    body: { request_id: REQUEST_ID, status: "completed", result: { answer: "324 m" }, ...times },
    headers: {},
    cacheable: true,
  });
});

test("a failed request gives its reason and how the agents fared", async () => {
  const failure = { code: "all_agents_failed", message: "None." };
  const status = await setUp({
    ending: { status: "failed", failure, result: { json: '{"agents":[]}' }, nowMs: NOW_MS },
  });
  expect(await status()).toMatchObject({
    status: 200,
    body: { status: "failed", error: failure, result: { agents: [] } },
  });
});

test("a result that is gone is not told as completed", async () => {
  const status = await setUp({
    ending: { status: "completed", result: { key: "results/x", sha256: "" }, nowMs: NOW_MS },
  });
  await expect(status()).rejects.toMatchObject({ status: 502, code: "result_unavailable" });
});

test("unknown, somebody else's, and expired requests are one and the same to the caller", async () => {
  const unknown = await setUp();
  const foreign = await setUp({ request: { owner: "key:other" } });
  const expired = await setUp({ request: { expiresAt: NOW_MS / 1000 } });
  const refusals = [unknown(statusEvent("11111111-2222-3333-4444-555555555555")), foreign(), expired()];
  for (const refusal of refusals)
    await expect(refusal).rejects.toMatchObject({
      status: 404,
      code: "request_not_found",
      message: "There is no such request.",
    });
});

test.each(["", "1", "x".repeat(2_000), `${REQUEST_ID} `, "../health", "%00", "{request_id}", "*", `${REQUEST_ID}\n`])(
  "the id %j is refused",
  async (id) => {
    const find = jest.fn();
    const status = await setUp({ requests: { ...memoryRequests(), find } });
    await expect(status(statusEvent(id))).rejects.toMatchObject({
      status: 400,
      message: "The request id is not a UUID.",
    });
    expect(find).not.toHaveBeenCalled();
  },
);

test("an id in other letters is another id", async () => {
  const status = await setUp();
  await expect(status(statusEvent(REQUEST_ID.toUpperCase()))).rejects.toMatchObject({ status: 404 });
});

test("a path without an id, and an unknown caller, are refused", async () => {
  const status = await setUp();
  await expect(status(statusEvent(REQUEST_ID, { pathParameters: null }))).rejects.toThrow(
    "The request id is not a UUID.",
  );
  await expect((await setUp({ settings: { authorization: "iam" } }))()).rejects.toThrow("The caller is not known.");
});

test("query parameters change nothing", async () => {
  const status = await setUp();
  expect(await status(statusEvent(REQUEST_ID, { queryStringParameters: { request_id: "other" } }))).toMatchObject({
    status: 200,
  });
});

test("an expired request gives its reason, and no time to ask again", async () => {
  const failure = { code: "deadline_passed", message: "Late." };
  const status = await setUp({ ending: { status: "expired", failure, nowMs: NOW_MS } });
  expect(await status()).toEqual({
    status: 200,
    body: { request_id: REQUEST_ID, status: "expired", error: failure, ...times },
    headers: {},
    cacheable: true,
  });
});

test("a request that has not ended though its deadline is past is shown as expired, without the sweeper", async () => {
  let nowMs = NOW_MS + DEADLINE_MS + 10_000;
  const status = await setUp({ nowMs: () => nowMs });
  expect(await status()).toMatchObject({ body: { status: "queued" } });
  nowMs += 1;
  expect(await status()).toMatchObject({
    body: {
      status: "expired",
      error: { code: "deadline_passed", message: "The request was not done by its deadline." },
    },
    headers: {},
  });
});

test("a record that cannot be read is not passed off as missing", async () => {
  const find = () => Promise.reject(new CorruptRecordError("Request x: the attribute status is missing or malformed"));
  const status = await setUp({ requests: { ...memoryRequests(), find } });
  await expect(status()).rejects.toThrow(CorruptRecordError);
});

describe("the cache", () => {
  const counted = async (
    ending: Ending | undefined,
    { owner = "key:k", ...overrides }: { owner?: string; json?: string; nowMs?: () => number } = {},
  ) => {
    const requests = memoryRequests();
    const results = memoryResults();
    if (overrides.json) await results.put("results/x", overrides.json);
    const find = jest.spyOn(requests, "find");
    const get = jest.spyOn(results, "get");
    const nowMs = overrides.nowMs ?? (() => NOW_MS);
    // Its own clock stands still: what it keeps stays.
    const cache = openReadCache({ ttlMs: 60_000, nowMs: () => NOW_MS, counters: openCounters() });
    const ask = await setUp({
      settings: { authorization: "api_key" },
      requests,
      results,
      cache,
      nowMs,
      request: { owner },
      ...(ending && { ending }),
    });
    return {
      requests,
      find,
      get,
      status: (apiKeyId = "k") => ask(statusEvent(REQUEST_ID, { identity: { apiKeyId } })),
    };
  };

  test("keeps a request that has ended, with its result", async () => {
    const json = JSON.stringify({ answer: "€".repeat(150_000) });
    const sha256 = createHash("sha256").update(json).digest("hex");
    const { find, get, status } = await counted(
      { status: "completed", result: { key: "results/x", sha256 }, nowMs: NOW_MS },
      { json },
    );
    const first = await status();
    expect(await status()).toEqual(first);
    expect([find.mock.calls.length, get.mock.calls.length]).toEqual([1, 1]);
  });

  test("keeps no request that is on its way", async () => {
    const { find, status } = await counted(undefined);
    await status();
    await status();
    expect(find).toHaveBeenCalledTimes(2);
  });

  test("keeps no result that would fill the memory", async () => {
    const json = JSON.stringify({ answer: "a".repeat(600_000) });
    const { find, status } = await counted({ status: "completed", result: { json }, nowMs: NOW_MS });
    await status();
    await status();
    expect(find).toHaveBeenCalledTimes(2);
  });

  test("gives nobody another owner's request, warm or cold, nor keeps it for them", async () => {
    const { find, status } = await counted({ status: "failed", nowMs: NOW_MS });
    await expect(status("other")).rejects.toMatchObject({ status: 404 });
    await status("k");
    await expect(status("other")).rejects.toMatchObject({ status: 404 });
    expect(find).toHaveBeenCalledTimes(3);
  });

  test("gives no request that is gone meanwhile, and makes room for a new one of the same key", async () => {
    let nowMs = NOW_MS;
    const { requests, status } = await counted({ status: "failed", nowMs: NOW_MS }, { nowMs: () => nowMs });
    await status();
    nowMs = newRequest().expiresAt * 1000;
    await expect(status()).rejects.toMatchObject({ status: 404 });
    await requests.create(
      newRequest({
        owner: "key:k",
        createdAt: new Date(nowMs).toISOString(),
        deadlineMs: nowMs + DEADLINE_MS,
        expiresAt: nowMs / 1000 + 60,
      }),
      nowMs,
    );
    expect(await status()).toMatchObject({ body: { status: "queued" } });
  });
});

test("a read that never ends fails the call that made it, and no later one", async () => {
  const requests = memoryRequests();
  await requests.create(newRequest(), NOW_MS);
  jest.spyOn(requests, "find").mockReturnValueOnce(new Promise(() => undefined));
  const route = statusRoute({
    settings: { authorization: "none" },
    requests,
    results: memoryResults(),
    cache: noCache(),
    nowMs: () => NOW_MS,
  });
  await expect(route({ event: statusEvent(REQUEST_ID), signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
    name: "TimeoutError",
  });
  expect(await route({ event: statusEvent(REQUEST_ID), signal: never })).toMatchObject({ status: 200 });
});
