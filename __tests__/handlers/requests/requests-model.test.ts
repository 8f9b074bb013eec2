import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { dynamodbRequests } from "../../../handlers/requests/dynamodb-requests";
import { memoryRequests } from "../../support/memory-requests";
import {
  isTerminal,
  MAX_ATTEMPTS,
  type NewRequest,
  type RequestRecord,
  type RequestStatus,
  type RequestStore,
} from "../../../handlers/requests/requests";
import { NOW_MS } from "../fixtures";
import { accepted, HOUR_MS, openDynalite, TABLES, type Database } from "./tables";

/** What is known of a request. */
interface Known {
  readonly request: NewRequest;
  status: RequestStatus;
  sent: boolean;
  attempt: number;
  requeues: number;
  token: string;
  leaseMs: number;
  dueMs: number;
  /** The attempt that finished it; 0 = nobody, or it was closed. */
  finishedBy: number;
}

/** What the store must be like: the reference, in the plainest words. Three requests, and a clock. */
class Model {
  nowMs = NOW_MS;
  readonly ids: readonly string[] = [randomUUID(), randomUUID(), randomUUID()];
  readonly known = new Map<string, Known>();
  /** Due dates that a sweeper saw, by id: it may come back with an old one. */
  readonly seen = new Map<string, number>();

  id = (index: number): string => this.ids[index % this.ids.length] as string;
  open = (id: string): Known | undefined =>
    this.only(id, ({ status }) => status === "queued" || status === "processing");
  isHeld = ({ status, leaseMs }: Known): boolean => status === "processing" && leaseMs >= this.nowMs;

  create(request: NewRequest, dueMs: number): string {
    const there = this.only(request.requestId, ({ request: { expiresAt } }) => expiresAt > this.nowMs / 1000);
    if (there && there.request.prompt !== request.prompt) return "conflict";
    if (there) return there.request.createdAt === request.createdAt ? "created" : "repeated";
    this.known.set(request.requestId, {
      request,
      status: "queued",
      sent: false,
      attempt: 0,
      requeues: 0,
      token: "",
      leaseMs: 0,
      dueMs,
      finishedBy: 0,
    });
    return "created";
  }
  claim(id: string, token: string, leaseMs: number): string {
    const known = this.known.get(id);
    if (!known) return "missing";
    if (!this.open(id)) return "terminal";
    if (this.isHeld(known)) return known.token === token ? "won" : "live";
    if (known.request.deadlineMs <= this.nowMs) return "overdue";
    if (known.attempt >= MAX_ATTEMPTS) return "exhausted";
    Object.assign(known, { status: "processing", token, leaseMs, dueMs: leaseMs, attempt: known.attempt + 1 });
    return "won";
  }
  renew(id: string, attempt: number, leaseMs: number): boolean {
    const mine = this.only(id, (known) => known.status === "processing" && known.attempt === attempt);
    if (mine && leaseMs >= mine.leaseMs) Object.assign(mine, { leaseMs, dueMs: leaseMs });
    return mine !== undefined;
  }
  finish(id: string, attempt: number): boolean {
    const mine = this.only(id, (known) => known.status === "processing" && known.attempt === attempt);
    if (mine) Object.assign(mine, { status: "completed", finishedBy: attempt });
    return mine !== undefined || (attempt > 0 && this.known.get(id)?.finishedBy === attempt);
  }
  close(id: string): boolean {
    const free = this.open(id);
    if (!free || this.isHeld(free)) return false;
    free.status = "expired";
    return true;
  }
  requeue(id: string, seenMs: number, nextMs: number): boolean {
    const due = this.only(id, ({ dueMs }) => this.open(id) !== undefined && dueMs === seenMs);
    if (due) Object.assign(due, { dueMs: nextMs, requeues: due.requeues + 1 });
    return due !== undefined;
  }
  markSent(id: string): void {
    const queued = this.only(id, ({ status }) => status === "queued");
    if (queued) Object.assign(queued, { sent: true });
  }
  withdraw(id: string): boolean {
    const known = this.known.get(id);
    if (known && (known.status !== "queued" || known.sent)) return false;
    this.known.delete(id);
    return true;
  }
  due = (): string[] => this.ids.filter((id) => (this.open(id)?.dueMs ?? Infinity) <= this.nowMs).sort();

  private only(id: string, holds: (known: Known) => boolean): Known | undefined {
    const known = this.known.get(id);
    return known && holds(known) ? known : undefined;
  }
}

/** The store, and what was seen of each request the last time. */
interface Real {
  readonly store: RequestStore;
  readonly last: Map<string, RequestRecord>;
}

class Step implements fc.AsyncCommand<Model, Real> {
  constructor(
    private readonly name: string,
    private readonly does: (model: Model, store: RequestStore) => Promise<void>,
  ) {}
  check = () => true;
  toString = () => this.name;
  async run(model: Model, real: Real): Promise<void> {
    await this.does(model, real.store);
    await Promise.all(model.ids.map((id) => inspect(id, model, real)));
  }
}

/** The store tells of a request what the model knows, and it has not gone backwards. */
async function inspect(id: string, model: Model, { store, last }: Real): Promise<void> {
  const [found, known, before] = [await store.find(id), model.known.get(id), last.get(id)];
  expect(
    found && {
      status: found.status,
      attempt: found.attempt,
      sent: found.sent,
      requeues: found.requeues,
      leaseMs: found.leaseUntilMs,
    },
  ).toEqual(
    known && {
      status: known.status,
      attempt: known.attempt,
      sent: known.sent,
      requeues: known.requeues,
      leaseMs: known.status === "processing" ? known.leaseMs : undefined,
    },
  );
  const isSameLife = before !== undefined && found?.createdAt === before.createdAt;
  if (isSameLife && isTerminal(before.status)) expect(found).toEqual(before);
  if (isSameLife) expect(found.attempt).toBeGreaterThanOrEqual(before.attempt);
  const tookOver = isSameLife && found.attempt > before.attempt && before.status === "processing";
  if (tookOver) expect(before.leaseUntilMs).toBeLessThan(model.nowMs);
  if (found) last.set(id, found);
  else last.delete(id);
}

const which = fc.nat({ max: 2 });
const span = fc.constantFrom(1, 1_000, 30_000, HOUR_MS);
/** 0: the attempt that holds the request; 1: the one before it. */
const older = fc.nat({ max: 1 });
const attemptOf = (model: Model, id: string, back: number) => Math.max(0, (model.known.get(id)?.attempt ?? 0) - back);

async function due(model: Model, store: RequestStore): Promise<void> {
  const ids: string[] = [];
  for await (const page of store.due(model.nowMs)) {
    for (const { requestId, dueMs } of page.filter((each) => model.ids.includes(each.requestId))) {
      ids.push(requestId);
      model.seen.set(requestId, dueMs);
    }
  }
  expect(ids.sort()).toEqual(model.due());
}

const steps = [
  span.map((ms) => new Step(`wait ${ms}`, async (model) => void (model.nowMs += ms))),
  fc.tuple(which, fc.constantFrom("this", "that"), span).map(([index, prompt, ms]) => {
    return new Step(`create ${index} ${prompt} due in ${ms}`, async (model, store) => {
      const { nowMs } = model;
      const expiresAt = Math.floor(nowMs / 1000) + 7_200;
      const request = accepted({
        requestId: model.id(index),
        prompt,
        createdAt: new Date(nowMs).toISOString(),
        deadlineMs: nowMs + HOUR_MS,
        expiresAt,
      });
      const expected = model.create(request, nowMs + ms);
      expect((await store.create(request, nowMs + ms)).outcome).toBe(expected);
    });
  }),
  fc.tuple(which, span, fc.boolean()).map(([index, ms, again]) => {
    return new Step(`claim ${index} for ${ms}${again ? " again" : ""}`, async (model, store) => {
      const [id, nowMs] = [model.id(index), model.nowMs];
      const token = again ? (model.known.get(id)?.token ?? "mine") : String(randomUUID());
      const expected = model.claim(id, token, nowMs + ms);
      expect((await store.claim(id, { token, nowMs, leaseUntilMs: nowMs + ms })).outcome).toBe(expected);
    });
  }),
  fc.tuple(which, older, span).map(([index, back, ms]) => {
    return new Step(`renew ${index} by attempt -${back} for ${ms}`, async (model, store) => {
      const [id, untilMs] = [model.id(index), model.nowMs + ms];
      const attempt = attemptOf(model, id, back);
      expect(await store.renew({ requestId: id, attempt }, untilMs)).toBe(model.renew(id, attempt, untilMs));
    });
  }),
  fc.tuple(which, older).map(([index, back]) => {
    return new Step(`finish ${index} by attempt -${back}`, async (model, store) => {
      const [id, nowMs] = [model.id(index), model.nowMs];
      const attempt = attemptOf(model, id, back);
      expect(
        await store.finish(
          { requestId: id, attempt },
          { status: "completed", result: { json: `"${attempt} at ${nowMs}"` }, nowMs },
        ),
      ).toBe(model.finish(id, attempt));
    });
  }),
  which.map((index) => {
    return new Step(`close ${index}`, async (model, store) => {
      const id = model.id(index);
      expect(await store.close(id, { status: "expired", nowMs: model.nowMs })).toBe(model.close(id));
    });
  }),
  fc.tuple(which, span).map(([index, ms]) => {
    return new Step(`requeue ${index} as seen for ${ms}`, async (model, store) => {
      const [id, nextMs] = [model.id(index), model.nowMs + ms];
      const dueMs = model.seen.get(id) ?? 0;
      expect(await store.requeue({ requestId: id, dueMs }, nextMs)).toBe(model.requeue(id, dueMs, nextMs));
    });
  }),
  which.map((index) => {
    return new Step(`mark ${index} as sent`, async (model, store) => {
      model.markSent(model.id(index));
      await store.markSent(model.id(index));
    });
  }),
  which.map(
    (index) =>
      new Step(`withdraw ${index}`, async (model, store) =>
        expect(await store.withdraw(model.id(index))).toBe(model.withdraw(model.id(index))),
      ),
  ),
  fc.constant(new Step("due", due)),
];

let lite: Database;
beforeAll(async () => {
  lite = await openDynalite();
});
afterAll(() => lite?.close());

test.each<[string, number, () => RequestStore]>([
  ["in memory", 60, () => memoryRequests()],
  ["in dynalite", 3, () => dynamodbRequests(lite.dynamodb, TABLES)],
])("requests %s do what the model does, whatever is done to them in whatever order", async (_name, numRuns, open) => {
  const property = fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: "max" }), (commands) =>
    fc.asyncModelRun(
      () => ({ model: new Model(), real: { store: open(), last: new Map<string, RequestRecord>() } }),
      commands,
    ),
  );
  await fc.assert(property, { numRuns });
});
