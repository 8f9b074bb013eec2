import { RunCollector } from "../../../../scripts/judges/runs/collector";

const report = (id: string, durationMs = 5) =>
  `REPORT RequestId: ${id}\tDuration: ${durationMs}.00 ms\tBilled Duration: 6 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB`;

function collected(lines: readonly string[]): RunCollector {
  const collector = new RunCollector();
  lines.forEach((line, index) => collector.take(line, "a.log", index + 1));
  return collector;
}

test("lines are counted by what they are, and the first broken report is named without its content", () => {
  const { reading } = collected([
    "hello",
    report("a"),
    "REPORT RequestId: secret",
    report("b"),
    "REPORT RequestId: x",
    "",
  ]);
  expect(reading).toEqual({
    lines: 6,
    reports: 2,
    skipped: 2,
    unreadable: 2,
    firstUnreadable: { input: "a.log", line: 3 },
  });
});

test("a run has the version that its start names, and no other run's", () => {
  const { samples } = collected([
    "START RequestId: a Version: 7",
    "START RequestId: b Version: 8",
    report("b"),
    report("a"),
    report("c"),
    report("a"),
  ]);
  expect([0, 1, 2, 3].map((index) => samples.nameAt("version", index))).toEqual(["8", "7", undefined, undefined]);
});

test("starts without an end are forgotten, the oldest first", () => {
  const starts = Array.from({ length: 10_001 }, (_, index) => `START RequestId: r${index} Version: 7`);
  const { samples } = collected([...starts, report("r0"), report("r1")]);
  expect([samples.nameAt("version", 0), samples.nameAt("version", 1)]).toEqual([undefined, "7"]);
});
