import { statusRoute, type StatusParts } from "../../../handlers/routes/status";
import { memoryRequests } from "../../../handlers/stores/memory-requests";
import { memoryResults } from "../../../handlers/stores/memory-results";
import type { Ending, NewRequest } from "../../../handlers/stores/requests";
import { never, newRequest, NOW_MS, REQUEST_ID, statusEvent } from "../fixtures";

async function setUp({ request = {}, ending, ...overrides }: Partial<StatusParts> & { request?: Partial<NewRequest>; ending?: Ending } = {}) {
  const parts = { settings: { authorization: "none" as const }, requests: memoryRequests(), results: memoryResults(), nowMs: () => NOW_MS, ...overrides };
  await parts.requests.create(newRequest(request));
  if (ending) {
    await parts.requests.claim(REQUEST_ID, { token: "t", nowMs: NOW_MS, leaseUntilMs: NOW_MS });
    await parts.requests.finish(REQUEST_ID, 1, ending);
  }
  return (event = statusEvent(REQUEST_ID)) => statusRoute(parts)({ event, signal: never });
}

const times = { created_at: "2026-03-01T12:00:00.000Z", updated_at: "2026-03-01T12:00:00.000Z" };

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
  const status = await setUp({ ending: { status: "completed", result: { json: '{"answer":"324 m"}' }, nowMs: NOW_MS } });
  expect(await status()).toEqual({
    status: 200,
    body: { request_id: REQUEST_ID, status: "completed", result: { answer: "324 m" }, ...times },
    headers: {},
    cacheable: true,
  });
});

test("a failed request gives its reason and how the agents fared", async () => {
  const failure = { code: "all_agents_failed", message: "None." };
  const status = await setUp({ ending: { status: "failed", failure, result: { json: '{"agents":[]}' }, nowMs: NOW_MS } });
  expect(await status()).toMatchObject({ status: 200, body: { status: "failed", error: failure, result: { agents: [] } } });
});

test("a result that is gone is not told as completed", async () => {
  const status = await setUp({ ending: { status: "completed", result: { key: "results/x", sha256: "" }, nowMs: NOW_MS } });
  await expect(status()).rejects.toMatchObject({ status: 502, code: "result_unavailable" });
});

test("unknown, somebody else's, and expired requests are one and the same to the caller", async () => {
  const unknown = await setUp();
  const foreign = await setUp({ request: { owner: "key:other" } });
  const expired = await setUp({ request: { expiresAt: NOW_MS / 1000 } });
  const refusals = [unknown(statusEvent("11111111-2222-3333-4444-555555555555")), foreign(), expired()];
  for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ status: 404, code: "request_not_found", message: "There is no such request." });
});

test.each(["", "1", "x".repeat(2_000), `${REQUEST_ID} `, "../health", "%00", "{request_id}", "*", `${REQUEST_ID}\n`])("the id %j is refused", async (id) => {
  const find = jest.fn();
  const status = await setUp({ requests: { ...memoryRequests(), find } });
  await expect(status(statusEvent(id))).rejects.toMatchObject({ status: 400, message: "The request id is not a UUID." });
  expect(find).not.toHaveBeenCalled();
});

test("an id in other letters is another id", async () => {
  const status = await setUp();
  await expect(status(statusEvent(REQUEST_ID.toUpperCase()))).rejects.toMatchObject({ status: 404 });
});

test("a path without an id, and an unknown caller, are refused", async () => {
  const status = await setUp();
  await expect(status(statusEvent(REQUEST_ID, { pathParameters: null }))).rejects.toThrow("The request id is not a UUID.");
  await expect((await setUp({ settings: { authorization: "iam" } }))()).rejects.toThrow("The caller is not known.");
});

test("query parameters change nothing", async () => {
  const status = await setUp();
  expect(await status(statusEvent(REQUEST_ID, { queryStringParameters: { request_id: "other" } }))).toMatchObject({ status: 200 });
});
