import {
  asShown,
  attemptsExhausted,
  DEADLINE_GRACE_MS,
  deadlinePassed,
  gaveUp,
  tooManyHops,
} from "../../../handlers/requests/endings";
import type { RequestRecord, RequestStatus } from "../../../handlers/requests/requests";
import { newRequest, NOW_MS } from "../fixtures";

const record = (status: RequestStatus): RequestRecord => ({
  ...newRequest(),
  status,
  updatedAt: newRequest().createdAt,
  sent: true,
  attempt: 1,
  requeues: 0,
});
const { deadlineMs } = newRequest();

test("each ending tells its owner why", () => {
  expect([deadlinePassed, attemptsExhausted, tooManyHops, gaveUp].map((ending) => ending(NOW_MS))).toEqual([
    {
      status: "expired",
      failure: { code: "deadline_passed", message: "The request was not done by its deadline." },
      nowMs: NOW_MS,
    },
    {
      status: "failed",
      failure: { code: "attempts_exhausted", message: "The request was begun 3 times, and no worker came to its end." },
      nowMs: NOW_MS,
    },
    {
      status: "failed",
      failure: { code: "too_many_hops", message: "The request was sent 40 times, and no worker took it." },
      nowMs: NOW_MS,
    },
    {
      status: "failed",
      failure: { code: "gave_up", message: "The request could not be worked on, after several tries." },
      nowMs: NOW_MS,
    },
  ]);
});

test.each(["queued", "processing"] as const)(
  "a request that is %s long after its deadline is shown as expired",
  (status) => {
    expect(asShown(record(status), deadlineMs + DEADLINE_GRACE_MS)).toEqual(record(status));
    expect(asShown(record(status), deadlineMs + DEADLINE_GRACE_MS + 1)).toMatchObject({
      status: "expired",
      failure: { code: "deadline_passed" },
    });
  },
);

test.each(["completed", "failed", "expired"] as const)("a request that is %s stays so", (status) => {
  expect(asShown(record(status), Infinity)).toEqual(record(status));
});
