import fc from "fast-check";
import { anyCharacter } from "../../support/any-character";
import { readOrigin, readReportLine, type RunReport } from "../../../scripts/analyze/report-line";

const TEXT =
  "REPORT RequestId: 3f7c\tDuration: 469.40 ms\tBilled Duration: 500 ms\tMemory Size: 1024 MB\tMax Memory Used: 21 MB\tInit Duration: 100.99 ms";
const JSON_LINE =
  '{"time":"2026-01-05T09:00:00.000Z","type":"platform.report","record":{"requestId":"3f7c","metrics":{"durationMs":469.4,"billedDurationMs":500,"memorySizeMB":1024,"maxMemoryUsedMB":21,"initDurationMs":100.99},"status":"success"}}';
const EXPECTED = {
  durationMs: 469.4,
  billedDurationMs: 500,
  memorySizeMiB: 1024,
  maxMemoryUsedMiB: 21,
  initDurationMs: 100.99,
  requestId: "3f7c",
};

function report(line: string): RunReport {
  const read = readReportLine(line);
  if (read.kind !== "report") throw new Error(`${read.kind}: ${line}`);
  return read.report;
}

test("a text report is read with its four different durations", () => {
  expect(report(TEXT)).toMatchObject({ ...EXPECTED, status: "unknown" });
  const restored = report(
    `${TEXT}\tRestore Duration: 300.10 ms\tBilled Restore Duration: 77 ms\tXRAY TraceId: 1-5\tSegmentId: 6\tSampled: true\t`,
  );
  expect(restored).toMatchObject({ ...EXPECTED, restoreDurationMs: 300.1 });
});

test("neither the order of the fields matters nor the blanks between them", () => {
  const parts = TEXT.split("\t");
  expect(report([parts[0], parts[5], parts[2], parts[1], parts[4], parts[3]].join("\t"))).toMatchObject(EXPECTED);
  expect(report(TEXT.replaceAll("\t", " "))).toMatchObject(EXPECTED);
});

test("a text report's status and error are read", () => {
  expect(report(`${TEXT}\tStatus: timeout`)).toMatchObject({ status: "timeout" });
  expect(report(`${TEXT}\tStatus: error\tError Type: Runtime.ExitError`)).toMatchObject({
    status: "error",
    errorType: "Runtime.ExitError",
  });
});

test("a JSON report is read, with every status that Lambda gives", () => {
  expect(report(JSON_LINE)).toMatchObject({ ...EXPECTED, status: "success" });
  for (const [given, status] of [
    ["timeout", "timeout"],
    ["error", "error"],
    ["failure", "error"],
    ["new one", "unknown"],
  ]) {
    expect(report(JSON_LINE.replace('"success"', `"${given}","errorType":"Runtime.X"`))).toMatchObject({
      status,
      errorType: "Runtime.X",
    });
  }
  expect(report(JSON_LINE.replace("initDurationMs", "restoreDurationMs"))).toMatchObject({
    restoreDurationMs: 100.99,
    initDurationMs: undefined,
  });
});

describe("what exports put around a report", () => {
  const around: Readonly<Record<string, (line: string) => string>> = {
    "a timestamp": (line) => `2026-01-05T09:00:00.000Z ${line}`,
    "a timestamp and a stream": (line) => `2026-01-05T09:00:00.000000+00:00 2026/01/05/[7]0a1b2c ${line}`,
    "filter-log-events in one line": (line) =>
      JSON.stringify({ timestamp: 1, logStreamName: "2026/01/05/[7]0a1b2c", message: `${line}\n` }),
    "Logs Insights": (line) =>
      JSON.stringify({ "@timestamp": "2026", "@logStream": "2026/01/05/[7]0a1b2c", "@message": line }),
    "filter-log-events, pretty-printed": (line) => `            "message": ${JSON.stringify(`${line}\n`)},`,
    "a comma at the end": (line) => `${JSON.stringify({ message: line })},`,
  };
  for (const [name, wrap] of Object.entries(around)) {
    test(`${name}, in both formats`, () => {
      for (const line of [TEXT, JSON_LINE]) expect(report(wrap(line))).toMatchObject(EXPECTED);
    });
  }

  test("the name of the stream or the group gives the version and the function", () => {
    expect(report(around["a timestamp and a stream"]!(TEXT))).toMatchObject({ version: "7" });
    expect(report(around["filter-log-events in one line"]!(JSON_LINE))).toMatchObject({ version: "7" });
    expect(report(`2026-01-05T09:00:00Z 2026/01/05/quick-worker[$LATEST]ab ${TEXT}`)).toMatchObject({
      version: "$LATEST",
      functionName: "quick-worker",
    });
    expect(report(JSON.stringify({ "@log": "123456789012:/aws/lambda/quick-api", "@message": TEXT }))).toMatchObject({
      functionName: "quick-api",
    });
    expect(readOrigin("/aws/lambda/quick-worker", "2026/01/05/[12]ab")).toEqual({
      functionName: "quick-worker",
      version: "12",
    });
    expect(readOrigin("/aws/apigateway/x", "stream")).toEqual({});
  });

  test("a message that is a JSON object is read as well", () => {
    expect(report(JSON.stringify({ message: JSON.parse(JSON_LINE) as unknown }))).toMatchObject(EXPECTED);
  });
});

test("a report as Lambda usually writes it gives the same figures as the same report in any other shape", () => {
  const hundredths = (max: number) => fc.integer({ min: 0, max }).map((value) => value / 100);
  const runs = fc.record({
    durationMs: hundredths(90_000_000),
    billed: fc.nat(900_000),
    size: fc.integer({ min: 128, max: 10_240 }),
    used: fc.nat(10_240),
    init: fc.option(hundredths(1_000_000), { nil: undefined }),
    status: fc.constantFrom("success", "timeout", "error"),
  });
  fc.assert(
    fc.property(runs, ({ durationMs, billed, size, used, init, status }) => {
      const text =
        `REPORT RequestId: a-1\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billed} ms\t` +
        `Memory Size: ${size} MB\tMax Memory Used: ${used} MB\t` +
        (init === undefined ? "" : `Init Duration: ${init.toFixed(2)} ms\t`);
      const metrics = {
        durationMs,
        billedDurationMs: billed,
        memorySizeMB: size,
        maxMemoryUsedMB: used,
        initDurationMs: init,
      };
      const record = { requestId: "a-1", metrics, status };
      const json = JSON.stringify({ time: "2026-01-05T09:00:00.000Z", type: "platform.report", record });
      for (const line of [text, json]) {
        expect(report(line)).toMatchObject({ durationMs, memorySizeMiB: size, maxMemoryUsedMiB: used });
        expect(report(`2026-01-05T09:00:00.000Z ${line}`)).toEqual(report(line));
      }
    }),
  );
});

test("an unreadable report is distinguished from a line that is no report", () => {
  const kinds = (lines: readonly string[]) => lines.map((line) => readReportLine(line).kind);
  expect(
    kinds([
      "REPORT RequestId: 3f7c\tDuration: 469.40 ms\tBilled", // the last 4 KB of a log begin and end anywhere
      TEXT.replace("469.40", "4.6.9"),
      TEXT.replace("1024", "0"),
      `${TEXT} ${TEXT}`,
      JSON_LINE.slice(0, -30),
      JSON_LINE.slice(30),
      JSON_LINE.replace("469.4", '"469"'),
      JSON_LINE.replace("469.4", "-1"),
      `"message": "${TEXT.replaceAll("\t", "\\t").replace("Max Memory", "M")}",`,
      '{"type":"platform.report","record":null}',
    ]),
  ).toEqual(Array.from({ length: 10 }, () => "unreadable"));
  expect(
    kinds([
      "",
      "END RequestId: 3f7c",
      "EXTENSION\tName: x\tState: Ready",
      '{"level":"info","message":"hello"}',
      '{"broken": ',
      "null",
      "[1]",
      `I read ${TEXT} in a log yesterday and thought about it`,
      '{"level":"info","note":"platform.report is a type"}',
      "what is platform.report?",
      JSON_LINE.replace("platform.report", "platform.reportx"),
      '{"type":"platform.start","record":{}}',
    ]),
  ).toEqual(Array.from({ length: 12 }, () => "other"));
});

test("a start gives the version of its run", () => {
  expect(readReportLine("START RequestId: 3f7c Version: 12")).toEqual({
    kind: "start",
    requestId: "3f7c",
    version: "12",
  });
  expect(readReportLine('{"type":"platform.start","record":{"requestId":"3f7c","version":"$LATEST"}}')).toEqual({
    kind: "start",
    requestId: "3f7c",
    version: "$LATEST",
  });
});

test("no line throws, and every report has valid figures", () => {
  const piece = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.constantFrom(
      TEXT,
      JSON_LINE,
      "REPORT RequestId: ",
      '"platform.report"',
      "{",
      "}",
      '"message": "',
      "\t",
      "Duration: ",
      "1 ms",
      "START RequestId: a Version: 1",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const read = readReportLine(pieces.join(""));
      return (
        read.kind !== "report" ||
        (read.report.durationMs >= 0 && Number.isFinite(read.report.durationMs) && read.report.memorySizeMiB > 0)
      );
    }),
    { numRuns: 300 },
  );
});

test("a report that is cut off anywhere gives no other figures", () => {
  for (const line of [TEXT, JSON_LINE]) {
    const whole = report(line);
    for (let end = 0; end < line.length; end++) {
      const read = readReportLine(line.slice(0, end));
      if (read.kind === "report")
        expect(read.report).toMatchObject({ durationMs: whole.durationMs, memorySizeMiB: 1024, maxMemoryUsedMiB: 21 });
    }
  }
});
