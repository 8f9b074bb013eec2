import {
  DEFAULT_DEADLINE_MS,
  epochMs,
  fromItem,
  openPartition,
  OPEN_PARTITIONS,
  resultAttributes,
  toItem,
} from "../../../handlers/requests/request-items";
import { NOW_MS } from "../fixtures";
import { accepted } from "./tables";

const item = () => toItem(accepted(), NOW_MS + 60_000);
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(item()).filter(([name]) => !names.includes(name)));

test("an item holds texts and numbers under the table's names", () => {
  const request = accepted({ requestId: "a1f00000-0000-4000-8000-000000000000" });
  expect(toItem(request, NOW_MS + 60_000)).toMatchObject({
    status: { S: "queued" },
    session_id: { S: "talk" },
    expires_at: { N: String(request.expiresAt) },
    deadline_at: { N: String(request.deadlineMs) },
    sent: { BOOL: false },
    attempt: { N: "0" },
    requeues: { N: "0" },
    open: { S: "a" },
    due_at: { N: String(NOW_MS + 60_000) },
  });
});

test("a request comes back from its item", () => {
  const request = accepted();
  expect(fromItem(toItem(request, NOW_MS))).toEqual({
    ...request,
    status: "queued",
    updatedAt: request.createdAt,
    sent: false,
    attempt: 0,
    requeues: 0,
  });
});

test("a request without a session has no such attribute, and comes back without one", () => {
  const alone = toItem(accepted({ sessionId: undefined }), NOW_MS);
  expect(alone).not.toHaveProperty("session_id");
  expect(fromItem(alone)).not.toHaveProperty("sessionId");
});

test.each(["owner", "status", "prompt", "created_at", "updated_at", "expires_at", "attempt"])(
  "an item without %s is refused, and the message names it",
  (name) => {
    expect(() => fromItem(without(name))).toThrow(`the attribute ${name} is missing or malformed`);
  },
);

test("an item without its key is refused", () => {
  expect(() => fromItem({})).toThrow("Request without id: the attribute request_id is missing");
});

test.each([
  ["status", { S: "done" }],
  ["attempt", { N: "1.5" }],
  ["deadline_at", { S: "tomorrow" }],
  ["requeues", { N: "many" }],
  ["lease_until", { S: "soon" }],
])("an item whose %s is of another kind is refused", (name, value) => {
  expect(() => fromItem({ ...item(), [name]: value })).toThrow(`the attribute ${name} is missing or malformed`);
});

test("an item of the release before is due a day after its creation, was not sent and not requeued", () => {
  const old = without("deadline_at", "sent", "requeues", "open", "due_at");
  expect(fromItem(old)).toMatchObject({ deadlineMs: NOW_MS + DEFAULT_DEADLINE_MS, sent: false, requeues: 0 });
  expect(() => fromItem({ ...old, created_at: { S: "yesterday" } })).toThrow(
    "the attribute created_at is missing or malformed",
  );
});

test("a result comes back from the attributes it is kept in", () => {
  for (const result of [{ json: "{}" }, { key: "results/1.json", sha256: "ab" }]) {
    expect(fromItem({ ...item(), ...resultAttributes(result) }).result).toEqual(result);
  }
});

test("every UUID stands in one of the sixteen partitions, whatever its case", () => {
  expect(OPEN_PARTITIONS).toHaveLength(16);
  expect(openPartition("F00D")).toBe("f");
  for (let count = 0; count < 100; count++) expect(OPEN_PARTITIONS).toContain(openPartition(accepted().requestId));
});

test("a moment between two milliseconds is kept as a whole one, so that it can be read again", () => {
  expect(epochMs(NOW_MS + 0.4)).toEqual({ N: String(NOW_MS) });
});
