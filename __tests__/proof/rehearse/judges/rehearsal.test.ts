import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { judgeRehearsal, type CallerRequest, type RehearsalEvidence, type RehearsedRelease } from "../rehearsal";

const request = (requestId: string | undefined, outcome = "completed", durationMs = 400): CallerRequest => ({
  requestId,
  outcome,
  durationMs,
  startedMs: 0,
});
const GOOD: RehearsedRelease = {
  name: "good",
  wanted: "promoted",
  startedMs: 0,
  endedMs: 90_000,
  exitCode: 0,
  stable: "1",
  candidate: "2",
  live: "2",
  weighted: false,
};
const BAD: RehearsedRelease = {
  name: "errors",
  wanted: "rolled back",
  startedMs: 90_000,
  endedMs: 102_500,
  exitCode: 1,
  stable: "2",
  candidate: "3",
  live: "2",
  weighted: false,
};
const EVIDENCE: RehearsalEvidence = {
  releases: [GOOD, BAD],
  requests: [request("a"), request("b"), request("c", "completed", 500), request("d", "failed")],
  versions: new Map([
    ["a", "1"],
    ["b", "2"],
    ["c", "2"],
    ["d", "3"],
  ]),
  maxStableP95Ms: 5_000,
};
const judge = (change: Partial<RehearsalEvidence> = {}) => judgeRehearsal({ ...EVIDENCE, ...change });
const problemsOf = (release: RehearsedRelease) => judge({ releases: [release] }).releases[0]!.problems;

test("a good release that was promoted and a bad one that was rolled back, with failures of its own callers only, hold", () => {
  const { holds, releases, versions, failuresOutside } = judge();
  expect({ holds, failuresOutside }).toEqual({ holds: true, failuresOutside: [] });
  expect(
    releases.map(({ end, seconds, requests, failed, problems }) => ({ end, seconds, requests, failed, problems })),
  ).toEqual([
    { end: "promoted", seconds: 90, requests: 2, failed: 0, problems: [] },
    { end: "rolled back", seconds: 12.5, requests: 1, failed: 1, problems: [] },
  ]);
  expect(versions).toEqual([
    { version: "1", requests: 1, failed: 0, p95Ms: 400 },
    { version: "2", requests: 2, failed: 0, p95Ms: 495 },
    { version: "3", requests: 1, failed: 1, p95Ms: null },
  ]);
});

test.each<[string, Partial<RehearsalEvidence>, string]>([
  [
    "a failure of a stable version",
    { requests: [...EVIDENCE.requests, request("b", "failed")] },
    "1 requests failed outside the versions that were rolled back: failed 1",
  ],
  [
    "a request that was refused",
    { requests: [...EVIDENCE.requests, request(undefined, "refused (503)")] },
    "1 requests failed outside the versions that were rolled back: refused (503) 1",
  ],
  ["a request without an end", { requests: [...EVIDENCE.requests, request("x", "no end")] }, "no end 1"],
  [
    "callers of a stable version that wait",
    { maxStableP95Ms: 450 },
    "callers of version 2 waited 495 ms at P95; allowed: 450 ms",
  ],
  ["no request", { requests: [] }, "no request was sent, so that nothing was shown"],
])("%s does not hold", (_, change, problem) => {
  const { holds, problems } = judge(change);
  expect({ holds, problem: problems.join("\n") }).toEqual({
    holds: false,
    problem: expect.stringContaining(problem) as unknown,
  });
});

test.each<[string, RehearsedRelease, string]>([
  [
    "a bad version that was promoted",
    { ...BAD, exitCode: 0, live: "3" },
    "it ended promoted, and was to be rolled back",
  ],
  [
    "a good one that was rolled back",
    { ...GOOD, exitCode: 1, live: "1" },
    "it ended rolled back, and was to be promoted",
  ],
  [
    "a command that says promoted of an alias that was not moved",
    { ...GOOD, live: "1" },
    "it ended undecided (exit code 0, version 1 live), and was to be promoted",
  ],
  [
    "a weight that stayed",
    { ...BAD, weighted: true },
    "it ended undecided (exit code 1, version 2 with a weight live), and was to be rolled back",
  ],
  ["a release without a new version", { ...GOOD, candidate: "1", live: "1" }, "it made no new version"],
  [
    "a version that nobody reached",
    { ...BAD, candidate: "9" },
    "no caller reached version 9, so that nothing was tried",
  ],
])("%s does not hold", (_, release, problem) => expect(problemsOf(release)).toContain(problem));

test("whatever the callers had, each request is of one version, and none that failed is forgotten", () => {
  const requests = array(
    record({
      requestId: constantFrom("a", "b", "c", "d", "x", undefined),
      startedMs: integer(),
      durationMs: integer({ min: 0, max: 9_999 }),
      outcome: constantFrom("completed", "failed", "no end"),
    }),
  );
  assert(
    property(requests, (given) => {
      const { versions, failuresOutside } = judge({ requests: given });
      const sum = (of: "requests" | "failed") => versions.reduce((all, version) => all + version[of], 0);
      const failed = given.filter(({ outcome }) => outcome !== "completed").length;
      expect([sum("requests"), sum("failed")]).toEqual([given.length, failed]);
      expect(failuresOutside.length + (versions.find(({ version }) => version === "3")?.failed ?? 0)).toBe(failed);
    }),
  );
});
