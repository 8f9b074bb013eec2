import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { openCounters, type Counters } from "../../../handlers/telemetry";
import { openReadCache } from "../../../handlers/requests/read-cache";
import { dynamodbRequests } from "../../../handlers/requests/dynamodb-requests";
import {
  dynamodbSessions,
  TURN_ANSWER_BYTES,
  type NewTurn,
  type Session,
  type SessionStore,
} from "../../../handlers/requests/sessions";
import type { Ending, RequestStore } from "../../../handlers/requests/requests";
import { NOW_MS } from "../fixtures";
import { accepted, bid, intercepted, TABLES, type Database } from "./tables";

/** Sessions, and the requests whose endings keep their turns. */
export interface Stores {
  readonly requests: RequestStore;
  readonly sessions: SessionStore;
}

const COMPLETED: Ending = { status: "completed", result: { json: '"done"' }, nowMs: NOW_MS };
const turn = (index: number, overrides: Partial<NewTurn> = {}): NewTurn => ({
  prompt: `question ${index}`,
  answer: `answer ${index}`,
  createdAt: new Date(NOW_MS + index).toISOString(),
  requestId: `request-${index}`,
  expiresAt: NOW_MS / 1000 + 60,
  ...overrides,
});

const cancelled = (...codes: string[]) =>
  Object.assign(new Error("Transaction cancelled"), {
    name: "TransactionCanceledException",
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

/** A request that this worker holds. */
async function held(requests: RequestStore): Promise<string> {
  const request = accepted();
  await requests.create(request, NOW_MS);
  await requests.claim(request.requestId, bid());
  return request.requestId;
}
const keep = async (requests: RequestStore, session: Session, kept: NewTurn) =>
  requests.finish({ requestId: await held(requests), attempt: 1 }, { ...COMPLETED, turn: { session, turn: kept } });

/** Sessions of one owner, each another one. */
let count = 0;
const newSession = (): Session => ({ owner: "alice", sessionId: `talk-${count++}` });

/** The stores in DynamoDB, and what the cache of the sessions counted. */
export function storesIn({ dynamodb }: Database): Stores & { readonly counters: Counters } {
  const counters = openCounters();
  const cache = openReadCache({ ttlMs: 60_000, nowMs: () => NOW_MS, counters });
  return {
    counters,
    sessions: dynamodbSessions(dynamodb, TABLES.sessions, cache),
    requests: dynamodbRequests(dynamodb, TABLES),
  };
}

/** What holds for every store of sessions. `open` is called in each test. */
export function testSessions(open: () => Stores): void {
  let stores: Stores;
  let session: Session;
  beforeEach(() => {
    stores = open();
    session = newSession();
  });
  const append = (kept: NewTurn) => keep(stores.requests, session, kept);
  const recent = () => stores.sessions.recent(session, NOW_MS);

  test("a new session has no turns", async () => {
    expect(await recent()).toEqual([]);
  });

  test("a turn is kept when its request is completed", async () => {
    expect(await append(turn(1))).toBe(true);
    expect(await recent()).toEqual([{ prompt: "question 1", answer: "answer 1" }]);
  });

  test("a worker that lost its lease keeps no turn", async () => {
    const requestId = await held(stores.requests);
    await stores.requests.claim(requestId, bid({ nowMs: NOW_MS + 60_000 }));
    expect(
      await stores.requests.finish({ requestId, attempt: 1 }, { ...COMPLETED, turn: { session, turn: turn(1) } }),
    ).toBe(false);
    expect(await recent()).toEqual([]);
    expect(await stores.requests.find(requestId)).toMatchObject({ status: "processing", attempt: 2 });
    expect(
      await stores.requests.finish(
        { requestId: "00000000-0000-4000-8000-000000000000", attempt: 1 },
        { ...COMPLETED, turn: { session, turn: turn(1) } },
      ),
    ).toBe(false);
    expect(await recent()).toEqual([]);
  });

  test("an ending with a turn that is sent again is held, and keeps the turn once", async () => {
    const requestId = await held(stores.requests);
    await stores.requests.finish({ requestId, attempt: 1 }, { ...COMPLETED, turn: { session, turn: turn(1) } });
    expect(
      await stores.requests.finish({ requestId, attempt: 1 }, { ...COMPLETED, turn: { session, turn: turn(1) } }),
    ).toBe(true);
    expect(await recent()).toHaveLength(1);
  });

  test("the last ten turns come back, oldest first, in whatever order they were kept", async () => {
    for (const index of [11, 3, 7, 1, 9, 5, 10, 2, 8, 4, 6, 0]) await append(turn(index));
    expect(await recent()).toEqual(
      Array.from({ length: 10 }, (_, index) => ({ prompt: `question ${index + 2}`, answer: `answer ${index + 2}` })),
    );
  });

  test("turns of the same millisecond are all kept", async () => {
    for (const index of [1, 2, 3]) await append(turn(index, { createdAt: new Date(NOW_MS).toISOString() }));
    expect(await recent()).toHaveLength(3);
  });

  test("an expired turn is not given, though the table still has it", async () => {
    await append(turn(1, { expiresAt: NOW_MS / 1000 }));
    await append(turn(2));
    expect(await recent()).toEqual([{ prompt: "question 2", answer: "answer 2" }]);
  });

  test("a turn that expires while it is kept in the process is not given any more", async () => {
    await append(turn(1));
    expect(await recent()).toHaveLength(1);
    expect(await stores.sessions.recent(session, NOW_MS + 60_000)).toEqual([]);
  });

  test("another owner's session of the same id is another session", async () => {
    await append(turn(1));
    expect(await stores.sessions.recent({ ...session, owner: "somebody else" }, NOW_MS)).toEqual([]);
  });

  test("a long answer is cut between characters", async () => {
    await append(turn(1, { answer: `a${"€".repeat(TURN_ANSWER_BYTES)}` }));
    const [kept] = await recent();
    expect(kept?.answer).toMatch(/^a€+$/);
    expect(Buffer.byteLength(kept?.answer ?? "")).toBe(TURN_ANSWER_BYTES);
  });
}

/** What holds for the table of sessions in DynamoDB. */
export function testSessionTable(database: () => Database): void {
  /** How many turns the table has of a session, and its version besides. */
  const turnsInTable = async ({ owner, sessionId }: Session): Promise<number> => {
    const command = new QueryCommand({
      TableName: TABLES.sessions,
      KeyConditionExpression: "#session = :session",
      ExpressionAttributeNames: { "#session": "session" },
      ExpressionAttributeValues: { ":session": { S: `${owner}#${sessionId}` } },
    });
    const { Items = [] } = await database().client.send(command);
    expect(Items.at(-1)).toMatchObject({ turn: { S: "~version" }, version: { N: String(Items.length - 1) } });
    return Items.length - 1;
  };

  describe("requests of one session that end at once", () => {
    const endAtOnce = async (requests: RequestStore, session: Session, howMany: number) => {
      const ids: string[] = [];
      for (let index = 0; index < howMany; index++) ids.push(await held(requests));
      return Promise.all(
        ids.map((requestId, index) =>
          requests.finish(
            { requestId, attempt: 1 },
            { ...COMPLETED, turn: { session, turn: turn(index, { requestId }) } },
          ),
        ),
      );
    };

    test("twenty lose no turn", async () => {
      const session = { owner: "twenty", sessionId: "talk" };
      expect(await endAtOnce(dynamodbRequests(database().dynamodb, TABLES), session, 20)).toEqual(Array(20).fill(true));
      expect(await turnsInTable(session)).toBe(20);
    });

    test("five lose no turn where DynamoDB cancels those that meet another", async () => {
      let running: Promise<unknown> | undefined;
      let conflicts = 0;
      const client = intercepted(database(), "TransactWriteItems", async (send) => {
        if (running) {
          conflicts++;
          throw cancelled("None", "None", "TransactionConflict");
        }
        const sent = send().finally(() => (running = undefined));
        running = sent;
        return sent;
      });
      const patience = { random: () => 0, sleep: async () => running };
      const session = { owner: "five", sessionId: "talk" };
      expect(await endAtOnce(dynamodbRequests(client, TABLES, patience), session, 5)).toEqual(Array(5).fill(true));
      expect(await turnsInTable(session)).toBe(5);
      expect(conflicts).toBe(4 + 3 + 2 + 1);
    });
  });

  describe("a context that the process keeps", () => {
    const open = () => storesIn(database());

    test("turns are read once as long as none is added, and are never older than the last one", async () => {
      const { requests, sessions, counters } = open();
      const talk = newSession();
      for (let index = 0; index < 3; index++) {
        await keep(requests, talk, turn(index));
        for (let reads = 0; reads < 3; reads++) expect(await sessions.recent(talk, NOW_MS)).toHaveLength(index + 1);
      }
      expect(counters.take()).toEqual({ CacheMiss: 3, CacheHit: 6 });
    });

    test("the version and the turns are read consistently: a caller who asks again at once is answered in the light of the last answer", async () => {
      const reads: object[] = [];
      const talk = newSession();
      await keep(open().requests, talk, turn(1));
      const { dynamodb } = database();
      const watching: Database = {
        ...database(),
        dynamodb: (operation, input, signal) => {
          reads.push(input);
          return dynamodb(operation, input, signal);
        },
      };
      await storesIn(watching).sessions.recent(talk, NOW_MS);
      expect(reads).toMatchObject([
        { TableName: TABLES.sessions, ConsistentRead: true },
        { TableName: TABLES.sessions, ConsistentRead: true },
      ]);
    });

    test("a turn that another process added is seen at once", async () => {
      const [here, there] = [open(), open()];
      const talk = newSession();
      await keep(here.requests, talk, turn(1));
      await here.sessions.recent(talk, NOW_MS);
      await keep(there.requests, talk, turn(2));
      expect(await here.sessions.recent(talk, NOW_MS)).toHaveLength(2);
    });

    test("a turn added between the reading of the version and of the turns is given, and again under its own version", async () => {
      const { requests, sessions } = open();
      const talk = newSession();
      await keep(requests, talk, turn(1));
      const slow = intercepted(database(), "Query", async (send) => {
        await keep(requests, talk, turn(2));
        return send();
      });
      const cache = openReadCache({ ttlMs: 60_000, nowMs: () => NOW_MS, counters: openCounters() });
      expect(await dynamodbSessions(slow, TABLES.sessions, cache).recent(talk, NOW_MS)).toHaveLength(2);
      expect(await sessions.recent(talk, NOW_MS)).toHaveLength(2);
    });

    test("a read is ended by its signal", async () => {
      await expect(open().sessions.recent(newSession(), NOW_MS, AbortSignal.abort())).rejects.toMatchObject({
        name: "AbortError",
      });
    });
  });

  /** A client whose transactions are answered with each of the errors first. */
  const hindered = (...errors: Error[]) =>
    intercepted(database(), "TransactWriteItems", async (send) => {
      const error = errors.shift();
      if (error) throw error;
      return send();
    });

  describe("an ending whose transaction is cancelled", () => {
    const impatient = { random: () => 0, sleep: async () => undefined };

    test("it is sent again where another one was at the session, and keeps the turn once", async () => {
      const session = newSession();
      const requests = dynamodbRequests(
        hindered(cancelled("None", "None", "TransactionConflict"), cancelled("None", "ThrottlingError", "None")),
        TABLES,
        impatient,
      );
      expect(await keep(requests, session, turn(1))).toBe(true);
      expect(await turnsInTable(session)).toBe(1);
    });

    test("it rejects, and changes nothing, where the others never end", async () => {
      const requests = dynamodbRequests(
        hindered(...Array.from({ length: 8 }, () => cancelled("None", "None", "TransactionConflict"))),
        TABLES,
        impatient,
      );
      const requestId = await held(requests);
      await expect(
        requests.finish({ requestId, attempt: 1 }, { ...COMPLETED, turn: { session: newSession(), turn: turn(1) } }),
      ).rejects.toThrow("Transaction cancelled");
      expect(await requests.find(requestId)).toMatchObject({ status: "processing" });
    });

    test("a store without a table of sessions says so", async () => {
      const requests = dynamodbRequests(database().dynamodb, { requests: TABLES.requests });
      await expect(keep(requests, newSession(), turn(1))).rejects.toThrow(
        "A request cannot be finished with a turn: the name of the table of sessions was not given",
      );
    });
  });
}
