import fc, { type Scheduler } from "fast-check";
import type { Agent } from "../../handlers/agents/agent";
import { batchHandler } from "../../handlers/requests/batch";
import { frontDoor } from "../../handlers/http/front-door";
import { runJob } from "../../handlers/requests/job";
import { LEASE_MS } from "../../handlers/requests/lease";
import { memoryWorkQueue } from "../support/memory-work-queue";
import { writeMessage, type WorkQueue } from "../../handlers/requests/work-queue";
import { invokeRoute } from "../../handlers/http/invoke";
import type { Route } from "../../handlers/http/gateway";
import { memoryRequests } from "../support/memory-requests";
import { memoryResults } from "../support/memory-results";
import { memorySessions } from "../support/memory-sessions";
import { isTerminal, type RequestStore } from "../../handlers/requests/requests";
import { sweep } from "../../handlers/requests/sweep";
import {
  DEADLINE_MS,
  invokeEvent,
  keepingLog,
  newProcess,
  newRequest,
  NOW_MS,
  readyAgent,
  REQUEST_ID,
  sqsBatch,
  WORK_QUEUE_ARN,
} from "./fixtures";

const context = { awsRequestId: "lambda-1", getRemainingTimeInMillis: () => 900_000 };
const MINUTE_MS = 60_000;

/** Calls of the store and the queue, as one process sees them: they may be put off, fail, or never come back. */
type Meet = <T>(operation: string, call: () => Promise<T>) => Promise<T>;
const plainly: Meet = (_operation, call) => call();

/** A store or a queue of which every method is met. */
function metBy<Port extends object>(port: Port, meet: Meet): Port {
  return new Proxy(port, {
    get(target, name) {
      const method = target[name as keyof Port];
      if (typeof method !== "function" || name === "due") return method;
      return (...given: unknown[]) =>
        meet(String(name), () => (method as (...all: unknown[]) => Promise<unknown>).apply(target, given));
    },
  });
}

/** Waits for its turn before a call, and before its answer. */
const inTurn =
  (scheduler: Scheduler): Meet =>
  async (operation, call) => {
    await scheduler.schedule(Promise.resolve(), operation);
    const answer = await call();
    await scheduler.schedule(Promise.resolve(), `${operation} answers`);
    return answer;
  };

/** One store and one queue, with as many processes about them as a test wants. */
function world() {
  const sessions = memorySessions();
  const requests = memoryRequests(sessions);
  const queue = memoryWorkQueue();
  const { log } = keepingLog();
  // It never stands still: two calls at one moment are tries of one write.
  const clock = { nowMs: NOW_MS };
  const nowMs = () => clock.nowMs++;
  const executions: string[] = [];
  const running: Agent["run"] = async ({ conversation }) => {
    executions.push(conversation.replace("request:", ""));
    return { text: "done" };
  };
  let ids = 0;
  const newId = () => `0b8a1c52-7f8e-4c1b-9d59-${String(++ids).padStart(12, "0")}`;
  const settings = {
    authorization: "none" as const,
    originSecretSha256: "",
    requestDeadlineSeconds: DEADLINE_MS / 1000,
    requestRetentionDays: 7,
  };
  const unused: Route = () => Promise.reject(new Error("unused"));
  return {
    requests,
    queue,
    clock,
    executions,
    caller(meet: Meet = plainly) {
      const invoke = invokeRoute({
        settings,
        requests: metBy<RequestStore>(requests, meet),
        queue: metBy<WorkQueue>(queue, meet),
        nowMs,
        newId,
        log,
      });
      const door = frontDoor({
        routes: { invoke, status: unused, health: unused },
        originSecretSha256: "",
        nowMs,
        log,
        ...newProcess(),
      });
      return async (key?: string) => {
        const headers = { "Content-Type": "application/json", ...(key !== undefined && { "Idempotency-Key": key }) };
        const { statusCode, body } = await door(invokeEvent({ prompt: "How tall?" }, { headers }), context);
        return { statusCode, id: (JSON.parse(body) as { request_id?: string }).request_id };
      };
    },
    worker(meet: Meet = plainly) {
      const agents = {
        agents: [readyAgent("a", (...given) => meet("run", () => running(...given)))],
        maxParallel: 0,
        policy: "any" as const,
        quorum: 0,
      };
      const parts = {
        agents,
        requests: metBy<RequestStore>(requests, meet),
        sessions,
        results: memoryResults(),
        nowMs,
        newId,
        log,
        ...newProcess(),
      };
      return batchHandler({
        queueArn: WORK_QUEUE_ARN,
        queue,
        runJob: (message, remainingMs) => runJob(parts, message, remainingMs),
        random: () => 0,
        log,
      });
    },
    sweeper(meet: Meet = plainly) {
      return () =>
        sweep(
          { requests: metBy<RequestStore>(requests, meet), queue: metBy<WorkQueue>(queue, meet), nowMs, log },
          50_000,
        );
    },
  };
}
type World = ReturnType<typeof world>;

/** A few minutes of an ordinary day: the sweeper comes by each minute, and a worker takes what is in the queue. */
async function ordinaryMinutes(there: World, minutes: number): Promise<void> {
  let taken = 0;
  for (let minute = 0; minute < minutes; minute++) {
    await there.sweeper()();
    const bodies = there.queue.bodies.slice(taken);
    taken += bodies.length;
    if (bodies.length > 0) await there.worker()(sqsBatch(WORK_QUEUE_ARN, ...bodies), context);
    there.clock.nowMs += MINUTE_MS;
  }
}

test("fifty posts of one key at the same time make one request, in whatever order their steps come, and it is worked on once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const there = world();
      const answers = await scheduler.waitFor(
        Promise.all(Array.from({ length: 50 }, () => there.caller(inTurn(scheduler))("key"))),
      );
      expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]));
      const [id = "", ...others] = new Set(answers.map(({ id: each }) => each));
      expect(others).toEqual([]);
      expect(there.queue.bodies.length).toBeGreaterThan(0);
      const messages = sqsBatch(WORK_QUEUE_ARN, ...there.queue.bodies);
      there.clock.nowMs += MINUTE_MS;
      const meet = inTurn(scheduler);
      await scheduler.waitFor(
        Promise.all([
          there.worker(meet)(messages, context),
          there.worker(meet)(messages, context),
          there.sweeper(meet)(),
        ]),
      );
      expect(there.executions).toEqual([id]);
      expect(await there.requests.find(id)).toMatchObject({ status: "completed", attempt: 1 });
    }),
    { numRuns: 3 },
  );
});

test("two workers that are given the same message at the same time ask the agents once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, copies) => {
      const there = world();
      await there.requests.create(newRequest(), NOW_MS + MINUTE_MS);
      const body = writeMessage({ requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 });
      const workers = Array.from({ length: copies }, () =>
        there.worker(inTurn(scheduler))(sqsBatch(WORK_QUEUE_ARN, body, body), context),
      );
      await scheduler.waitFor(Promise.all(workers));
      expect(there.executions).toEqual([REQUEST_ID]);
      expect(await there.requests.find(REQUEST_ID)).toMatchObject({ status: "completed", attempt: 1 });
    }),
    { numRuns: 30 },
  );
});

describe("with calls that fail before they reach the store or the queue, or whose answers get lost", () => {
  const fate = fc.constantFrom("fine" as const, "fine" as const, "never_arrives" as const, "answer_lost" as const);
  const fates = fc.record({ create: fate, send: fate, markSent: fate, withdraw: fate, find: fate });
  const failing =
    (meet: Meet, of: Partial<Record<string, string>>): Meet =>
    async (operation, call) => {
      if (of[operation] === "never_arrives")
        return meet(operation, () => Promise.reject(Object.assign(new Error("reset"), { code: "ECONNRESET" })));
      const answer = await meet(operation, call);
      if (of[operation] === "answer_lost") throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
      return answer;
    };

  test("an id that was given out ends, and so does every record; none is worked on twice", async () => {
    const posts = fc.array(fc.record({ key: fc.constantFrom("a", "b", undefined), of: fates }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), posts, async (scheduler, given) => {
        const there = world();
        const created: string[] = [];
        const create = there.requests.create.bind(there.requests);
        there.requests.create = (request, ...rest) => (created.push(request.requestId), create(request, ...rest));
        const answers = await scheduler.waitFor(
          Promise.all(given.map(({ key, of }) => there.caller(failing(inTurn(scheduler), of))(key))),
        );
        await ordinaryMinutes(there, 5);
        for (const { statusCode, id = "" } of answers) {
          expect([202, 503]).toContain(statusCode);
          if (statusCode === 202)
            expect(await there.requests.find(id)).toMatchObject({ status: "completed", attempt: 1 });
        }
        for (const id of created) {
          const record = await there.requests.find(id);
          if (record) expect(isTerminal(record.status)).toBe(true);
        }
        expect(there.executions).toHaveLength(new Set(there.executions).size);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a worker that is killed", () => {
  // Its calls never come back, and its timers never fire.
  beforeEach(() =>
    jest.useFakeTimers({ doNotFake: ["Date", "nextTick", "performance", "queueMicrotask", "setImmediate"] }),
  );
  afterEach(() => jest.useRealTimers());

  test.each(["claim", "claim answers", "run", "run answers", "finish", "finish answers"])(
    "at its %s leaves a request that ends all the same",
    async (point) => {
      const there = world();
      await there.requests.create(newRequest(), NOW_MS + MINUTE_MS);
      await there.requests.markSent(REQUEST_ID);
      const gone = new Promise<never>(() => undefined);
      const killed: Meet = async (operation, call) => {
        if (operation === point) return gone;
        const answer = await call();
        return `${operation} answers` === point ? gone : answer;
      };
      const message = sqsBatch(
        WORK_QUEUE_ARN,
        writeMessage({ requestId: REQUEST_ID, deadlineMs: NOW_MS + DEADLINE_MS, hops: 0 }),
      );
      void there.worker(killed)(message, context);
      await new Promise((resolve) => setImmediate(resolve));
      jest.clearAllTimers();
      there.clock.nowMs += LEASE_MS;
      if (point === "claim") await there.worker()(message, context);
      await ordinaryMinutes(there, 3);
      const [record] = [await there.requests.find(REQUEST_ID)];
      expect(record).toMatchObject({ status: "completed" });
      expect(record?.attempt).toBe(["claim", "finish answers"].includes(point) ? 1 : 2);
    },
  );

  test("every time that it begins ends as a request that failed", async () => {
    const there = world();
    await there.requests.create(newRequest(), NOW_MS + MINUTE_MS);
    const dies: Meet = (operation, call) => (operation === "run" ? new Promise(() => undefined) : call());
    for (let minute = 0; minute < 30; minute++) {
      await there.sweeper()();
      const body = there.queue.bodies.at(-1);
      if (body) void there.worker(dies)(sqsBatch(WORK_QUEUE_ARN, body), context);
      await new Promise((resolve) => setImmediate(resolve));
      jest.clearAllTimers();
      there.clock.nowMs += MINUTE_MS;
    }
    expect(await there.requests.find(REQUEST_ID)).toMatchObject({
      status: "failed",
      failure: { code: "attempts_exhausted" },
      attempt: 3,
    });
  });
});
