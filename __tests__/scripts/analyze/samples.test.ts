import { RunCollector, RunSamples, splitRuns } from "../../../scripts/analyze/samples";
import fc from "fast-check";
import type { RunReport } from "../../../scripts/analyze/report-line";
import { samplesOf } from "../../support/runs";

describe("collector", () => {
  const report = (id: string, durationMs = 5) =>
    `REPORT RequestId: ${id}\tDuration: ${durationMs}.00 ms\tBilled Duration: 6 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB`;

  function collected(lines: readonly string[]): RunCollector {
    const collector = new RunCollector();
    lines.forEach((line, index) => collector.take(line, { input: "a.log", line: index + 1 }));
    return collector;
  }

  test("lines are counted by kind, and the first unreadable report is named without its content", () => {
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

  test("a run has the version that its own start names", () => {
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

  test("of too many starts without an end the oldest is forgotten", () => {
    const starts = Array.from({ length: 10_001 }, (_, index) => `START RequestId: r${index} Version: 7`);
    const { samples } = collected([...starts, report("r0"), report("r1")]);
    expect([samples.nameAt("version", 0), samples.nameAt("version", 1)]).toEqual([undefined, "7"]);
  });
});

describe("samples", () => {
  const run: fc.Arbitrary<RunReport> = fc.record({
    durationMs: fc.nat(900_000),
    memorySizeMiB: fc.integer({ min: 128, max: 10_240 }),
    maxMemoryUsedMiB: fc.nat(10_240),
    status: fc.constantFrom("unknown", "success", "timeout", "error"),
    billedDurationMs: fc.option(fc.nat(900_000), { nil: undefined }),
    initDurationMs: fc.option(fc.nat(10_000), { nil: undefined }),
    version: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
  });

  test("samples return the figures that were added, also after the columns have grown", () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 3_000, size: "max" }), (runs) => {
        const samples = new RunSamples();
        runs.forEach((each) => samples.add(each));
        expect(samples.count).toBe(runs.length);
        expect([...samples.durationMs]).toEqual(runs.map(({ durationMs }) => durationMs));
        expect([...samples.billedMs]).toEqual(runs.map(({ billedDurationMs }) => billedDurationMs ?? NaN));
        expect([...samples.sizeMiB]).toEqual(runs.map(({ memorySizeMiB }) => memorySizeMiB));
        expect([...samples.usedMiB]).toEqual(runs.map(({ maxMemoryUsedMiB }) => maxMemoryUsedMiB));
        expect(runs.map((_, index) => samples.isColdAt(index))).toEqual(
          runs.map(({ initDurationMs }) => initDurationMs !== undefined),
        );
        expect(runs.map((_, index) => [samples.statusAt(index), samples.nameAt("version", index)])).toEqual(
          runs.map(({ status, version }) => [status, version]),
        );
      }),
      { numRuns: 20 },
    );
  });

  test("a restore counts as a start of the environment", () => {
    const samples = new RunSamples();
    samples.add({ durationMs: 1, memorySizeMiB: 128, maxMemoryUsedMiB: 1, status: "unknown", restoreDurationMs: 250 });
    expect([...samples.initMs]).toEqual([250]);
  });

  test("names beyond 250 are counted as one", () => {
    const samples = new RunSamples();
    for (let index = 0; index < 400; index++)
      samples.add({
        durationMs: 1,
        memorySizeMiB: 128,
        maxMemoryUsedMiB: 1,
        status: "unknown",
        functionName: `f${index}`,
      });
    expect([
      samples.nameAt("function", 0),
      samples.nameAt("function", 249),
      samples.nameAt("function", 250),
      samples.nameAt("function", 399),
    ]).toEqual(["f0", "f249", "(others)", "(others)"]);
  });
});

describe("splits", () => {
  test("runs are split only by properties of which they have two values", () => {
    const splits = splitRuns(
      samplesOf([{ durationMs: 100, initDurationMs: 5 }, { durationMs: 10 }, { durationMs: 30 }]),
      { thresholdMs: 20, splitMs: null },
    );
    expect(splits).toEqual([
      {
        by: "start",
        key: "cold",
        count: 1,
        meanMs: 100,
        p50Ms: 100,
        p95Ms: 100,
        maxMs: 100,
        overThresholdPercent: 100,
        slowModePercent: null,
      },
      {
        by: "start",
        key: "warm",
        count: 2,
        meanMs: 20,
        p50Ms: 20,
        p95Ms: 29,
        maxMs: 30,
        overThresholdPercent: 50,
        slowModePercent: null,
      },
    ]);
    expect(splitRuns(samplesOf([{}, {}]), { thresholdMs: 20, splitMs: null })).toEqual([]);
  });

  test("runs are split by size, version and function, numbers are in order, and runs without the property are left out", () => {
    const splits = splitRuns(
      samplesOf([
        { version: "10" },
        { version: "9", memorySizeMiB: 512 },
        {},
        { functionName: "b" },
        { functionName: "a" },
      ]),
      { thresholdMs: 20, splitMs: 1_000 },
    );
    expect(splits.map(({ by, key, count }) => `${by} ${key} ${count}`)).toEqual([
      "memory_size 512 1",
      "memory_size 1792 4",
      "version 9 1",
      "version 10 1",
      "function a 1",
      "function b 1",
    ]);
    expect(splits[0]!.slowModePercent).toBe(100);
  });

  test("of more than twelve keys the most frequent are kept", () => {
    const runs = Array.from({ length: 20 }, (_, version) =>
      Array.from({ length: version + 1 }, () => ({ version: String(version) })),
    ).flat();
    expect(splitRuns(samplesOf(runs), { thresholdMs: 20, splitMs: null }).map(({ key }) => key)).toEqual(
      Array.from({ length: 12 }, (_, index) => String(index + 8)),
    );
  });
});
