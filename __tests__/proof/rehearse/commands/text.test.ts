import { stripVTControlCharacters as plain } from "node:util";
import { describeRehearsal, timelineOf } from "../text";
import { judgeRehearsal, type CallerRequest, type RehearsedRelease } from "../rehearsal";

const BAD: RehearsedRelease = {
  name: "errors",
  wanted: "rolled back",
  startedMs: 10_000,
  endedMs: 30_000,
  exitCode: 1,
  stable: "1",
  candidate: "2",
  live: "1",
  weighted: false,
};
const request = (requestId: string, startedMs: number, outcome = "completed"): CallerRequest => ({
  requestId,
  startedMs,
  outcome,
  durationMs: 400,
});
const requests = [
  request("before", 9_000),
  request("a", 11_000),
  request("b", 13_000),
  request("c", 14_000, "failed"),
  request("d", 25_000),
];
const versions = new Map([
  ["before", "1"],
  ["a", "1"],
  ["b", "1"],
  ["c", "2"],
  ["d", "1"],
]);
const events = [
  { atMs: 12_000, weight: 20, says: "the newest version has its share" },
  { atMs: 24_000, weight: 0, says: "rolled back" },
];
const timeline = timelineOf(BAD, events, requests, versions);

test("between two events stand the requests that began then, by the version that ended them", () => {
  expect(timeline.lines.map(({ weight, callers }) => [weight, callers])).toEqual([
    [0, [{ version: "1", requests: 1, failed: 0 }]],
    [
      20,
      [
        { version: "1", requests: 1, failed: 0 },
        { version: "2", requests: 1, failed: 1 },
      ],
    ],
    [0, [{ version: "1", requests: 1, failed: 0 }]],
  ]);
});

test("a person sees the weights over the metrics' time, who failed, and that nobody else did", () => {
  const verdict = judgeRehearsal({ releases: [BAD], requests, versions, maxStableP95Ms: 5_000 });
  expect(plain(describeRehearsal({ factor: 30, verdict, timelines: [timeline] })).split("\n")).toEqual([
    "errors: version 2 against version 1; minutes of metrics, 30 times as fast",
    "     0 min    0 %  the release begins  [then v1 1]",
    "     1 min   20 %  the newest version has its share  [then v1 1, v2 1 (1 failed)]",
    "     7 min    0 %  rolled back  [then v1 1]",
    "",
    "What callers had, by the version that served them:",
    "  version 1       4 requests     0 failed  P95 400 ms",
    "  version 2       1 requests     1 failed  none completed",
    "",
    "What came of the releases:",
    "  ok   errors  version 2 rolled back after 10 min (20 s real); wanted: rolled back; it had 1 requests, 1 failed",
    "  ok   requests that failed outside the versions that were rolled back: 0",
  ]);
});

test("what did not hold is marked, with its reason", () => {
  const verdict = judgeRehearsal({
    releases: [{ ...BAD, live: "2", exitCode: 0 }],
    requests: [...requests, request("lost", 26_000, "no end")],
    versions,
    maxStableP95Ms: 5_000,
  });
  const text = plain(describeRehearsal({ factor: 30, verdict, timelines: [timeline] }));
  expect(text).toContain("MISS errors  version 2 promoted after 10 min");
  expect(text).toContain("       it ended promoted, and was to be rolled back");
  expect(text).toContain("  no version      1 requests     1 failed  none completed");
  expect(text).toContain("MISS requests that failed outside the versions that were rolled back: 1");
});
