import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { endedVersions } from "../canary-port";
import { logFinished } from "../../../../handlers/requests/endings";
import { jsonLines, openCounters } from "../../../../handlers/telemetry";
import type { RequestRecord } from "../../../../handlers/requests/requests";
import { temporaryFolder } from "../../../support/temporary-folder";

test("the version that ended a request is read from what the worker writes of its end", async () => {
  const lines: string[] = ["START RequestId: 1 Version: 3\n"];
  const log = jsonLines(
    (line) => lines.push(line),
    () => 0,
    "shop-dev",
  );
  const parts = (version?: string) => ({
    log,
    countColdStart: () => 0,
    counters: openCounters(),
    memoryUsedPercent: () => undefined,
    ...(version !== undefined && { version }),
  });
  const request = (requestId: string) =>
    ({ requestId, attempt: 1, createdAt: new Date(0).toISOString() }) as RequestRecord;
  const durations = { claimedMs: 1, contextMs: 1, agentsMs: 1, responseMs: 1, endedMs: 5 };
  logFinished(parts("3"), { request: request("a"), ending: { status: "completed", nowMs: 5 }, ...durations });
  logFinished(parts("4"), { request: request("b"), ending: { status: "failed", nowMs: 5 }, ...durations });
  logFinished(parts(), { request: request("c"), ending: { status: "completed", nowMs: 5 }, ...durations });
  const file = join(temporaryFolder("versions"), "worker.log");
  writeFileSync(file, lines.join(""));
  expect([...(await endedVersions(file))]).toEqual([
    ["a", "3"],
    ["b", "4"],
  ]);
});

test("without a log nothing has ended", async () =>
  expect((await endedVersions(join(temporaryFolder("versions"), "none.log"))).size).toBe(0));
