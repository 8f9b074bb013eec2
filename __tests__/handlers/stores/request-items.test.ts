import { fromItem, resultAttributes, toItem } from "../../../handlers/stores/request-items";
import { newRequest } from "../fixtures";

test("an item holds texts and numbers under the table's names", () => {
  expect(toItem(newRequest({ sessionId: "talk" }))).toMatchObject({
    status: { S: "queued" },
    session_id: { S: "talk" },
    expires_at: { N: String(newRequest().expiresAt) },
    attempt: { N: "0" },
  });
});

test("a request without a session has no such attribute, and comes back without one", () => {
  const item = toItem(newRequest());
  expect(item).not.toHaveProperty("session_id");
  expect(fromItem(item)).not.toHaveProperty("sessionId");
});

test.each(["owner", "status", "prompt", "created_at", "updated_at", "expires_at", "attempt"])("an item without %s is refused, and the message names it", (name) => {
  const item = toItem(newRequest());
  delete item[name];
  expect(() => fromItem(item)).toThrow(`the attribute ${name} is missing or malformed`);
});

test("an item without its key is refused", () => {
  expect(() => fromItem({})).toThrow("Request without id: the attribute request_id is missing");
});

test("an unknown status and a number that is none are refused", () => {
  expect(() => fromItem({ ...toItem(newRequest()), status: { S: "done" } })).toThrow("the attribute status is missing or malformed");
  expect(() => fromItem({ ...toItem(newRequest()), attempt: { N: "1.5" } })).toThrow("the attribute attempt is missing or malformed");
});

test("a result comes back from the attributes it is kept in", () => {
  for (const result of [{ json: "{}" }, { key: "results/1.json", sha256: "ab" }]) {
    expect(fromItem({ ...toItem(newRequest()), ...resultAttributes(result) }).result).toEqual(result);
  }
});
