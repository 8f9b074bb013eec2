import { memoryWorkQueue } from "../../../handlers/queue/memory-work-queue";
import { writeMessage } from "../../../handlers/queue/work-queue";
import { invokeRoute, type InvokeParts } from "../../../handlers/routes/invoke";
import { memoryRequests } from "../../../handlers/stores/memory-requests";
import { invokeEvent, never, NOW_MS, REQUEST_ID } from "../fixtures";

function setUp(overrides: Partial<InvokeParts> = {}) {
  const parts = {
    settings: { authorization: "none" as const, originSecretSha256: "", requestRetentionDays: 7 },
    requests: memoryRequests(),
    queue: memoryWorkQueue(),
    nowMs: () => NOW_MS,
    newId: () => REQUEST_ID,
    ...overrides,
  };
  return { parts, invoke: (event = invokeEvent({ prompt: "How tall?" })) => invokeRoute(parts)({ event, signal: never }) };
}

test("an invocation is answered with where its status will be", async () => {
  expect(await setUp().invoke()).toEqual({
    status: 202,
    body: { request_id: REQUEST_ID, status: "queued", status_url: `/v1/api/v1/status/${REQUEST_ID}` },
    headers: { Location: `/v1/api/v1/status/${REQUEST_ID}`, "Retry-After": "2" },
  });
});

test("behind a distribution, which adds the stage itself, the status has no stage in its path", async () => {
  const { invoke } = setUp({ settings: { authorization: "none", originSecretSha256: "0".repeat(64), requestRetentionDays: 7 } });
  expect(await invoke()).toMatchObject({ headers: { Location: `/api/v1/status/${REQUEST_ID}` } });
});

test("the request is written with its owner and end, and queued by its id alone", async () => {
  const { parts, invoke } = setUp({ settings: { authorization: "api_key", originSecretSha256: "", requestRetentionDays: 7 } });
  await invoke(invokeEvent({ prompt: "How tall?", session_id: "talk" }, { identity: { apiKeyId: "k" } }));
  expect(await parts.requests.find(REQUEST_ID)).toEqual({
    requestId: REQUEST_ID,
    owner: "key:k",
    prompt: "How tall?",
    sessionId: "talk",
    status: "queued",
    createdAt: "2026-03-01T12:00:00.000Z",
    updatedAt: "2026-03-01T12:00:00.000Z",
    expiresAt: NOW_MS / 1000 + 7 * 86_400,
    attempt: 0,
  });
  expect(parts.queue).toHaveProperty("bodies", [writeMessage(REQUEST_ID)]);
});

test("an unknown caller and a bad body are refused before anything is written", async () => {
  const create = jest.fn();
  const requests = { ...memoryRequests(), create };
  await expect(setUp({ requests }).invoke(invokeEvent({}))).rejects.toThrow("prompt is missing");
  const settings = { authorization: "iam" as const, originSecretSha256: "", requestRetentionDays: 7 };
  await expect(setUp({ requests, settings }).invoke()).rejects.toThrow("The caller is not known.");
  expect(create).not.toHaveBeenCalled();
});

test("where the queue is out of reach the request is taken back, and the caller may try again", async () => {
  const cause = new Error("no network");
  const { parts, invoke } = setUp({ queue: { ...memoryWorkQueue(), send: () => Promise.reject(cause) } });
  await expect(invoke()).rejects.toMatchObject({ status: 503, retryAfterSeconds: 5, message: "The request cannot be queued now. Send it again.", cause });
  expect(await parts.requests.find(REQUEST_ID)).toBeUndefined();
});

test("where even that fails the caller is told the same", async () => {
  const requests = { ...memoryRequests(), withdraw: () => Promise.reject(new Error("no network")) };
  const queue = { ...memoryWorkQueue(), send: () => Promise.reject(new Error("no network")) };
  await expect(setUp({ requests, queue }).invoke()).rejects.toThrow("The request cannot be queued now.");
});

test("where only the queue's receipt got lost and a worker is at it, the request is accepted", async () => {
  const requests = memoryRequests();
  const send = async (requestId: string) => {
    await requests.claim(requestId, { token: "t", nowMs: NOW_MS, leaseUntilMs: NOW_MS + 1 });
    throw new Error("connection reset");
  };
  expect(await setUp({ requests, queue: { ...memoryWorkQueue(), send } }).invoke()).toMatchObject({ status: 202 });
  expect(await requests.find(REQUEST_ID)).toMatchObject({ status: "processing" });
});
