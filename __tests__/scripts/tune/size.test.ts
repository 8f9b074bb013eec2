import { PriceBook } from "../../../scripts/cost/prices";
import { dollars, mostUsd, overBudget, billedMsOf, sizeFigures, type TuningRun } from "../../../scripts/tune/size";
import { seededRandom } from "../../../scripts/kit/random";

describe("budget", () => {
  const prices = new PriceBook("us-east-1");
  const measuring = {
    sizesMiB: [1_024, 2_048],
    runsEach: 19,
    timeoutSeconds: 90,
    architecture: "arm64",
    othersUsd: 0,
  } as const;

  test("at most, every run takes its whole time-out and ten seconds of INIT", () => {
    // 20 runs each of 100 s at 1 GB and 2 GB are 6,000 GB-s.
    expect(mostUsd(measuring, prices)).toBeCloseTo(6_000 * 0.0000133334 + 40 * 2e-7, 9);
    expect(mostUsd({ ...measuring, othersUsd: 0.1 }, prices)).toBeCloseTo(6_000 * 0.0000133334 + 40 * 2e-7 + 4, 9);
  });

  test("what could cost more is refused with how many runs fit; with too few of them, with fewer sizes", () => {
    expect(overBudget(measuring, prices, 0.09)).toBeUndefined();
    expect(overBudget(measuring, prices, 0.04)).toBe(
      "40 runs (2 sizes) of up to 90 s could cost $0.0800; allowed: --budget-usd 0.04. To lower it give --runs 8, fewer --sizes, or a shorter timeout of the function; else raise --budget-usd",
    );
    expect(overBudget({ ...measuring, runsEach: 8 }, prices, 0.04)).toBeUndefined();
    expect(overBudget(measuring, prices, 0.01)).toContain("To lower it give fewer or smaller --sizes,");
  });

  test.each([
    [0, "$0.00"],
    [0.08001, "$0.0800"],
    [0.5, "$0.500"],
    [12.345, "$12.35"],
  ])("%d dollars are %s", (usd, text) => expect(dollars(usd)).toBe(text));
});

describe("run", () => {
  const run = { memoryMiB: 512, durationMs: 100.2, initMs: null, billedMs: null, usedMiB: null, failure: null };

  test("a part of a millisecond is billed as a whole one", () => expect(billedMsOf(run)).toBe(101));
  test("INIT is billed, be the line older than that", () =>
    expect(billedMsOf({ ...run, initMs: 300, billedMs: 101 })).toBe(401));
  test("what Lambda says it billed counts where it is more", () =>
    expect(billedMsOf({ ...run, billedMs: 450 })).toBe(450));
});

describe("size", () => {
  const run = (durationMs: number, other: Partial<TuningRun> = {}): TuningRun => ({
    memoryMiB: 512,
    durationMs,
    initMs: null,
    billedMs: null,
    usedMiB: 100,
    failure: null,
    ...other,
  });
  const figures = (runs: readonly TuningRun[]) => sizeFigures(512, runs, { resamples: 200, random: seededRandom(1) });
  const warm = (count: number) => Array.from({ length: count }, (_, index) => run(100 + index));

  test("cold runs count apart: their time and INIT are in no warm figure", () => {
    const found = figures([...warm(11), run(9_000, { initMs: 400 }), run(9_000, { initMs: 600 })]);
    expect(found).toMatchObject({
      runs: 13,
      failed: 0,
      cold: 2,
      warm: 11,
      initMeanMs: 500,
      usedMiB: 100,
      leftOut: null,
    });
    expect(found.time).toMatchObject({ p50Ms: 105, p90Ms: 109, meanMs: 105, billedMeanMs: 105 });
    expect(found.time!.meanInterval.low).toBeGreaterThan(102);
    expect(found.time!.meanInterval.high).toBeLessThan(108);
  });

  test("one failure of ten is let pass, two are not, and one for want of memory is not", () => {
    expect(figures([...warm(9), run(1, { failure: "timeout" })]).leftOut).toBeNull();
    expect(figures([...warm(8), run(1, { failure: "timeout" }), run(1, { failure: "timeout" })]).leftOut).toBe(
      "2 of 10 runs failed (timeout); allowed: 10 %, and none for want of memory",
    );
    expect(figures([...warm(40), run(1, { failure: "Runtime.OutOfMemory" })]).leftOut).toContain(
      "1 of 41 runs failed (Runtime.OutOfMemory)",
    );
  });

  test("a size without room is left out, by the run that used most, be it a failed one", () => {
    expect(figures([...warm(9), run(1, { usedMiB: 409 })]).leftOut).toBeNull();
    expect(figures([...warm(9), run(1, { usedMiB: 410, failure: "timeout" })]).leftOut).toBe(
      "a run used 410 of 512 MB (80.1 %); allowed: below 80 %, so that there is room",
    );
  });

  test("with fewer than five warm runs nothing is said of a size", () => {
    expect(figures(warm(4)).leftOut).toBe("there are 4 warm runs; allowed: from 5");
    expect(figures([run(5, { initMs: 3 })])).toMatchObject({ time: null, warm: 0, cold: 1 });
  });
});
