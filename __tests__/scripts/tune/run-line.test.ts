import fc from "fast-check";
import { readRunLine, writeRun } from "../../../scripts/tune/run-line";

const problem = (line: string) => {
  const read = readRunLine(line);
  return read.kind === "wrong" ? read.problem : read.kind;
};

test("what is written is read again", () => {
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
  fc.assert(fc.property(runs, (run) => expect(readRunLine(writeRun(run))).toEqual({ kind: "run", run })));
});

test("fields that are left out are not known, and true is a failure without a reason", () => {
  expect(readRunLine('{"memory_mb": 512, "duration_ms": 12.5, "failed": true}')).toEqual({
    kind: "run",
    run: { memoryMiB: 512, durationMs: 12.5, billedMs: null, initMs: null, usedMiB: null, failure: "failed" },
  });
});

test("Lambda's own lines are runs, in the text and the JSON format", () => {
  expect(
    readRunLine(
      "REPORT RequestId: 1\tDuration: 469.40 ms\tBilled Duration: 571 ms\tMemory Size: 1024 MB\tMax Memory Used: 121 MB\tInit Duration: 100.99 ms\t",
    ),
  ).toEqual({
    kind: "run",
    run: { memoryMiB: 1_024, durationMs: 469.4, billedMs: 571, initMs: 100.99, usedMiB: 121, failure: null },
  });
  expect(
    readRunLine(
      '{"type":"platform.report","record":{"requestId":"1","status":"error","errorType":"Runtime.OutOfMemory","metrics":{"durationMs":5,"billedDurationMs":5,"memorySizeMB":128,"maxMemoryUsedMB":128}}}',
    ),
  ).toMatchObject({
    kind: "run",
    run: { memoryMiB: 128, failure: "Runtime.OutOfMemory" },
  });
  expect(readRunLine("START RequestId: 1 Version: 3").kind).toBe("other");
});

test("each field that is wrong is named with what is allowed", () => {
  expect(problem('{"memory_mb": 0, "duration_ms": "5", "colour": 1, "failed": 7}')).toBe(
    'it has the fields colour; allowed: memory_mb, duration_ms, billed_ms, init_ms, max_memory_mb, failed; memory_mb is 0; allowed: a number above 0; duration_ms is "5"; allowed: a number above 0; failed is 7; allowed: false, null, true or the reason',
  );
  expect(problem('{"memory_mb": 512}')).toBe("duration_ms is missing; allowed: a number above 0");
  expect(problem('{"memory_mb": 512, ')).toBe("it is no JSON object");
  expect(problem("REPORT RequestId: 1\tDuration: 469.40 ms\tBilled")).toMatch(/^it says that it is a report/);
});
