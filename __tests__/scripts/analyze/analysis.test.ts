import { analyzeRuns, findUsualSize } from "../../../scripts/analyze/analysis";
import { RunSamples } from "../../../scripts/analyze/samples";
import { analysisOf, runsOf, samplesOf, spread } from "../../support/runs";

describe("analysis", () => {
  test("the order of the runs does not change the figures", () => {
    const analysis = analysisOf(runsOf([90_000, 10_000, 70_000, 30_000, 50_000]));
    expect(analysis).toMatchObject({ count: 5, minMs: 10_000, maxMs: 90_000, meanMs: 50_000 });
    expect(analysis.percentiles.map(({ percentile, valueMs }) => [percentile, valueMs])).toEqual([
      [50, 50_000],
      [90, 82_000],
      [95, 86_000],
      [99, expect.closeTo(89_200, 6)],
    ]);
    expect(analysis.p99ToP50).toBeCloseTo(1.784, 9);
    expect(analysis.overThreshold).toMatchObject({
      count: 2,
      percent: 40,
      durations: { minMs: 70_000, maxMs: 90_000, meanMs: 80_000 },
    });
  });

  test("a run at the threshold is not over it, and no runs over it have no figures", () => {
    expect(analysisOf(runsOf([60_000])).overThreshold).toMatchObject({ count: 0, percent: 0, durations: null });
  });

  test("the bounds of an interval are durations of runs, or null where there are too few runs", () => {
    const few = analysisOf(runsOf([1, 2, 3, 4, 5]));
    expect(few.percentiles.map(({ lowMs, highMs }) => [lowMs, highMs])).toEqual([
      [null, null],
      [3, null],
      [4, null],
      [4, null],
    ]);
    const many = analyzeRuns(samplesOf(runsOf(Array.from({ length: 1_000 }, (_, index) => index + 1))), 60_000);
    expect(many.percentiles[3]).toMatchObject({ lowMs: 983, highMs: 997, runsForInterval: 368 });
  });

  test("init counts as billed only where the billed time has room for it", () => {
    const cold = { durationMs: 1_000, initDurationMs: 500 };
    expect(analysisOf([{ ...cold, billedDurationMs: 1_500 }, { billedDurationMs: 8_500 }]).cold).toMatchObject({
      count: 1,
      percent: 50,
      initP50Ms: 500,
      billedPercent: 5,
    });
    expect(analysisOf([{ ...cold, billedDurationMs: 1_000 }]).cold.billedPercent).toBe(0);
    expect(analysisOf([cold]).cold.billedPercent).toBeNull();
    expect(analysisOf([{}]).cold).toMatchObject({ count: 0, initP50Ms: null });
  });

  test("endings are counted, and error types are listed by frequency", () => {
    const analysis = analysisOf([
      { status: "timeout", durationMs: 30_000 },
      { status: "error", errorType: "B" },
      { status: "error", errorType: "A" },
      { status: "error", errorType: "B" },
      { status: "unknown" },
      {},
    ]);
    expect(analysis.endings).toEqual({
      known: 5,
      timeouts: 1,
      errors: 3,
      timeoutMs: 30_000,
      errorTypes: [
        { name: "B", count: 2 },
        { name: "A", count: 1 },
      ],
    });
  });

  test("functions are listed, and splits are compared with the boundary between the modes", () => {
    const analysis = analysisOf([
      ...runsOf(spread(60, 5_000), { functionName: "b" }),
      ...runsOf(spread(60, 50_000), { functionName: "a" }),
    ]);
    expect(analysis.functions).toEqual(["a", "b"]);
    expect(analysis.modality.verdict).toBe("two");
    expect(analysis.splits.map(({ key, slowModePercent }) => [key, slowModePercent])).toEqual([
      ["a", 100],
      ["b", 0],
    ]);
  });

  test("no runs are refused", () =>
    expect(() => analyzeRuns(new RunSamples(), 60_000)).toThrow("There is no run to analyze."));
});

describe("memory", () => {
  const { memory } = analysisOf([
    ...[100, 200, 409, 410].map((maxMemoryUsedMiB) => ({ memorySizeMiB: 512, maxMemoryUsedMiB })),
    ...[300, 305].map((maxMemoryUsedMiB) => ({ memorySizeMiB: 1_024, maxMemoryUsedMiB })),
  ]);

  test("memory is listed by size, the smallest first, and runs from 80 % of it on are counted as close", () => {
    expect(
      memory.sizes.map(({ sizeMiB, count, usedMaxMiB, nearFull }) => ({ sizeMiB, count, usedMaxMiB, nearFull })),
    ).toEqual([
      { sizeMiB: 512, count: 4, usedMaxMiB: 410, nearFull: 1 }, // 409.6 MB are 80 %
      { sizeMiB: 1_024, count: 2, usedMaxMiB: 305, nearFull: 0 },
    ]);
    expect(memory.sizes[0]!.maxPercent).toBeCloseTo(80.08, 2);
    expect(memory.sizes[0]!.usedP50MiB).toBe(304.5);
  });

  test("the histogram has every run by the percentage of its own size", () => {
    expect(memory.histogram.filter(({ count }) => count > 0)).toEqual([
      { from: 15, to: 20, count: 1 },
      { from: 25, to: 30, count: 2 },
      { from: 35, to: 40, count: 1 },
      { from: 75, to: 80, count: 1 },
      { from: 80, to: 85, count: 1 },
    ]);
  });

  test("the usual size is the one that most runs have; of two equally frequent ones the larger", () => {
    expect(findUsualSize(memory).sizeMiB).toBe(512);
    expect(findUsualSize(analysisOf([{ memorySizeMiB: 512 }, { memorySizeMiB: 1_024 }]).memory).sizeMiB).toBe(1_024);
  });
});
