import { deriveRequestId } from "../../../handlers/http/invocation";
import { memoryWorkQueue } from "../../support/memory-work-queue";
import { writeMessage } from "../../../handlers/requests/work-queue";
import { invokeRoute, type InvokeParts } from "../../../handlers/http/invoke";
import { memoryRequests } from "../../support/memory-requests";
import { DEADLINE_MS, invokeEvent, keepingLog, never, NOW_MS, REQUEST_ID } from "../fixtures";

const SETTINGS = {
  authorization: "none" as const,
  originSecretSha256: "",
  requestDeadlineSeconds: DEADLINE_MS / 1000,
  requestRetentionDays: 7,
};
const DEADLINE = "2026-03-01T13:00:00.000Z";

function setUp(overrides: Partial<InvokeParts> = {}) {
  const { log, records } = keepingLog();
  const queue = memoryWorkQueue();
  const parts = {
    settings: SETTINGS,
    requests: memoryRequests(),
    queue,
    nowMs: () => NOW_MS,
    newId: () => REQUEST_ID,
    log,
    ...overrides,
  };
  return {
    parts,
    bodies: queue.bodies,
    records,
    invoke: (event = invokeEvent({ prompt: "How tall?" })) => invokeRoute(parts)({ event, signal: never }),
  };
}

const keyed = (key: string, body: object = { prompt: "How tall?" }, identity: object = {}) =>
  invokeEvent(body, { headers: { "Content-Type": "application/json", "Idempotency-Key": key }, identity });

/** A clock that never stands still: two calls at one moment are tries of one write. */
function ticking() {
  let nowMs = NOW_MS;
  return () => nowMs++;
}

describe("without a key", () => {
  test("an invocation is answered with where its status will be, and by when it ends", async () => {
    expect(await setUp().invoke()).toEqual({
      status: 202,
      body: {
        request_id: REQUEST_ID,
        status: "queued",
        status_url: `/v1/api/v1/status/${REQUEST_ID}`,
        deadline: DEADLINE,
      },
      headers: { Location: `/v1/api/v1/status/${REQUEST_ID}`, "Retry-After": "2" },
    });
  });

  test("behind a distribution, which adds the stage itself, the status has no stage in its path", async () => {
    const { invoke } = setUp({ settings: { ...SETTINGS, originSecretSha256: "0".repeat(64) } });
    expect(await invoke()).toMatchObject({ headers: { Location: `/api/v1/status/${REQUEST_ID}` } });
  });

  test("the request is written with its owner, its deadline and its end, and queued by its id", async () => {
    const { parts, bodies, invoke } = setUp({ settings: { ...SETTINGS, authorization: "api_key" } });
    await invoke(invokeEvent({ prompt: "How tall?", session_id: "talk" }, { identity: { apiKeyId: "k" } }));
    expect(await parts.requests.find(REQUEST_ID)).toEqual({
      requestId: REQUEST_ID,
      owner: "key:k",
      prompt: "How tall?",
      sessionId: "talk",
      status: "queued",
      createdAt: "2026-03-01T12:00:00.000Z",
      updatedAt: "2026-03-01T12:00:00.000Z",
      deadlineMs: NOW_MS + DEADLINE_MS,
      expiresAt: NOW_MS / 1000 + 7 * 86_400,
      sent: true,
      attempt: 0,
      requeues: 0,
    });
    expect(bodies).toEqual([writeMessage({ requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 })]);
  });

  test("an unknown caller, a bad key and a bad body are refused before anything is written", async () => {
    const create = jest.fn();
    const requests = { ...memoryRequests(), create };
    await expect(setUp({ requests }).invoke(invokeEvent({}))).rejects.toThrow("prompt is missing");
    await expect(setUp({ requests }).invoke(keyed("a b"))).rejects.toThrow("Idempotency-Key must be");
    await expect(setUp({ requests, settings: { ...SETTINGS, authorization: "iam" } }).invoke()).rejects.toThrow(
      "The caller is not known.",
    );
    expect(create).not.toHaveBeenCalled();
  });

  test("the log is told which request it is", async () => {
    const noteRequest = jest.fn();
    await invokeRoute(setUp().parts)({ event: invokeEvent({ prompt: "How tall?" }), signal: never, noteRequest });
    expect(noteRequest).toHaveBeenCalledWith(REQUEST_ID);
  });
});

describe("with a key", () => {
  const id = deriveRequestId("anonymous", "k-1");

  test("a repetition is given the same request, and nothing is sent twice", async () => {
    const { bodies, invoke } = setUp({ nowMs: ticking() });
    const first = await invoke(keyed("k-1"));
    expect(first).toMatchObject({ status: 202, body: { request_id: id, status: "queued" } });
    expect(first.headers).not.toHaveProperty("Idempotency-Replayed");
    const again = await invoke(keyed('"k-1"'));
    expect(again).toEqual({ ...first, headers: { ...first.headers, "Idempotency-Replayed": "true" } });
    expect(bodies).toHaveLength(1);
  });

  test("a repetition is told how far the request is", async () => {
    const { parts, invoke } = setUp({ nowMs: ticking() });
    await invoke(keyed("k-1"));
    await parts.requests.claim(id, { token: "t", nowMs: NOW_MS, leaseUntilMs: NOW_MS });
    expect(await invoke(keyed("k-1"))).toMatchObject({
      body: { status: "processing" },
      headers: { "Retry-After": "2" },
    });
    await parts.requests.finish({ requestId: id, attempt: 1 }, { status: "completed", nowMs: NOW_MS });
    const ended = await invoke(keyed("k-1"));
    expect(ended).toMatchObject({ status: 202, body: { request_id: id, status: "completed" } });
    expect(ended.headers).not.toHaveProperty("Retry-After");
  });

  test("a repetition long after the deadline is told that the request expired, and it is not sent", async () => {
    let nowMs = NOW_MS;
    const { bodies, invoke } = setUp({ nowMs: () => nowMs });
    await invoke(keyed("k-1"));
    nowMs += DEADLINE_MS + 20_000;
    expect(await invoke(keyed("k-1"))).toMatchObject({ status: 202, body: { status: "expired", deadline: DEADLINE } });
    expect(bodies).toHaveLength(1);
  });

  test.each([{ prompt: "How wide?" }, { prompt: "How tall?", session_id: "talk" }])(
    "another payload, %j, is refused, and nothing is changed or sent",
    async (body) => {
      const { parts, bodies, invoke } = setUp({ nowMs: ticking() });
      await invoke(keyed("k-1"));
      await expect(invoke(keyed("k-1", body))).rejects.toMatchObject({ status: 422, code: "idempotency_key_reused" });
      expect(await parts.requests.find(id)).toMatchObject({ prompt: "How tall?" });
      expect(bodies).toHaveLength(1);
    },
  );

  test("the same key of another caller is another request", async () => {
    const { invoke } = setUp({ settings: { ...SETTINGS, authorization: "api_key" }, nowMs: ticking() });
    const answers = [
      await invoke(keyed("k-1", undefined, { apiKeyId: "alice" })),
      await invoke(keyed("k-1", { prompt: "Other" }, { apiKeyId: "bob" })),
    ];
    expect(answers.map(({ body }) => (body as { request_id: string }).request_id)).toEqual([
      deriveRequestId("key:alice", "k-1"),
      deriveRequestId("key:bob", "k-1"),
    ]);
    for (const { headers } of answers) expect(headers).not.toHaveProperty("Idempotency-Replayed");
  });

  test("a key is free again once its request is gone", async () => {
    let nowMs = NOW_MS;
    const { invoke } = setUp({ nowMs: () => nowMs });
    await invoke(keyed("k-1"));
    nowMs += 7 * 86_400_000;
    const anew = await invoke(keyed("k-1", { prompt: "How wide?" }));
    expect(anew).toMatchObject({ status: 202, body: { status: "queued" } });
    expect(anew.headers).not.toHaveProperty("Idempotency-Replayed");
  });
});
