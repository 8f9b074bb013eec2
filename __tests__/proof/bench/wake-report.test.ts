import { VARIANTS, type Variant } from "../../../bench/wake-probe";
import { report } from "../../../bench/wake-report";
import type { Incident, WakeSample, WakeTimes } from "../../../bench/wake-rig";

const TIMES: WakeTimes = { idleMs: 1_800_000, frozenMs: 300, requestTimeoutMs: 2_000, cutMs: 10_000 };

const sample = (variant: Variant, ms: number, overrides: Partial<WakeSample> = {}): WakeSample => ({
  variant,
  incident: "freeze",
  sockets: 1,
  outcome: "answered",
  ms,
  warmMs: 3,
  attempts: 1,
  ...overrides,
});
const cut = (variant: Variant, incident: Incident = "freeze"): WakeSample =>
  sample(variant, 10_000, { incident, outcome: "cut" });
const all = (ours: readonly number[], incident: Incident = "freeze"): WakeSample[] => [
  ...ours.map((ms) => sample("ours", ms, { incident })),
  cut("default", incident),
  cut("keep-alive", incident),
  sample("time-outs", 6_004, { incident, outcome: "failed", error: "TimeoutError: late" }),
  sample("fresh", 5, { incident }),
];

test("our median within 50 ms and ten times faster than a default that was cut holds", () => {
  const { exitCode, text, json } = report(all([6, 8, 120]), TIMES, "/node");
  expect(exitCode).toBe(0);
  const [head, row] = text.split("\n").map((line) => line.split(/ {2,}/));
  expect(head).toEqual(["what happened", "sockets", ...VARIANTS, "default / ours"]);
  expect(row).toEqual([
    "freeze",
    "1",
    "> 10 s (cut)",
    "> 10 s (cut)",
    "6.0 s (failed)",
    "8.0 ms",
    "5.0 ms",
    "> 1250.0",
    "ok",
  ]);
  expect(json).toMatchObject({
    bench: "wake",
    holds: true,
    warmMs: 3,
    times: { ...TIMES, node: "/node" },
    bounds: { maxMs: 50, minRatio: 10 },
  });
  expect((json as { samples: unknown[] }).samples).toHaveLength(7);
});

test("the columns stand below each other", () => {
  const lines = report([...all([6]), ...all([6], "black hole")], TIMES, "/node")
    .text.split("\n")
    .slice(0, 3);
  expect(lines[1]?.indexOf("10 s")).toBe(lines[2]?.indexOf("10 s"));
});

test.each<[string, WakeSample[]]>([
  ["a median over 50 ms", all([6, 51, 52])],
  ["one run of ours that failed", [...all([6, 6]), sample("ours", 6, { outcome: "failed" })]],
  ["one run of ours that was cut", [...all([6, 6]), cut("ours")]],
  ["a default that does not hang and is less than ten times slower", [sample("ours", 6), sample("default", 59)]],
  ["ours not measured", [cut("default")]],
])("%s misses: exit code 1", (_what, samples) => {
  const { exitCode, text } = report(samples, TIMES, "/node");
  expect(exitCode).toBe(1);
  expect(text).toContain("MISS");
});

test("where connections are only reset, a default that recovers by itself is no miss", () => {
  const { exitCode, text } = report(
    [sample("ours", 6, { incident: "reset" }), sample("default", 24, { incident: "reset", attempts: 2 })],
    TIMES,
    "/node",
  );
  expect(exitCode).toBe(0);
  expect(text.split("\n")[1]).toMatch(/^reset +1 +24\.0 ms +- +- +6\.0 ms +- +4\.0 +ok$/);
});

test("where only some runs failed or were cut, it is said how many", () => {
  const { text } = report(
    [
      sample("ours", 6),
      cut("default"),
      sample("default", 20),
      sample("time-outs", 20, { outcome: "failed" }),
      sample("time-outs", 20),
    ],
    TIMES,
    "/node",
  );
  expect(text).toContain("> 10 s (cut 1 of 2)");
  expect(text).toContain("20.0 ms (failed 1 of 2)");
});

test("what was not measured here is said to be so, and what was scaled", () => {
  const { text } = report(all([6]), TIMES, "/node");
  expect(text).toContain("10 s is where this bench cut it. 938 s until the kernel gave up were measured once");
  expect(text).toContain("requestTimeout 60 s, here scaled to 2 s (so 30 times as long in truth)");
  expect(text).toContain("A call over an open socket takes 3.0 ms here.");
});
