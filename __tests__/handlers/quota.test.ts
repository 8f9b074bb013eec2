import { QuotaExceededError } from "../../handlers/errors";
import { callerQuota } from "../../handlers/quota";
import type { Taking } from "../../handlers/stores/quotas";

const NOW_MS = Date.parse("2026-11-21T23:59:00Z");
const signal = new AbortController().signal;

/** A store that gives so many, and what it was asked for. */
function counting(there: number) {
  const taken: Taking[] = [];
  return { taken, store: { take: async (taking: Taking) => (taken.push(taking), taken.length <= there) } };
}

test("as many as the quota has may begin a day, and the next is told when to come again", async () => {
  const { store, taken } = counting(2);
  const quota = callerQuota({ store, perDay: 2, nowMs: () => NOW_MS });
  await quota("iam:1:A", signal);
  await quota("iam:1:A", signal);
  const refused = quota("iam:1:A", signal);
  await expect(refused).rejects.toThrow(QuotaExceededError);
  await expect(refused).rejects.toMatchObject({
    status: 429,
    code: "quota_exceeded",
    retryAfterSeconds: 60,
    message: "Each caller may begin 2 requests a day (UTC), and this one has. Send it again after midnight.",
  });
  expect(taken[0]).toEqual({
    owner: "iam:1:A",
    day: "2026-11-21",
    limit: 2,
    expiresAt: Date.parse("2026-11-23T00:00:00Z") / 1_000,
  });
});

test("without a quota nothing is counted", async () => {
  const { store, taken } = counting(0);
  await callerQuota({ store, perDay: 0, nowMs: () => NOW_MS })("iam:1:A", signal);
  expect(taken).toEqual([]);
});

test("where the count cannot be reached nothing begins", async () => {
  const store = { take: () => Promise.reject(new Error("no network")) };
  await expect(callerQuota({ store, perDay: 1, nowMs: () => NOW_MS })("a", signal)).rejects.toThrow("no network");
});
