import fc from "fast-check";
import type { RunReport } from "../../../../scripts/judges/runs/report-line";
import { RunSamples } from "../../../../scripts/judges/runs/samples";

const run: fc.Arbitrary<RunReport> = fc.record({
  durationMs: fc.nat(900_000),
  memorySizeMiB: fc.integer({ min: 128, max: 10_240 }),
  maxMemoryUsedMiB: fc.nat(10_240),
  status: fc.constantFrom("unknown", "success", "timeout", "error"),
  billedDurationMs: fc.option(fc.nat(900_000), { nil: undefined }),
  initDurationMs: fc.option(fc.nat(10_000), { nil: undefined }),
  version: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
});

test("what was added comes back, however often the columns grew", () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 3_000, size: "max" }), (runs) => {
      const samples = new RunSamples();
      runs.forEach((each) => samples.add(each));
      expect(samples.count).toBe(runs.length);
      expect([...samples.durationMs]).toEqual(runs.map(({ durationMs }) => durationMs));
      expect([...samples.billedMs]).toEqual(runs.map(({ billedDurationMs }) => billedDurationMs ?? NaN));
      expect([...samples.usedMiB]).toEqual(runs.map(({ maxMemoryUsedMiB }) => maxMemoryUsedMiB));
      expect(runs.map((_, index) => samples.isColdAt(index))).toEqual(
        runs.map(({ initDurationMs }) => initDurationMs !== undefined),
      );
      expect(
        runs.map((_, index) => [samples.statusAt(index), samples.nameAt("version", index), samples.sizeTextAt(index)]),
      ).toEqual(runs.map(({ status, version, memorySizeMiB }) => [status, version, String(memorySizeMiB)]));
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
