import fc from "fast-check";
import { readThoroughly } from "../../../scripts/analyze/report-line";
import { readUsualReport } from "../../../scripts/analyze/usual-report";

const figures = fc.record({
  durationMs: fc.integer({ min: 0, max: 90_000_000 }).map((hundredths) => hundredths / 100),
  billed: fc.nat(900_000),
  size: fc.integer({ min: 128, max: 10_240 }),
  used: fc.nat(10_240),
  init: fc.option(
    fc.nat(1_000_000).map((hundredths) => hundredths / 100),
    { nil: undefined },
  ),
  status: fc.constantFrom("success", "timeout", "error"),
});

test("what it reads is what the thorough reading gives, in both formats", () => {
  fc.assert(
    fc.property(figures, ({ durationMs, billed, size, used, init, status }) => {
      const text = `REPORT RequestId: a-1\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billed} ms\tMemory Size: ${size} MB\tMax Memory Used: ${used} MB\t${init === undefined ? "" : `Init Duration: ${init.toFixed(2)} ms\t`}`;
      const json = JSON.stringify({
        time: "2026-01-05T09:00:00.000Z",
        type: "platform.report",
        record: {
          requestId: "a-1",
          metrics: {
            durationMs,
            billedDurationMs: billed,
            memorySizeMB: size,
            maxMemoryUsedMB: used,
            ...(init === undefined ? {} : { initDurationMs: init }),
          },
          status,
        },
      });
      for (const line of [text, json]) {
        const usual = readUsualReport(line);
        expect(usual).toBeDefined();
        expect({ kind: "report", report: usual }).toEqual(readThoroughly(line));
      }
    }),
  );
});

test("it leaves to the thorough reading whatever is written otherwise", () => {
  for (const line of [
    "",
    "REPORT RequestId: a\tDuration: 1 ms",
    '{"type":"platform.report"}',
    "x REPORT RequestId: a\tDuration: 1 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB",
    "REPORT RequestId: a\tDuration: 1 ms\tBilled Duration: 1 ms\tMemory Size: 0 MB\tMax Memory Used: 1 MB",
  ])
    expect(readUsualReport(line)).toBeUndefined();
});
