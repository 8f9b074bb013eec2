import { AgentFailure, type Agent, type AgentInput } from "../../../handlers/agents/agent";
import { runJob, type JobParts } from "../../../handlers/requests/job";
import { LEASE_MS } from "../../../handlers/requests/lease";
import { MAX_HOPS, type WorkMessage } from "../../../handlers/requests/work-queue";
import { loadResult } from "../../../handlers/requests/results";
import { memoryRequests } from "../../support/memory-requests";
import { memoryResults } from "../../support/memory-results";
import { memorySessions } from "../../support/memory-sessions";
import { MAX_ATTEMPTS, type NewRequest } from "../../../handlers/requests/requests";
import { countTime, pass, watched } from "../counted-time";
import {
  hang,
  keepingLog,
  newProcess,
  newRequest,
  DEADLINE_MS,
  NOW_MS,
  readyAgent,
  REQUEST_ID,
  says,
} from "../fixtures";

const REMAINING_MS = 60_000;
const session = { owner: "anonymous", sessionId: "talk" };

async function setUp(run: Agent["run"], request: Partial<NewRequest> = {}, overrides: Partial<JobParts> = {}) {
  const { log, records } = keepingLog();
  const sessions = memorySessions();
  let ids = 0;
  const parts = {
    agents: { agents: [readyAgent("a", run)], maxParallel: 0, policy: "any" as const, quorum: 0 },
    requests: memoryRequests(sessions),
    sessions,
    results: memoryResults(),
    nowMs: () => NOW_MS,
    newId: () => `bid-${ids++}`,
    log,
    ...newProcess(),
    ...overrides,
  };
  await parts.requests.create(newRequest(request), NOW_MS);
  const result = async () => {
    const stored = (await parts.requests.find(REQUEST_ID))?.result;
    return stored && (JSON.parse(await loadResult(parts.results, stored)) as unknown);
  };
  const work = (remainingMs = REMAINING_MS, message: Partial<WorkMessage> = {}) =>
    runJob(parts, { requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 0, ...message }, remainingMs);
  return {
    parts,
    sessions,
    result,
    records,
    events: () => records.map(({ event }) => event),
    find: () => parts.requests.find(REQUEST_ID),
    work,
  };
}

const finished = (records: ReturnType<typeof keepingLog>["records"]) =>
  records.filter(({ event }) => event === "finished");

describe("a request that is open", () => {
  test("is completed with the agents' answer, and told in one line", async () => {
    const { find, result, records, work } = await setUp(says("324 m"));
    expect(await work()).toBe("done");
    expect(await find()).toMatchObject({ status: "completed", attempt: 1 });
    expect(await result()).toMatchObject({ answer: "324 m", agents: [{ name: "a", status: "ok", answer: "324 m" }] });
    expect(finished(records)).toMatchObject([
      {
        level: "info",
        fields: { request_id: REQUEST_ID, attempt: 1, status: "completed" },
        measured: [
          { metrics: { JobDuration: 0, QueueWait: 0, RequestsCompleted: 1 } },
          { metrics: { ColdStart: 1 }, dimensions: { Function: "worker" } },
        ],
      },
    ]);
  });

  test("tells what its agents told of tokens", async () => {
    const { records, work } = await setUp(async () => ({ text: "324 m", tokens: { input: 3, output: 4 } }));
    await work();
    expect(finished(records)[0]?.measured?.[0]?.metrics).toMatchObject({ TokensIn: 3, TokensOut: 4, TokensUsed: 7 });
  });

  test("tells how long its parts took, by the clock that it was given", async () => {
    let nowMs = NOW_MS + 1_000;
    const slow: Agent["run"] = async () => {
      nowMs += 5_000;
      return { text: "late" };
    };
    const { records, work } = await setUp(slow, {}, { nowMs: () => nowMs });
    await work();
    expect(finished(records)[0]?.measured?.[0]?.metrics).toMatchObject({
      JobDuration: 6_000,
      QueueWait: 1_000,
      ContextDuration: 0,
      AgentsDuration: 5_000,
      ResponseDuration: 0,
    });
  });

  test("fails where its agents do, and still tells how each fared", async () => {
    const { find, result, records, work } = await setUp(() => Promise.reject(new AgentFailure("out of order")));
    await work();
    expect(await find()).toMatchObject({ status: "failed", failure: { code: "all_agents_failed" } });
    expect(await result()).toMatchObject({ agents: [{ name: "a", status: "failed", error: "out of order" }] });
    expect(finished(records)).toMatchObject([
      {
        fields: { status: "failed", error_code: "all_agents_failed" },
        measured: [{ metrics: { RequestsFailed: 1 } }, {}],
      },
    ]);
  });

  test("has a large answer kept beside its record", async () => {
    const { find, result, work } = await setUp(says("€".repeat(150_000)));
    await work();
    expect((await find())?.result).toMatchObject({ key: `results/${REQUEST_ID}/1.json` });
    expect(await result()).toMatchObject({ answer: "€".repeat(150_000) });
  });

  test("fails by that name where no status answer can carry its result", async () => {
    const { find, work } = await setUp(says("a".repeat(3 * 1024 * 1024)));
    await work();
    const record = await find();
    expect(record).toMatchObject({ status: "failed", failure: { code: "result_too_large" } });
    expect(record?.result).toBeUndefined();
  });
});

describe("no agent is asked", () => {
  const run = jest.fn(says("324 m"));
  afterEach(() => {
    expect(run).not.toHaveBeenCalled();
    run.mockClear();
  });

  test("for a request that has ended: it is done", async () => {
    const { parts, work } = await setUp(run);
    await parts.requests.close(REQUEST_ID, { status: "failed", nowMs: NOW_MS });
    expect(await work()).toBe("done");
  });

  test("for a request under another worker's lease: it is live", async () => {
    const { parts, work, records } = await setUp(run);
    await parts.requests.claim(REQUEST_ID, { token: "other", nowMs: NOW_MS, leaseUntilMs: NOW_MS });
    expect(await work()).toBe("live");
    expect(records).toEqual([
      { level: "info", event: "claim_lost", fields: { request_id: REQUEST_ID, reason: "live" } },
    ]);
  });

  test("for an unknown request: it is missing", async () => {
    const { work } = await setUp(run);
    expect(await work(REMAINING_MS, { requestId: "unknown" })).toBe("missing");
  });

  test("after the deadline in the message: the request expires", async () => {
    const { find, records, work } = await setUp(run);
    expect(await work(REMAINING_MS, { deadlineMs: NOW_MS })).toBe("done");
    expect(await find()).toMatchObject({ status: "expired", failure: { code: "deadline_passed" }, attempt: 0 });
    expect(records).toMatchObject([
      {
        event: "finished",
        fields: { status: "expired", error_code: "deadline_passed" },
        measured: [{ metrics: { RequestsExpired: 1 } }, {}],
      },
    ]);
  });

  test("after the deadline in the record: the request expires", async () => {
    const { find, events, work } = await setUp(run, { deadlineMs: NOW_MS });
    expect(await work()).toBe("done");
    expect(await find()).toMatchObject({ status: "expired", failure: { code: "deadline_passed" } });
    expect(events()).toEqual(["claim_lost", "finished"]);
  });

  test("for a request that was begun as often as it may be: it fails", async () => {
    const { parts, find, work } = await setUp(run);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++)
      await parts.requests.claim(REQUEST_ID, { token: `${attempt}`, nowMs: NOW_MS, leaseUntilMs: NOW_MS - 1 });
    expect(await work()).toBe("done");
    expect(await find()).toMatchObject({
      status: "failed",
      failure: { code: "attempts_exhausted" },
      attempt: MAX_ATTEMPTS,
    });
  });

  test("for a request that was sent as often as it may be: it fails", async () => {
    const { find, work } = await setUp(run);
    expect(await work(REMAINING_MS, { hops: MAX_HOPS })).toBe("done");
    expect(await find()).toMatchObject({ status: "failed", failure: { code: "too_many_hops" } });
  });

  test("and nothing is ended that another worker holds, whatever the message says", async () => {
    const { parts, find, records, work } = await setUp(run);
    await parts.requests.claim(REQUEST_ID, { token: "other", nowMs: NOW_MS, leaseUntilMs: NOW_MS });
    expect(await work(REMAINING_MS, { deadlineMs: NOW_MS })).toBe("done");
    expect(await work(REMAINING_MS, { hops: MAX_HOPS })).toBe("done");
    expect(await find()).toMatchObject({ status: "processing" });
    expect(records).toEqual([]);
  });
});

describe("time", () => {
  test("the lease lasts thirty seconds, whatever the process has left, and the platform's clock may read 0", async () => {
    for (const remainingMs of [REMAINING_MS, 0]) {
      const { parts, find, work } = await setUp(says("324 m"));
      const claim = jest.spyOn(parts.requests, "claim");
      await work(remainingMs);
      expect(claim).toHaveBeenCalledWith(
        REQUEST_ID,
        { token: "bid-0", nowMs: NOW_MS, leaseUntilMs: NOW_MS + LEASE_MS },
        expect.any(AbortSignal),
      );
      expect(await find()).toMatchObject({ status: "completed" });
    }
  });

  describe("that is counted", () => {
    countTime();
    const byTheClock = { nowMs: () => Date.now() };

    test("agents are ended 5 s before the process ends, and are told so when they are asked", async () => {
      const run = jest.fn(hang);
      const { find, result, work } = await setUp(run, {}, byTheClock);
      const outcome = work(60_000);
      await pass(54_999);
      expect(run).toHaveBeenCalledWith(expect.objectContaining({ deadlineMs: NOW_MS + 55_000 }), expect.anything());
      expect(await find()).toMatchObject({ status: "processing" });
      await pass(1);
      expect(await outcome).toBe("done");
      expect(await find()).toMatchObject({ status: "failed", failure: { code: "all_agents_failed" } });
      expect(await result()).toMatchObject({ agents: [{ status: "timed_out" }] });
    });

    test("and 5 s before the request's deadline", async () => {
      const { result, work } = await setUp(hang, { deadlineMs: NOW_MS + 20_000 }, byTheClock);
      const outcome = watched(work());
      await pass(14_999);
      expect(outcome.settled).toBe(false);
      await pass(1);
      expect(outcome.settled).toBe(true);
      expect(await result()).toMatchObject({ agents: [{ status: "timed_out" }] });
    });

    test("a job whose agents took all of their time has 4.5 s left to write its end, and half a second to end in order", async () => {
      const { parts, find, work } = await setUp(hang, {}, byTheClock);
      const { finish } = parts.requests;
      jest.spyOn(parts.requests, "finish").mockImplementation(async (...given) => {
        await new Promise((resolve) => setTimeout(resolve, 4_499));
        return finish(...given);
      });
      const outcome = work(60_000);
      await pass(59_500);
      expect(await outcome).toBe("done");
      expect(await find()).toMatchObject({ status: "failed", failure: { code: "all_agents_failed" } });
    });

    test("an end that cannot be written is given up half a second before the process ends", async () => {
      const { parts, work } = await setUp(says("324 m"), {}, byTheClock);
      jest.spyOn(parts.requests, "finish").mockReturnValue(new Promise(() => undefined));
      const working = work(60_000);
      const outcome = watched(working);
      await pass(59_499);
      expect(outcome.settled).toBe(false);
      await pass(1);
      await expect(working).rejects.toMatchObject({ name: "TimeoutError" });
    });

    test("an end has a second to be written in any case", async () => {
      const { parts, find, work } = await setUp(says("324 m"), {}, byTheClock);
      const { finish } = parts.requests;
      jest.spyOn(parts.requests, "finish").mockImplementation(async (...given) => {
        await new Promise((resolve) => setTimeout(resolve, 999));
        return finish(...given);
      });
      // No time is left for an agent either: it is not called.
      const outcome = work(1);
      await pass(999);
      expect(await outcome).toBe("done");
      expect(await find()).toMatchObject({ status: "failed" });
    });

    test.each([
      ["a claim", "claim"],
      ["an ending of what nobody may work on", "close"],
    ] as const)("%s that hangs is given up after 10 s", async (_what, call) => {
      const { parts, work } = await setUp(says("324 m"), {}, byTheClock);
      Object.assign(parts.requests, { [call]: () => new Promise(() => undefined) });
      const working = work(60_000, call === "close" ? { deadlineMs: NOW_MS } : {});
      const outcome = watched(working);
      await pass(9_999);
      expect(outcome.settled).toBe(false);
      await pass(1);
      await expect(working).rejects.toMatchObject({ name: "TimeoutError" });
    });

    test("the turns of a session that cannot be read are given up after 10 s", async () => {
      const { sessions, work } = await setUp(says("324 m"), { sessionId: "talk" }, byTheClock);
      jest.spyOn(sessions, "recent").mockReturnValue(new Promise(() => undefined));
      const working = work(60_000);
      const outcome = watched(working);
      await pass(9_999);
      expect(outcome.settled).toBe(false);
      await pass(1);
      await expect(working).rejects.toMatchObject({ name: "TimeoutError" });
    });
  });

  test("a request whose owner was told by now that it expired is not completed after all", async () => {
    let nowMs = NOW_MS;
    const late: Agent["run"] = async () => {
      nowMs += 20_000;
      return { text: "late" };
    };
    const { find, records, work } = await setUp(late, { deadlineMs: NOW_MS + 9_000 }, { nowMs: () => nowMs });
    await work();
    expect(await find()).toMatchObject({ status: "expired", failure: { code: "deadline_passed" } });
    expect(finished(records)).toMatchObject([{ fields: { status: "expired" } }]);
  });

  test("a request that is answered up to 10 s after its deadline is completed all the same", async () => {
    let nowMs = NOW_MS;
    const late: Agent["run"] = async () => {
      nowMs += 19_000;
      return { text: "late" };
    };
    const { find, work } = await setUp(late, { deadlineMs: NOW_MS + 9_000 }, { nowMs: () => nowMs });
    await work();
    expect(await find()).toMatchObject({ status: "completed" });
  });
});

describe("a store that is away", () => {
  test("fails the job at the end, and the request is open to the next attempt once the lease is out", async () => {
    let nowMs = NOW_MS;
    const { parts, find, work } = await setUp(says("324 m"), {}, { nowMs: () => nowMs });
    jest.spyOn(parts.requests, "finish").mockRejectedValueOnce(new Error("no network"));
    await expect(work()).rejects.toThrow("no network");
    expect(await work()).toBe("live");
    nowMs += LEASE_MS + 1;
    expect(await work()).toBe("done");
    expect(await find()).toMatchObject({ status: "completed", attempt: 2 });
  });
});

describe("the lease", () => {
  countTime();

  test("is renewed while the agents run, and no longer", async () => {
    const slow: Agent["run"] = () => new Promise((resolve) => setTimeout(() => resolve({ text: "324 m" }), 45_000));
    const { parts, find, work } = await setUp(slow, {}, { nowMs: () => Date.now() });
    const renew = jest.spyOn(parts.requests, "renew");
    const outcome = work(900_000);
    await pass(44_000);
    expect(
      (await parts.requests.claim(REQUEST_ID, { token: "other", nowMs: Date.now(), leaseUntilMs: Infinity })).outcome,
    ).toBe("live");
    await pass(60_000);
    expect(await outcome).toBe("done");
    expect(renew).toHaveBeenCalledTimes(4);
    expect(await find()).toMatchObject({ status: "completed", attempt: 1 });
  });

  test("that is lost ends the agents: nobody needs their answer", async () => {
    let reason: unknown;
    const waiting: Agent["run"] = (_input, signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject((reason = signal.reason) as Error)),
      );
    const { parts, find, events, work } = await setUp(waiting, {}, { nowMs: () => Date.now() });
    jest.spyOn(parts.requests, "renew").mockResolvedValue(false);
    const outcome = work(900_000);
    await pass(10_000);
    expect(await outcome).toBe("lease_lost");
    expect(reason).toMatchObject({ name: "NotNeededError" });
    expect(await find()).toMatchObject({ status: "processing" });
    expect(events()).toContain("lease_lost");
    expect(events()).not.toContain("finished");
  });

  test("that another worker has by the end drops a zombie's result and its turn", async () => {
    let nowMs = NOW_MS;
    const { parts, sessions, result, events, work } = await setUp(
      async () => {
        nowMs += LEASE_MS + 1;
        const claim = await parts.requests.claim(REQUEST_ID, { token: "other", nowMs, leaseUntilMs: nowMs + 1 });
        expect(claim.outcome).toBe("won");
        await parts.requests.finish(
          { requestId: REQUEST_ID, attempt: 2 },
          { status: "completed", result: { json: '"theirs"' }, nowMs },
        );
        return { text: "mine" };
      },
      { sessionId: "talk" },
      { nowMs: () => nowMs },
    );
    expect(await work()).toBe("lease_lost");
    expect(await result()).toBe("theirs");
    expect(events()).toContain("lease_lost");
    expect(events()).not.toContain("finished");
    expect(await sessions.recent(session, NOW_MS)).toEqual([]);
  });
});

describe("a session", () => {
  test("gives its turns to the agents, and keeps the new one together with the end", async () => {
    const asked: AgentInput[] = [];
    const { parts, sessions, work } = await setUp(
      async (input) => {
        asked.push(input);
        return { text: "324 m" };
      },
      { sessionId: "talk" },
    );
    sessions.append(session, {
      requestId: "0",
      prompt: "Hi",
      answer: "Hello",
      createdAt: "2026-01-01T00:00:00.000Z",
      expiresAt: NOW_MS,
    });
    await work();
    expect(asked).toMatchObject([
      { context: { turns: [{ prompt: "Hi", answer: "Hello" }] }, conversation: "session:anonymous#talk" },
    ]);
    expect(await parts.sessions.recent(session, NOW_MS)).toEqual([
      { prompt: "Hi", answer: "Hello" },
      { prompt: "How tall is the tower?", answer: "324 m" },
    ]);
  });

  test("keeps no turn of a request that failed", async () => {
    const { sessions, work } = await setUp(() => Promise.reject(new AgentFailure("no")), { sessionId: "talk" });
    await work();
    expect(await sessions.recent(session, NOW_MS)).toEqual([]);
  });

  test("that is not given leaves the conversation to the request", async () => {
    const run = jest.fn(says("324 m"));
    await (await setUp(run)).work();
    expect(run).toHaveBeenCalledWith(
      expect.objectContaining({ conversation: `request:${REQUEST_ID}` }),
      expect.anything(),
    );
  });
});
