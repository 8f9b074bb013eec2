import { AgentFailure, type Agent, type AgentInput } from "../../handlers/agents/agent";
import { MINIMUM_LEASE_MS, runJob, type JobParts } from "../../handlers/job";
import { loadResult } from "../../handlers/results";
import { memoryRequests } from "../../handlers/stores/memory-requests";
import { memoryResults } from "../../handlers/stores/memory-results";
import { memorySessions } from "../../handlers/stores/memory-sessions";
import type { NewRequest } from "../../handlers/stores/requests";
import { hang, keepingLog, newRequest, NOW_MS, readyAgent, REQUEST_ID } from "./fixtures";

const REMAINING_MS = 60_000;

async function setUp(run: Agent["run"], request: Partial<NewRequest> = {}, overrides: Partial<JobParts> = {}) {
  const kept = keepingLog();
  let ids = 0;
  const parts = {
    agents: [readyAgent("a", run)],
    maxParallelAgents: 0,
    requests: memoryRequests(),
    sessions: memorySessions(),
    results: memoryResults(),
    nowMs: () => NOW_MS,
    newId: () => `bid-${ids++}`,
    log: kept.log,
    ...overrides,
  };
  await parts.requests.create(newRequest(request));
  const result = async () => {
    const stored = (await parts.requests.find(REQUEST_ID))?.result;
    return stored && (JSON.parse(await loadResult(parts.results, stored)) as unknown);
  };
  return { parts, result, records: kept.records, work: (remainingMs = REMAINING_MS) => runJob(parts, REQUEST_ID, remainingMs) };
}

const answers: Agent["run"] = async () => "324 m";

test("a queued request is completed with the agents' answer", async () => {
  const { parts, result, records, work } = await setUp(answers);
  expect(await work()).toBe("done");
  expect(await parts.requests.find(REQUEST_ID)).toMatchObject({ status: "completed", attempt: 1 });
  expect(await result()).toEqual({ answer: "324 m", agents: [{ name: "a", phase: 1, status: "ok", duration_ms: 0, answer: "324 m" }], duration_ms: 0 });
  expect(records).toMatchObject([{ event: "finished", fields: { request_id: REQUEST_ID, attempt: 1, status: "completed" } }]);
});

test("a completed request is done, and no agent is asked again", async () => {
  const run = jest.fn(answers);
  const { work } = await setUp(run);
  await work();
  expect(await work()).toBe("done");
  expect(run).toHaveBeenCalledTimes(1);
});

test("a request under another worker's lease is live, and no agent is asked", async () => {
  const run = jest.fn(answers);
  const { parts, work } = await setUp(run);
  await parts.requests.claim(REQUEST_ID, { token: "other", nowMs: NOW_MS, leaseUntilMs: NOW_MS + 1 });
  expect(await work()).toBe("live");
  expect(run).not.toHaveBeenCalled();
});

test("an unknown request is missing", async () => {
  const { parts } = await setUp(answers);
  expect(await runJob(parts, "unknown", REMAINING_MS)).toBe("missing");
});

test("the lease lasts as long as the process has left, and 30 s where that reads 0", async () => {
  for (const [remainingMs, leaseMs] of [[REMAINING_MS, REMAINING_MS], [0, MINIMUM_LEASE_MS]] as const) {
    const { parts, work } = await setUp(answers);
    const claim = jest.spyOn(parts.requests, "claim");
    await work(remainingMs);
    expect(claim).toHaveBeenCalledWith(REQUEST_ID, { token: "bid-0", nowMs: NOW_MS, leaseUntilMs: NOW_MS + leaseMs });
    expect(await parts.requests.find(REQUEST_ID)).toMatchObject({ status: "completed" });
  }
});

test("agents are ended in time to write that they were", async () => {
  const { parts, result, work } = await setUp(hang);
  await work(5_050);
  expect(await parts.requests.find(REQUEST_ID)).toMatchObject({ status: "failed", failure: { code: "all_agents_failed" } });
  expect(await result()).toMatchObject({ agents: [{ status: "timed_out" }] });
});

test("where every agent of the last phase fails, the request fails and still tells how each fared", async () => {
  const fails: Agent["run"] = () => Promise.reject(new AgentFailure("out of order"));
  const { parts, result, work } = await setUp(fails);
  await work();
  expect(await parts.requests.find(REQUEST_ID)).toMatchObject({
    status: "failed",
    failure: { code: "all_agents_failed", message: "No agent of the last phase gave an answer. See result.agents." },
  });
  expect(await result()).toEqual({ agents: [{ name: "a", phase: 1, status: "failed", duration_ms: 0, error: "out of order" }], duration_ms: 0 });
});

test("a zombie's result is dropped where another worker took over", async () => {
  let nowMs = NOW_MS;
  const { parts, result, records, work } = await setUp(
    async () => {
      nowMs += REMAINING_MS + 1;
      const claim = await parts.requests.claim(REQUEST_ID, { token: "other", nowMs, leaseUntilMs: nowMs + 1 });
      expect(claim.outcome).toBe("won");
      await parts.requests.finish(REQUEST_ID, 2, { status: "completed", result: { json: '"theirs"' }, nowMs });
      return "mine";
    },
    { sessionId: "talk" },
    { nowMs: () => nowMs },
  );
  expect(await work()).toBe("done");
  expect(await result()).toBe("theirs");
  expect(records.map(({ event }) => event)).toEqual(["lease_lost"]);
  expect(await parts.sessions.recent({ owner: "anonymous", sessionId: "talk" }, NOW_MS)).toEqual([]);
});

test("a large answer is kept beside the record", async () => {
  const { parts, result, work } = await setUp(async () => "€".repeat(100_000));
  await work();
  expect((await parts.requests.find(REQUEST_ID))?.result).toMatchObject({ key: `results/${REQUEST_ID}/1.json` });
  expect(await result()).toMatchObject({ answer: "€".repeat(100_000) });
});

test("an answer that no status answer can carry fails by that name", async () => {
  const { parts, work } = await setUp(async () => "a".repeat(3 * 1024 * 1024));
  await work();
  const record = await parts.requests.find(REQUEST_ID);
  expect(record).toMatchObject({ status: "failed", failure: { code: "result_too_large" } });
  expect(record?.result).toBeUndefined();
});

test("a session's turns are given to the agents, and the new one is kept", async () => {
  const asked: AgentInput[] = [];
  const { parts, work } = await setUp(
    async (input) => {
      asked.push(input);
      return "324 m";
    },
    { sessionId: "talk" },
  );
  const session = { owner: "anonymous", sessionId: "talk" };
  const earlier = { requestId: "0", prompt: "Hi", answer: "Hello", createdAt: "2026-01-01T00:00:00.000Z", expiresAt: NOW_MS };
  await parts.sessions.append(session, earlier);
  await work();
  expect(asked).toMatchObject([{ context: { turns: [{ prompt: "Hi", answer: "Hello" }] }, conversation: "session:anonymous#talk" }]);
  expect(await parts.sessions.recent(session, NOW_MS)).toEqual([
    { prompt: "Hi", answer: "Hello" },
    { prompt: "How tall is the tower?", answer: "324 m" },
  ]);
});

test("without a session the conversation is the request's own", async () => {
  const run = jest.fn(answers);
  const { work } = await setUp(run);
  await work();
  expect(run).toHaveBeenCalledWith(expect.objectContaining({ conversation: `request:${REQUEST_ID}` }), expect.anything());
});

test("a turn that cannot be kept is reported, and the answer stands", async () => {
  const sessions = { ...memorySessions(), append: () => Promise.reject(new Error("no network")) };
  const { parts, records, work } = await setUp(answers, { sessionId: "talk" }, { sessions });
  expect(await work()).toBe("done");
  expect(await parts.requests.find(REQUEST_ID)).toMatchObject({ status: "completed" });
  expect(records.map(({ event }) => event)).toEqual(["finished", "turn_lost"]);
});

test("a store that fails makes the job fail, and the request is open to the next attempt", async () => {
  let nowMs = NOW_MS;
  const { parts, work } = await setUp(answers, {}, { nowMs: () => nowMs });
  jest.spyOn(parts.requests, "finish").mockRejectedValueOnce(new Error("no network"));
  await expect(work()).rejects.toThrow("no network");
  nowMs += REMAINING_MS + 1;
  expect(await work()).toBe("done");
  expect(await parts.requests.find(REQUEST_ID)).toMatchObject({ status: "completed", attempt: 2 });
});

test("prompts and answers stay out of the log", async () => {
  const { records, work } = await setUp(async () => "canary answer", { prompt: "canary prompt", sessionId: "talk" });
  await work();
  expect(JSON.stringify(records)).not.toContain("canary");
});
