import fc from "fast-check";
import { computeBilledMs, readRunLine, writeRun } from "../../../scripts/tune/run";

const read = (line: string) => readRunLine(line, "Line 1 of a.log");

test("a run that was written is read with the same fields", () => {
  const figure = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value + 0);
  const nullable = fc.option(figure.map((value) => (Object.is(value, -0) ? 0 : value)));
  const runs = fc.record({
    memoryMiB: fc.integer({ min: 128, max: 10_240 }),
    durationMs: figure.map((value) => value + 1),
    billedMs: nullable,
    initMs: nullable,
    usedMiB: nullable,
    failure: fc.option(fc.string({ minLength: 1 })),
  });
  fc.assert(fc.property(runs, (run) => expect(read(writeRun(run))).toEqual(run)));
});

test("a field that is left out is null, and `failed: true` is a failure without a reason", () => {
  expect(read('{"memory_mb": 512, "duration_ms": 12.5, "failed": true}')).toEqual({
    memoryMiB: 512,
    durationMs: 12.5,
    billedMs: null,
    initMs: null,
    usedMiB: null,
    failure: "failed",
  });
});

test("Lambda's own lines are runs, in the text and the JSON format", () => {
  expect(
    read(
      "REPORT RequestId: 1\tDuration: 469.40 ms\tBilled Duration: 571 ms\tMemory Size: 1024 MB\tMax Memory Used: 121 MB\tInit Duration: 100.99 ms\t",
    ),
  ).toEqual({
    memoryMiB: 1_024,
    durationMs: 469.4,
    billedMs: 571,
    initMs: 100.99,
    usedMiB: 121,
    failure: null,
  });
  expect(
    read(
      '{"type":"platform.report","record":{"requestId":"1","status":"error","errorType":"Runtime.OutOfMemory","metrics":{"durationMs":5,"billedDurationMs":5,"memorySizeMB":128,"maxMemoryUsedMB":128}}}',
    ),
  ).toMatchObject({ memoryMiB: 128, failure: "Runtime.OutOfMemory" });
  expect(read("START RequestId: 1 Version: 3")).toBeUndefined();
});

test.each([
  [
    '{"memory_mb": 0, "duration_ms": "5", "colour": 1, "failed": 7}',
    "it has the fields colour; allowed: memory_mb, duration_ms, billed_ms, init_ms, max_memory_mb, failed; " +
      'memory_mb is 0; allowed: a number above 0; duration_ms is "5"; allowed: a number above 0; ' +
      "failed is 7; allowed: false, null, true or the reason",
  ],
  ['{"memory_mb": 512}', "duration_ms is missing; allowed: a number above 0"],
  ['{"memory_mb": 512, ', "it is no JSON object"],
  [
    "REPORT RequestId: 1\tDuration: 469.40 ms\tBilled",
    "it is a report that cannot be read; allowed: a whole REPORT line",
  ],
])("%s is refused with each problem", (line, problem) =>
  expect(() => read(line)).toThrow(`Line 1 of a.log is wrong: ${problem}.`),
);

describe("the billed time", () => {
  const run = { memoryMiB: 512, durationMs: 100.2, initMs: null, billedMs: null, usedMiB: null, failure: null };

  test("a part of a millisecond is billed as a whole one", () => expect(computeBilledMs(run)).toBe(101));
  test("INIT is billed, even where an older line does not say so", () =>
    expect(computeBilledMs({ ...run, initMs: 300, billedMs: 101 })).toBe(401));
  test("the billed time of the line counts where it is longer", () =>
    expect(computeBilledMs({ ...run, billedMs: 450 })).toBe(450));
});
