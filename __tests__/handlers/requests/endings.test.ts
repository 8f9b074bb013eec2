import {
  logClosed,
  logFinished,
  showRequest,
  DEADLINE_GRACE_MS,
  endAsExpired,
  endAsFailed,
} from "../../../handlers/requests/endings";
import type { Ending, RequestRecord, RequestStatus } from "../../../handlers/requests/requests";
import { keepingLog, newProcess, newRequest, NOW_MS, REQUEST_ID } from "../fixtures";

const record = (status: RequestStatus): RequestRecord => ({
  ...newRequest(),
  status,
  updatedAt: newRequest().createdAt,
  sent: true,
  attempt: 1,
  requeues: 0,
});
const { deadlineMs } = newRequest();

test("each ending names its reason", () => {
  expect([
    endAsExpired(NOW_MS),
    ...(["attempts_exhausted", "too_many_hops", "gave_up"] as const).map((code) => endAsFailed(code, NOW_MS)),
  ]).toEqual([
    {
      status: "expired",
      failure: { code: "deadline_passed", message: "The request was not done by its deadline." },
      nowMs: NOW_MS,
    },
    {
      status: "failed",
      failure: { code: "attempts_exhausted", message: "The request was started 3 times, and no worker finished it." },
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
    expect(showRequest(record(status), deadlineMs + DEADLINE_GRACE_MS)).toEqual(record(status));
    expect(showRequest(record(status), deadlineMs + DEADLINE_GRACE_MS + 1)).toMatchObject({
      status: "expired",
      failure: { code: "deadline_passed" },
    });
  },
);

test.each(["completed", "failed", "expired"] as const)("a request that is %s stays so", (status) => {
  expect(showRequest(record(status), Infinity)).toEqual(record(status));
});

const request = record("processing");
const COMPLETED: Ending = { status: "completed", nowMs: NOW_MS };
const durations = { claimedMs: NOW_MS + 100, contextMs: 1, agentsMs: 20, responseMs: 3, endedMs: NOW_MS + 124 };

test("a request that was worked on is logged in one line, with the duration of each part", () => {
  const { log, records } = keepingLog();
  logFinished(
    { log, ...newProcess() },
    { request, ending: COMPLETED, ...durations, tokens: { input: 5, output: 7, total: 12 } },
  );
  expect(records).toEqual([
    {
      level: "info",
      event: "finished",
      fields: { request_id: REQUEST_ID, attempt: 1, status: "completed", error_code: undefined, duration_ms: 24 },
      measured: [
        {
          metrics: {
            JobDuration: 124,
            RequestFailed: 0,
            QueueWait: 100,
            ContextDuration: 1,
            AgentsDuration: 20,
            ResponseDuration: 3,
            TokensIn: 5,
            TokensOut: 7,
            TokensUsed: 12,
            RequestsCompleted: 1,
          },
        },
        { metrics: { ColdStart: 1 }, dimensions: { Function: "worker" } },
      ],
    },
  ]);
});

test("a later attempt logs no wait in the queue, and no tokens if agents report none", () => {
  const { log, records } = keepingLog();
  const failure = { code: "all_agents_failed", message: "" };
  logFinished(
    { log, ...newProcess() },
    { request: { ...request, attempt: 2 }, ending: { status: "failed", failure, nowMs: NOW_MS }, ...durations },
  );
  expect(records).toMatchObject([{ fields: { attempt: 2, status: "failed", error_code: "all_agents_failed" } }]);
  expect(Object.keys(records[0]?.measured?.[0]?.metrics ?? {})).toEqual([
    "JobDuration",
    "RequestFailed",
    "ContextDuration",
    "AgentsDuration",
    "ResponseDuration",
    "RequestsFailed",
  ]);
});

test("a clock behind that of the front door causes no negative durations", () => {
  const { log, records } = keepingLog();
  logFinished(
    { log, ...newProcess() },
    { request, ending: COMPLETED, ...durations, claimedMs: NOW_MS - 9, endedMs: NOW_MS - 1 },
  );
  expect(records[0]?.measured?.[0]?.metrics).toMatchObject({ JobDuration: 0, QueueWait: 0 });
});

test("a request that no agent was asked for is logged with its status and reason", () => {
  const { log, records } = keepingLog();
  logClosed({ log, ...newProcess() }, REQUEST_ID, {
    status: "expired",
    failure: { code: "deadline_passed", message: "" },
    nowMs: NOW_MS,
  });
  expect(records).toEqual([
    {
      level: "info",
      event: "finished",
      fields: { request_id: REQUEST_ID, status: "expired", error_code: "deadline_passed" },
      measured: [
        { metrics: { RequestFailed: 1, RequestsExpired: 1 } },
        { metrics: { ColdStart: 1 }, dimensions: { Function: "worker" } },
      ],
    },
  ]);
});

test("duration and failure are also measured by version if it is known", () => {
  const { log, records } = keepingLog();
  const parts = { log, ...newProcess(), version: "7" };
  logFinished(parts, { request, ending: { status: "failed", nowMs: NOW_MS }, ...durations });
  logClosed(parts, REQUEST_ID, { status: "expired", nowMs: NOW_MS });
  expect(records.map(({ measured }) => measured?.[1])).toEqual([
    { metrics: { JobDuration: 124, RequestFailed: 1 }, dimensions: { Version: "7" } },
    { metrics: { RequestFailed: 1 }, dimensions: { Version: "7" } },
  ]);
});
