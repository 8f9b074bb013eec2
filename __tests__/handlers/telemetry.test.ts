import {
  openCounters,
  measureFunction,
  openColdStart,
  openMemoryUse,
  describeError,
  jsonLines,
  nameError,
} from "../../handlers/telemetry";
import { NOW_MS } from "./fixtures";

describe("counters", () => {
  test("what was counted is taken once, and names that were never counted are left out", () => {
    const counters = openCounters();
    counters.add("CacheHit");
    counters.add("CacheHit");
    counters.add("PoolIdleDropped", 5);
    expect(counters.take()).toEqual({ CacheHit: 2, PoolIdleDropped: 5 });
    expect(counters.take()).toEqual({});
  });
});

describe("function metrics", () => {
  test("only the first request of a process is cold", () => {
    const countColdStart = openColdStart();
    expect([countColdStart(), countColdStart(), countColdStart()]).toEqual([1, 0, 0]);
  });

  test("what was counted since the last time is told by function, a cold start also where there was none", () => {
    const parts = { countColdStart: openColdStart(), counters: openCounters(), memoryUsedPercent: () => undefined };
    parts.counters.add("CacheHit", 2);
    expect(measureFunction("api", parts)).toEqual({
      metrics: { CacheHit: 2, ColdStart: 1 },
      dimensions: { Function: "api" },
    });
    expect(measureFunction("worker", parts)).toEqual({ metrics: { ColdStart: 0 }, dimensions: { Function: "worker" } });
  });

  test("the memory is told in percent of the function's, to a tenth", () => {
    let peakKiB = 256 * 1024;
    const used = openMemoryUse("512", () => peakKiB);
    expect(used()).toBe(50);
    peakKiB += 2_000;
    expect(used()).toBe(50.4);
    const parts = { countColdStart: openColdStart(), counters: openCounters(), memoryUsedPercent: used };
    expect(measureFunction("worker", parts)).toEqual({
      metrics: { ColdStart: 1, MemoryUsed: 50.4 },
      dimensions: { Function: "worker" },
    });
  });

  test.each([undefined, "", "0", "-1", "much"])("no memory is told where the function's is %p", (memoryMiB) => {
    expect(openMemoryUse(memoryMiB, () => 1)()).toBeUndefined();
  });
});

describe("telemetry", () => {
  test("a record is one line of JSON, whatever its texts hold", () => {
    const lines: string[] = [];
    jsonLines(
      (line) => lines.push(line),
      () => NOW_MS,
      "quickturn-dev",
    )("warn", "odd", { agent: "a\nb\u0007", count: 2 });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "2026-03-01T12:00:00.000Z",
      level: "warn",
      event: "odd",
      agent: "a\nb\u0007",
      count: 2,
    });
  });

  test("metrics stand in the same line in CloudWatch's embedded format, each set with its dimensions", () => {
    const lines: string[] = [];
    const log = jsonLines(
      (line) => lines.push(line),
      () => NOW_MS,
      "quickturn-dev",
    );
    log(
      "info",
      "finished",
      { request_id: "r1" },
      { metrics: { JobDuration: 12, TokensIn: 3 } },
      { metrics: { ColdStart: 0 }, dimensions: { Function: "worker" } },
    );
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "2026-03-01T12:00:00.000Z",
      level: "info",
      event: "finished",
      request_id: "r1",
      _aws: {
        Timestamp: NOW_MS,
        CloudWatchMetrics: [
          {
            Namespace: "Quickturn",
            Dimensions: [["Deployment"]],
            Metrics: [
              { Name: "JobDuration", Unit: "Milliseconds" },
              { Name: "TokensIn", Unit: "Count" },
            ],
          },
          {
            Namespace: "Quickturn",
            Dimensions: [["Deployment", "Function"]],
            Metrics: [{ Name: "ColdStart", Unit: "Count" }],
          },
        ],
      },
      Deployment: "quickturn-dev",
      Function: "worker",
      JobDuration: 12,
      TokensIn: 3,
      ColdStart: 0,
    });
  });

  test("a set of no metrics leaves no trace in the line", () => {
    const lines: string[] = [];
    jsonLines(
      (line) => lines.push(line),
      () => NOW_MS,
      "quickturn-dev",
    )("info", "quiet", {}, { metrics: {} });
    expect(Object.keys(JSON.parse(lines[0] ?? "") as object)).toEqual(["time", "level", "event"]);
  });

  test("an error is described with its HTTP status, where it was thrown and its causes", () => {
    const cause = Object.assign(new Error("slow down"), {
      name: "ThrottlingException",
      $metadata: { httpStatusCode: 429 },
    });
    const described = describeError(new Error("cannot write", { cause }));
    expect(described).toMatchObject({
      name: "Error",
      message: "cannot write",
      cause: { name: "ThrottlingException", http_status: 429 },
    });
    expect((described["frames"] as string[])[0]).toMatch(/^at /);
  });

  test("a syntax error's message is left out, as it quotes what could not be parsed", () => {
    const secret = "canary-4711";
    let thrown: unknown;
    try {
      JSON.parse(secret);
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toContain("canary");
    expect(JSON.stringify(describeError(new Error("outer", { cause: thrown })))).not.toContain("canary");
  });

  test("a circle of causes ends", () => {
    const error = new Error("round");
    error.cause = error;
    expect(JSON.stringify(describeError(error)).match(/"round"/g)).toHaveLength(5);
  });

  test("a thing that is no error is described by its type only", () => {
    expect(describeError("canary")).toEqual({ name: "string" });
    expect(nameError("canary")).toEqual({ name: "string" });
  });

  test("an error is named without its words, and so is its cause", () => {
    expect(nameError(new Error("canary", { cause: new TypeError("canary") }))).toEqual({
      name: "Error",
      cause: { name: "TypeError" },
    });
  });
});
