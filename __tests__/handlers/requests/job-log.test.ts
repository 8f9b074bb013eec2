import { logClosed, logFinished } from "../../../handlers/requests/job-log";
import type { RequestRecord } from "../../../handlers/requests/requests";
import { keepingLog, newProcess, newRequest, NOW_MS, REQUEST_ID } from "../fixtures";

const request: RequestRecord = {
  ...newRequest(),
  status: "processing",
  updatedAt: "",
  sent: true,
  attempt: 1,
  requeues: 0,
};
const durations = { claimedMs: NOW_MS + 100, contextMs: 1, agentsMs: 20, responseMs: 3, endedMs: NOW_MS + 124 };

test("a request that was worked on is told in one line, with what its parts took", () => {
  const { log, records } = keepingLog();
  logFinished({ log, ...newProcess() }, request, { status: "completed", nowMs: NOW_MS }, durations, {
    input: 5,
    output: 7,
    total: 12,
  });
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

test("a later attempt tells no wait in the queue, and agents that tell no tokens leave none", () => {
  const { log, records } = keepingLog();
  const failure = { code: "all_agents_failed", message: "" };
  logFinished(
    { log, ...newProcess() },
    { ...request, attempt: 2 },
    { status: "failed", failure, nowMs: NOW_MS },
    durations,
    undefined,
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

test("a clock behind that of the front door makes no negative durations", () => {
  const { log, records } = keepingLog();
  logFinished(
    { log, ...newProcess() },
    request,
    { status: "completed", nowMs: NOW_MS },
    { ...durations, claimedMs: NOW_MS - 9, endedMs: NOW_MS - 1 },
    undefined,
  );
  expect(records[0]?.measured?.[0]?.metrics).toMatchObject({ JobDuration: 0, QueueWait: 0 });
});

test("a request that no agent was asked for is told by its status and reason", () => {
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

test("how long a request took and whether it failed are told by version, too, where that is known", () => {
  const { log, records } = keepingLog();
  const parts = { log, ...newProcess(), version: "7" };
  logFinished(parts, request, { status: "failed", nowMs: NOW_MS }, durations, undefined);
  logClosed(parts, REQUEST_ID, { status: "expired", nowMs: NOW_MS });
  expect(records.map(({ measured }) => measured?.[1])).toEqual([
    { metrics: { JobDuration: 124, RequestFailed: 1 }, dimensions: { Version: "7" } },
    { metrics: { RequestFailed: 1 }, dimensions: { Version: "7" } },
  ]);
});
