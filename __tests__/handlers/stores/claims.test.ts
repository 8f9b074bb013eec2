import { isHeld, standingOf } from "../../../handlers/stores/claims";
import { MAX_ATTEMPTS, type RequestRecord } from "../../../handlers/stores/requests";
import { NOW_MS } from "../fixtures";
import { accepted, bid, HOUR_MS } from "./tables";

const record = (overrides: Partial<RequestRecord> = {}): RequestRecord => ({
  ...accepted(),
  status: "processing",
  updatedAt: accepted().createdAt,
  sent: true,
  attempt: MAX_ATTEMPTS,
  requeues: 0,
  leaseUntilMs: NOW_MS,
  deadlineMs: NOW_MS - 1,
  ...overrides,
});

test("of all that speaks against a claim, what ends the question soonest is told", () => {
  const own = bid({ token: "mine" });
  expect(standingOf(record({ status: "failed" }), "mine", own)).toBe("terminal");
  expect(standingOf(record(), "mine", own)).toBe("won");
  expect(standingOf(record(), "other", own)).toBe("live");
  expect(standingOf(record({ leaseUntilMs: NOW_MS - 1 }), "other", own)).toBe("overdue");
  expect(standingOf(record({ leaseUntilMs: NOW_MS - 1 }), "mine", own)).toBe("overdue");
  expect(standingOf(record({ leaseUntilMs: NOW_MS - 1, deadlineMs: NOW_MS + HOUR_MS }), "other", own)).toBe(
    "exhausted",
  );
  expect(
    standingOf(
      record({ leaseUntilMs: NOW_MS - 1, deadlineMs: NOW_MS + HOUR_MS, attempt: MAX_ATTEMPTS - 1 }),
      "other",
      own,
    ),
  ).toBe("open");
});

test("a request is held while it is processing, up to its lease's last millisecond", () => {
  expect(isHeld(record(), NOW_MS)).toBe(true);
  expect(isHeld(record(), NOW_MS + 1)).toBe(false);
  expect(isHeld(record({ status: "queued" }), NOW_MS)).toBe(false);
  expect(isHeld(record({ leaseUntilMs: undefined }), NOW_MS)).toBe(false);
});
