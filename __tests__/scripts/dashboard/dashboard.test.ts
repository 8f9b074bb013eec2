import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { ChartData } from "../../../scripts/dashboard/chart-data";
import { seriesKey, type MetricSeries } from "../../../scripts/dashboard/cloudwatch";
import {
  dashboard,
  describeDashboard,
  parseMetrics,
  saveSeries,
  type DashboardOptions,
} from "../../../scripts/dashboard/dashboard";
import { SILENT, UsageError } from "../../../scripts/kit/context";
import { demoMetrics } from "../../support/dashboard-metrics";
import { shownState } from "../../support/dashboard-state";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

describe("dashboard text", () => {
  const line = { label: "worker-errors", value: 5, color: "#d62728" };
  const chart = (latest: number | undefined): ChartData => ({
    widget: {
      type: "metric",
      x: 0,
      y: 0,
      width: 8,
      height: 6,
      title: "Worker errors (count)",
      region: "r",
      unit: "count",
      rows: [],
      lines: [line],
    },
    series:
      latest === undefined
        ? []
        : [{ label: "a", points: [[0, latest]], periodSeconds: 60, latest, minimum: latest, maximum: latest }],
    lines: [{ line, beyond: "above", now: (latest ?? 0) > 5, periods: 1, ofPeriods: 1 }],
    notes: [],
  });

  test("says which charts are beyond a line, how many have no data, and where the page is", () => {
    const text = describeDashboard(
      {
        name: "d",
        source: "m.json",
        window: { startMs: 0, endMs: 3_600_000 },
        widgets: [],
        charts: new Map([
          [0, chart(9)],
          [1, chart(1)],
          [2, chart(undefined)],
        ]),
        alarmStates: undefined,
      },
      "x.html",
    );
    expect(text).toBe(
      [
        "d, 1970-01-01 00:00 to 1970-01-01 01:00 UTC, from m.json: 3 charts, 1 without data, 1 beyond a line now.",
        "  Worker errors (count): 9, above worker-errors 5",
        "",
        "Written: x.html",
      ].join("\n"),
    );
  });
});

describe("dashboard", () => {
  const folder = temporaryFolder("dashboard");
  mkdirSync(folder, { recursive: true });
  const file = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const state = file("state.json", shownState());
  const metrics = file("metrics.json", demoMetrics().map(saveSeries));
  const html = join(folder, "page.html");
  const run = (options: Partial<DashboardOptions> = {}) =>
    dashboard(
      { projectDirectory: PROJECT, environment: {}, progress: SILENT, signal: new AbortController().signal },
      { html, state, metrics, ...options },
    );
  interface Json {
    dashboard: string;
    start: string;
    end: string;
    charts: {
      title: string;
      series: { label: string; latest: number; values: number }[];
      lines: { label: string; now: boolean }[];
    }[];
    alarms: { state: string }[];
    metrics: ReturnType<typeof saveSeries>[];
  }

  test("draws saved metrics up to where they end, and says what it drew", async () => {
    const { exitCode, text, json } = await run({ window: "24h" });
    expect(exitCode).toBe(0);
    expect(text).toBe(
      "quickturn-dev, 2026-11-20 00:00 to 2026-11-21 00:00 UTC, from metrics.json: " +
        `47 charts, 2 without data, 0 beyond a line now.\n\nWritten: ${html}`,
    );
    const { start, end, charts, alarms } = json as Json;
    expect([start, end]).toEqual(["2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z"]);
    expect(
      charts
        .find(({ title }) => title === "Agents' durations, P95 (ms)")!
        .series.map(({ label, values }) => [label, values]),
    ).toEqual([
      ["critic", 288],
      ["planner", 288],
      ["researcher", 288],
    ]);
    expect(new Set(alarms.map((alarm) => alarm.state))).toEqual(new Set(["unknown"]));
    const page = readFileSync(html, "utf8");
    expect(page).toContain("<title>quickturn-dev: no chart is beyond a line now</title>");
    expect(page).not.toContain(folder);
  });

  test("--metrics takes the metrics that --json prints", async () => {
    const first = (await run({ end: "2026-11-20T15:30:00Z" })).json as Json;
    const page = readFileSync(html, "utf8");
    await run({ end: "2026-11-20T15:30:00Z", metrics: file("again.json", first.metrics) });
    expect(readFileSync(html, "utf8").replaceAll("again.json", "metrics.json")).toBe(page);
    expect(first.charts.filter(({ lines }) => lines.some(({ now }) => now)).map(({ title }) => title)).toContain(
      "Worker errors (count)",
    );
  });

  const BROKEN: [string, Partial<DashboardOptions>, string][] = [
    [
      "a state that is not there",
      { state: "nowhere.json" },
      "--state is nowhere.json, and there is no such file or folder; allowed:",
    ],
    [
      "a state without resources",
      { state: file("none.json", { a: 1 }) },
      "It holds 0 resources and 0 dashboards; allowed: what terraform show -json printed",
    ],
    ["a state that is no JSON", { state: file("text.json", "{") }, "text.json cannot be read"],
    ["a broken body", { state: file("broken.json", shownState("{")) }, "is no JSON"],
    [
      "a widget of a type that is not known",
      {
        state: file(
          "log.json",
          shownState({ widgets: [{ type: "log", x: 0, y: 0, width: 1, height: 1, properties: {} }] }),
        ),
      },
      'Widget 1: type is "log"; allowed: text, alarm and metric',
    ],
    [
      "metrics that cannot be read",
      { metrics: file("bad.json", [{ namespace: "N" }]) },
      "bad.json. Entry 1: metric is missing; allowed: text",
    ],
    [
      "metrics without a value",
      { metrics: file("empty.json", []) },
      "empty.json, which has no value, so nothing says where the window ends; allowed: at least one value, or --end",
    ],
    ["a window of seconds", { window: "90s" }, '--window is "90s"; allowed: whole minutes, up to 15d.'],
    ["a window in words", { window: "long" }, '--window is "long"; allowed: a whole number above 0 and its unit'],
    [
      "an end without a zone",
      { end: "2026-11-20T15:30:00" },
      '--end is "2026-11-20T15:30:00"; allowed: a time with its zone',
    ],
  ];
  test.each(BROKEN)("%s is refused, and the message says what is allowed", async (_, options, message) => {
    const refused = run(options);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
  });
});

describe("metrics file", () => {
  const entry = {
    namespace: "N",
    metric: "M",
    dimensions: { D: "v" },
    statistic: "Sum",
    period: 300,
    timestamps: ["2026-11-20T00:05:00Z", 1_795_132_800],
    values: [2, 1],
  };

  test("an entry's values are sorted by time, which is ISO or seconds since 1970", () => {
    expect(parseMetrics([entry])).toEqual([
      {
        namespace: "N",
        metric: "M",
        dimensions: { D: "v" },
        statistic: "Sum",
        periodSeconds: 300,
        points: [
          [1_795_132_800_000, 1],
          [1_795_133_100_000, 2],
        ],
      },
    ]);
  });

  test("GetMetricData's answer is read with what was asked; its results of expressions are left out", () => {
    const asked = {
      Id: "q0",
      MetricStat: {
        Metric: { Namespace: "N", MetricName: "M", Dimensions: [{ Name: "D", Value: "v" }] },
        Period: 300,
        Stat: "Sum",
      },
    };
    const document = {
      MetricDataQueries: [
        asked,
        { Id: "e", Expression: "q0*2" },
        { ...asked, Id: "q1", MetricStat: { ...asked.MetricStat, Stat: "p95" } },
      ],
      MetricDataResults: [
        { Id: "q0", Timestamps: entry.timestamps, Values: entry.values },
        { Id: "e", Timestamps: [], Values: [] },
      ],
    };
    expect(parseMetrics(document)).toEqual([
      ...parseMetrics([entry]),
      { ...parseMetrics([entry])[0]!, statistic: "p95", points: [] },
    ]);
  });

  test("saved series are read unchanged", () => {
    const series = fc.record({
      namespace: fc.constant("N"),
      metric: fc.string({ minLength: 1 }),
      dimensions: fc.dictionary(
        fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"),
        fc.string({ minLength: 1 }),
      ),
      statistic: fc.constant("p95"),
      periodSeconds: fc.integer({ min: 1, max: 86_400 }),
      points: fc
        .uniqueArray(
          fc.tuple(
            fc.integer({ min: 0, max: 4e9 }).map((s) => s * 1_000),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
          ),
          { selector: ([ms]) => ms },
        )
        .map((points) => points.sort(([a], [b]) => a - b)),
    });
    fc.assert(
      fc.property(series, (each: MetricSeries) =>
        expect(parseMetrics(JSON.parse(JSON.stringify([saveSeries(each)])))).toEqual([
          {
            ...each,
            dimensions: { ...each.dimensions },
            points: each.points.map(([ms, value]) => [ms, value + 0 === 0 ? 0 : value]),
          },
        ]),
      ),
    );
  });

  test("the order of dimensions makes no difference", () => {
    const [one] = parseMetrics([{ ...entry, dimensions: { A: "1", B: "2" } }]);
    expect(seriesKey({ ...one!, dimensions: { B: "2", A: "1" } })).toBe(seriesKey(one!));
  });

  test.each<[string, unknown, string]>([
    ["text", "x", 'It is "x"; allowed: a list of {namespace, metric, dimensions'],
    ["an answer without what was asked", { MetricDataResults: [] }, "allowed: a list of {namespace"],
    ["an entry that is a number", [5], "Entry 1 is 5; allowed: an object"],
    ["no metric", [{ ...entry, metric: undefined }], "Entry 1: metric is missing; allowed: text"],
    ["a period in words", [{ ...entry, period: "5m" }], 'Entry 1: period is "5m"; allowed: a whole number from 1 on'],
    ["fewer values", [{ ...entry, values: [1] }], "Entry 1 has 2 timestamps and 1 values; allowed: as many of both"],
    ["a value in words", [{ ...entry, values: [1, "2"] }], 'Entry 1: value 2 is "2"; allowed: a number'],
    [
      "a time without a zone",
      [{ ...entry, timestamps: ["2026-11-20T00:05:00", 5] }],
      'Entry 1: timestamp 1 is "2026-11-20T00:05:00"; allowed: an ISO time with its zone',
    ],
    [
      "milliseconds",
      [{ ...entry, timestamps: [1_795_132_800_000, 5] }],
      "Entry 1: timestamp 1 is 1795132800000; allowed",
    ],
    [
      "one metric twice",
      [entry, entry],
      "Entries 1 and 2 are both the Sum of N M in periods of 300 s; allowed: each once",
    ],
  ])("%s is refused, with the entry and what is allowed", (_, document, message) =>
    expect(() => parseMetrics(document)).toThrow(message),
  );
});
