import { seededRandom } from "../../../scripts/kit/random";
import type { TuningRun } from "../../../scripts/tune/run";
import { summarizeSize } from "../../../scripts/tune/size";

const run = (durationMs: number, other: Partial<TuningRun> = {}): TuningRun => ({
  memoryMiB: 512,
  durationMs,
  initMs: null,
  billedMs: null,
  usedMiB: 100,
  failure: null,
  ...other,
});
const figures = (runs: readonly TuningRun[]) => summarizeSize(512, runs, { resamples: 200, random: seededRandom(1) });
const warm = (count: number) => Array.from({ length: count }, (_, index) => run(100 + index));

test("cold runs are in no figure of warm runs", () => {
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

test("one failure of ten is allowed, two are not, and one for want of memory is not", () => {
  expect(figures([...warm(9), run(1, { failure: "timeout" })]).leftOut).toBeNull();
  expect(figures([...warm(8), run(1, { failure: "timeout" }), run(1, { failure: "timeout" })]).leftOut).toBe(
    "2 of 10 runs failed (timeout); allowed: 10 %, and none for want of memory",
  );
  expect(figures([...warm(40), run(1, { failure: "Runtime.OutOfMemory" })]).leftOut).toContain(
    "1 of 41 runs failed (Runtime.OutOfMemory)",
  );
});

test("a size is left out where any run, even a failed one, used 80 % of it", () => {
  expect(figures([...warm(9), run(1, { usedMiB: 409 })]).leftOut).toBeNull();
  expect(figures([...warm(9), run(1, { usedMiB: 410, failure: "timeout" })]).leftOut).toBe(
    "a run used 410 of 512 MB (80.1 %); allowed: below 80 %, so that there is room",
  );
});

test("a size with fewer than five warm runs is left out", () => {
  expect(figures(warm(4)).leftOut).toBe("there are 4 warm runs; allowed: from 5");
  expect(figures([run(5, { initMs: 3 })])).toMatchObject({ time: null, warm: 0, cold: 1 });
});
