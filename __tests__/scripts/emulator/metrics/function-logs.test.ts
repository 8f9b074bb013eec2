import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LogTail, readEmbeddedMetrics } from "../../../../scripts/emulator/metrics/function-logs";
import { temporaryFolder } from "../../../support/temporary-folder";
import { jsonLines } from "../../../../handlers/telemetry";

describe("log tail", () => {
  const path = () => join(temporaryFolder("tail"), "worker.log");

  test("each complete line is read once, and older lines are not read", () => {
    const file = path();
    writeFileSync(file, "old\n");
    const tail = new LogTail(file);
    expect(tail.take()).toEqual([]);
    appendFileSync(file, "one\ntwo\nthr");
    expect(tail.take()).toEqual(["one", "two"]);
    appendFileSync(file, "ee\n");
    expect([tail.take(), tail.take()]).toEqual([["three"], []]);
  });

  test("a file that is made later is read from its beginning, in several chunks, without a broken character", () => {
    const file = path();
    const tail = new LogTail(file);
    expect(tail.take()).toEqual([]);
    const lines = Array.from({ length: 30_000 }, (_, index) => `${index} äöü€ ${"x".repeat(60)}`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    expect(tail.take()).toEqual(lines);
  });

  test("a log that became shorter has no new lines", () => {
    const file = path();
    writeFileSync(file, "one\ntwo\n");
    const tail = new LogTail(file);
    truncateSync(file, 2);
    expect(tail.take()).toEqual([]);
  });
});

describe("embedded metrics", () => {
  const line = (directives: unknown, values: object, timestamp: unknown = 1_000) =>
    JSON.stringify({ _aws: { Timestamp: timestamp, CloudWatchMetrics: directives }, ...values });

  test("the metrics that handlers log are read as they were measured", () => {
    const lines: string[] = [];
    jsonLines(
      (text) => lines.push(text),
      () => 5_000,
      "shop-dev",
    )(
      "info",
      "finished",
      { request_id: "r" },
      { metrics: { JobDuration: 120, RequestFailed: 0 } },
      { metrics: { JobDuration: 120 }, dimensions: { Version: "7" } },
    );
    expect(lines.flatMap((text) => readEmbeddedMetrics(text.trimEnd()))).toEqual([
      {
        namespace: "Quickturn",
        metric: "JobDuration",
        dimensions: { Deployment: "shop-dev" },
        value: 120,
        atMs: 5_000,
      },
      {
        namespace: "Quickturn",
        metric: "RequestFailed",
        dimensions: { Deployment: "shop-dev" },
        value: 0,
        atMs: 5_000,
      },
      {
        namespace: "Quickturn",
        metric: "JobDuration",
        dimensions: { Deployment: "shop-dev", Version: "7" },
        value: 120,
        atMs: 5_000,
      },
    ]);
  });

  test("each metric gives a sample for each dimension set and for each value of an array", () => {
    const text = line(
      [{ Namespace: "N", Dimensions: [["A"], ["A", "B"], []], Metrics: [{ Name: "m", Unit: "Count" }] }],
      { A: "a", B: "b", m: [1, 2] },
    );
    expect(readEmbeddedMetrics(text).map(({ dimensions, value }) => [dimensions, value])).toEqual([
      [{ A: "a" }, 1],
      [{ A: "a", B: "b" }, 1],
      [{}, 1],
      [{ A: "a" }, 2],
      [{ A: "a", B: "b" }, 2],
      [{}, 2],
    ]);
  });

  test("a metric or dimension that the line lacks, or that has another type, is left out; the others stay", () => {
    const text = line(
      [
        {
          Namespace: "N",
          Dimensions: [["A"], ["Gone"], ["Number"]],
          Metrics: [{ Name: "m" }, { Name: "gone" }, { Name: "text" }, {}],
        },
        { Dimensions: [[]], Metrics: [{ Name: "m" }] },
      ],
      { A: "a", Number: 5, m: 1, text: "1" },
    );
    expect(readEmbeddedMetrics(text)).toEqual([
      { namespace: "N", metric: "m", dimensions: { A: "a" }, value: 1, atMs: 1_000 },
    ]);
  });

  test.each([
    "START RequestId: 1 Version: 2",
    '{"level":"info"}',
    '{"_aws"',
    line([], {}),
    line(undefined, {}),
    line("x", {}),
    line([{ Namespace: "N", Dimensions: [[]], Metrics: [{ Name: "m" }] }], { m: 1 }, "now"),
    '["_aws"]',
    '{"_aws":null}',
  ])("%p holds no metric", (text) => expect(readEmbeddedMetrics(text)).toEqual([]));
});
