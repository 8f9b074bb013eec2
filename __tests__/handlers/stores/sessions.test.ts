import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { dynamodbSessions } from "../../../handlers/stores/dynamodb-sessions";
import { memorySessions } from "../../../handlers/stores/memory-sessions";
import { TURN_ANSWER_BYTES, type NewTurn, type SessionStore } from "../../../handlers/stores/sessions";
import { createTable, emulate, type Emulated } from "../emulated";
import { NOW_MS } from "../fixtures";

const TABLE = "sessions";
let emulated: Emulated;
let client: DynamoDBClient;

beforeAll(async () => {
  emulated = await emulate();
  client = new DynamoDBClient(emulated.configuration);
  await createTable(client, TABLE, "session", "turn");
}, 90_000);

afterAll(async () => {
  client?.destroy();
  await emulated?.stop();
});

const adapters: [string, () => SessionStore][] = [
  ["in memory", memorySessions],
  ["in DynamoDB", () => dynamodbSessions(client, TABLE)],
];

const turn = (index: number, overrides: Partial<NewTurn> = {}): NewTurn => ({
  prompt: `question ${index}`,
  answer: `answer ${index}`,
  createdAt: new Date(NOW_MS + index).toISOString(),
  requestId: `request-${index}`,
  expiresAt: NOW_MS / 1000 + 60,
  ...overrides,
});

describe.each(adapters)("sessions %s", (name, open) => {
  let store: SessionStore;
  let count = 0;
  let session: { owner: string; sessionId: string };
  beforeEach(() => {
    store = open();
    session = { owner: name, sessionId: `talk-${count++}` };
  });

  test("a new session has no turns", async () => {
    expect(await store.recent(session, NOW_MS)).toEqual([]);
  });

  test("the last ten turns come back, oldest first, in whatever order they were kept", async () => {
    await Promise.all([11, 3, 7, 1, 9, 5, 10, 2, 8, 4, 6, 0].map((index) => store.append(session, turn(index))));
    const expected = Array.from({ length: 10 }, (_, index) => ({ prompt: `question ${index + 2}`, answer: `answer ${index + 2}` }));
    expect(await store.recent(session, NOW_MS)).toEqual(expected);
  });

  test("turns of the same millisecond are all kept", async () => {
    const createdAt = new Date(NOW_MS).toISOString();
    await Promise.all([1, 2, 3].map((index) => store.append(session, turn(index, { createdAt }))));
    expect(await store.recent(session, NOW_MS)).toHaveLength(3);
  });

  test("keeping a turn again changes nothing", async () => {
    await store.append(session, turn(1));
    await store.append(session, turn(1));
    expect(await store.recent(session, NOW_MS)).toHaveLength(1);
  });

  test("an expired turn is not given, though the table still has it", async () => {
    await store.append(session, turn(1, { expiresAt: NOW_MS / 1000 }));
    await store.append(session, turn(2));
    expect(await store.recent(session, NOW_MS)).toEqual([{ prompt: "question 2", answer: "answer 2" }]);
  });

  test("another owner's session of the same id is another session", async () => {
    await store.append(session, turn(1));
    expect(await store.recent({ ...session, owner: "somebody else" }, NOW_MS)).toEqual([]);
  });

  test("a long answer is cut between characters", async () => {
    await store.append(session, turn(1, { answer: `a${"€".repeat(TURN_ANSWER_BYTES)}` }));
    const [kept] = await store.recent(session, NOW_MS);
    expect(kept?.answer).toMatch(/^a€+$/);
    expect(Buffer.byteLength(kept?.answer ?? "")).toBe(TURN_ANSWER_BYTES);
  });
});
