import fc from "fast-check";
import { dynamodbRequests } from "../../../handlers/requests/dynamodb-requests";
import { memoryRequests } from "../../support/memory-requests";
import { isTerminal, type RequestRecord, type RequestStore } from "../../../handlers/requests/requests";
import { NOW_MS } from "../fixtures";
import { accepted, openDynalite, TABLES, type Database } from "./tables";

const LEASE_MS = 30_000;

/** A store whose every operation takes effect, and whose every answer arrives, when the scheduler says so. */
function delayed(store: RequestStore, scheduler: fc.Scheduler): RequestStore {
  const later =
    <Arguments extends unknown[], Answer>(name: string, run: (...given: Arguments) => Promise<Answer>) =>
    async (...given: Arguments) => {
      await scheduler.schedule(Promise.resolve(), `${name} arrives`);
      const answer = await run(...given);
      return scheduler.schedule(Promise.resolve(answer), `${name} is answered`);
    };
  return {
    ...store,
    claim: later("claim", store.claim),
    renew: later("renew", store.renew),
    finish: later("finish", store.finish),
    close: later("close", store.close),
    requeue: later("requeue", store.requeue),
    markSent: later("markSent", store.markSent),
  };
}

/** What the actors share. */
interface Scene {
  /** Resolves when it was the actor's turn so many times. Default: 1. */
  readonly turn: (name: string, times?: number) => Promise<void>;
  readonly store: RequestStore;
  readonly requestId: string;
  readonly clock: { nowMs: number };
  /** The attempt that each worker was told is its own, by name. */
  readonly attempts: Map<string, number>;
  /** Names of those who were told that they ended the request. */
  readonly endedBy: string[];
  /** The record after each step. */
  readonly history: RequestRecord[];
}

/**
 * Claims, works for so many turns, renews the lease without waiting for it, and ends the request: the renewal may
 * arrive after the ending, and the ending after another worker took over.
 */
async function worker(
  { turn, store, requestId, clock, attempts, endedBy }: Scene,
  name: string,
  work: number,
): Promise<void> {
  await turn(name);
  const claim = await store.claim(requestId, { token: name, nowMs: clock.nowMs, leaseUntilMs: clock.nowMs + LEASE_MS });
  if (claim.outcome !== "won") return;
  const { attempt } = claim.request;
  attempts.set(name, attempt);
  await turn(`${name} works`, work);
  const renewed = store.renew({ requestId, attempt }, clock.nowMs + LEASE_MS);
  const isHeld = await store.finish(
    { requestId, attempt },
    {
      status: "completed",
      result: { json: `"${name}"` },
      nowMs: clock.nowMs,
    },
  );
  if (isHeld) endedBy.push(name);
  await renewed;
}

/** Sends again what is due, which another worker then takes. */
async function sweeper(scene: Scene, name: string): Promise<void> {
  const { turn, store, requestId, clock } = scene;
  await turn(name);
  const seen = [];
  for await (const page of store.due(clock.nowMs)) seen.push(...page);
  const due = seen.find((each) => each.requestId === requestId);
  if (!due || !(await store.requeue(due, clock.nowMs + 60_000))) return;
  await store.markSent(requestId);
  await worker(scene, `worker of ${name}`, 0);
}

/** Gives the request up. */
async function closer({ turn, store, requestId, clock, endedBy }: Scene): Promise<void> {
  await turn("closer", 6);
  const isClosed = await store.close(requestId, {
    status: "failed",
    failure: { code: "gave_up", message: "closer" },
    nowMs: clock.nowMs,
  });
  if (isClosed) endedBy.push("closer");
}

/** A lease's time passes, at any moment; and what the record is then is kept. */
async function time({ turn, clock, store, requestId, history }: Scene): Promise<void> {
  for (let step = 1; step <= 4; step++) {
    await turn(`time, ${step}`);
    clock.nowMs += LEASE_MS + 1;
    const record = await store.find(requestId);
    if (record) history.push(record);
  }
}

let lite: Database;
beforeAll(async () => {
  lite = await openDynalite();
});
afterAll(() => lite?.close());

const adapters: [string, number, () => RequestStore][] = [
  ["in memory", 100, () => memoryRequests()],
  ["in dynalite", 5, () => dynamodbRequests(lite.dynamodb, TABLES)],
];

async function play(scheduler: fc.Scheduler, store: RequestStore): Promise<Scene> {
  const { requestId } = accepted();
  await store.create(accepted({ requestId }), NOW_MS);
  const turn = async (name: string, times = 1) => {
    for (let left = times; left > 0; left--) await scheduler.schedule(Promise.resolve(), `${name}'s turn`);
  };
  const scene: Scene = {
    turn,
    store: delayed(store, scheduler),
    requestId,
    clock: { nowMs: NOW_MS },
    attempts: new Map(),
    endedBy: [],
    history: [],
  };
  const workers = [worker(scene, "zombie", 6), worker(scene, "worker", 0)];
  await scheduler.waitFor(
    Promise.all([...workers, sweeper(scene, "sweeper"), sweeper(scene, "other sweeper"), closer(scene), time(scene)]),
  );
  return scene;
}

/**
 * Of those who ended it exactly one was told so, if need be one who comes long after; and it stays as that one left it.
 */
async function expectOneEnding(
  { requestId, clock, attempts, endedBy, history }: Scene,
  store: RequestStore,
): Promise<void> {
  const last = await store.find(requestId);
  const isLeft = await store.close(requestId, { status: "expired", nowMs: clock.nowMs + 1e9 });
  expect(endedBy).toHaveLength(isLeft ? 0 : 1);
  if (!isLeft)
    expect(last?.failure?.message ?? last?.result).toEqual(last?.failure ? "closer" : { json: `"${endedBy[0]}"` });
  // Of the workers only the one that took over last may end it.
  if (last?.result) expect(attempts.get(endedBy[0] ?? "")).toBe(last.attempt);
  const ends = history.filter(({ status }) => isTerminal(status));
  expect(ends).toEqual(ends.map(() => last));
  for (const [index, { attempt }] of history.entries())
    expect(attempt).toBeGreaterThanOrEqual(history[index - 1]?.attempt ?? 0);
}

/** What any attempt still writes to a request that has ended changes nothing. */
async function expectSink({ requestId }: Scene, store: RequestStore): Promise<void> {
  const last = await store.find(requestId);
  for (let attempt = 0; attempt <= (last?.attempt ?? 0); attempt++) {
    expect(await store.renew({ requestId, attempt }, NOW_MS + 1e9)).toBe(false);
    await store.finish(
      { requestId, attempt },
      { status: "completed", result: { json: '"zombie"' }, nowMs: NOW_MS + 1e9 },
    );
  }
  expect(await store.find(requestId)).toEqual(last);
}

test.each(adapters)(
  "of two workers, two sweepers and a closer %s exactly one ends a request, and whoever is late changes nothing",
  async (_name, numRuns, open) => {
    const store = open();
    const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const scene = await play(scheduler, store);
      await expectOneEnding(scene, store);
      await expectSink(scene, store);
    });
    await fc.assert(property, { numRuns });
  },
);

test("the hard case is among the scenes: a lease is taken over from a worker that still works", async () => {
  const scenes = await Promise.all(
    fc.sample(fc.scheduler(), 100).map((scheduler) => play(scheduler, memoryRequests())),
  );
  expect(scenes.some(({ attempts }) => Math.max(...attempts.values()) > 1)).toBe(true);
});
