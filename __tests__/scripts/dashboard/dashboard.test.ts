import { describeDashboard, dashboard, type DashboardOptions, alarmStates } from "../../../scripts/dashboard/dashboard";
import type { ChartData } from "../../../scripts/dashboard/chart";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError, SILENT } from "../../../scripts/kit/context";
import { savedSeries, type SavedSeries } from "../../../scripts/dashboard/metrics";
import { demoMetrics } from "../../support/dashboard-metrics";
import { shownState } from "../../support/dashboard-state";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";
import { answeringServer, type Answer } from "../../support/answering-server";

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

  test("says what is beyond its line, how much is without data, and where the page is", () => {
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
      "d, 1970-01-01 00:00 to 1970-01-01 01:00 UTC, from m.json: 3 charts, 1 without data, 1 beyond a line now.\n  Worker errors (count): 9, above worker-errors 5\n\nWritten: x.html",
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
  const metrics = file("metrics.json", demoMetrics().map(savedSeries));
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
    metrics: SavedSeries[];
  }

  test("writes the page of saved metrics, which ends where they end, and says what it drew", async () => {
    const { exitCode, text, json } = await run({ window: "24h" });
    expect(exitCode).toBe(0);
    expect(text).toBe(
      `quickturn-dev, 2026-11-20 00:00 to 2026-11-21 00:00 UTC, from metrics.json: 47 charts, 2 without data, 0 beyond a line now.\n\nWritten: ${html}`,
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

  test("what --json prints as metrics is what --metrics takes", async () => {
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
      "a state that is none",
      { state: file("none.json", { a: 1 }) },
      "It holds no resources; allowed: what terraform show -json printed",
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
      'Widget 1 has the type "log"; allowed: text, alarm and metric',
    ],
    [
      "metrics that are none",
      { metrics: file("bad.json", [{ namespace: "N" }]) },
      "bad.json. Entry 1's metric is missing; allowed: text",
    ],
    [
      "metrics without a value",
      { metrics: file("empty.json", []) },
      "empty.json, which has no value, so nothing says where the window ends; allowed: at least one value, or --end <time>.",
    ],
    ["a window of seconds", { window: "90s" }, '--window is "90s"; allowed: whole minutes, up to 15d.'],
    ["a window in words", { window: "long" }, '--window is "long"; allowed: a whole number above 0 and its unit'],
    [
      "an end without a zone",
      { end: "2026-11-20T15:30:00" },
      '--end is "2026-11-20T15:30:00"; allowed: a time with its zone',
    ],
  ];
  test.each(BROKEN)("%s is refused: which, what was given, what is allowed", async (_, options, message) => {
    const refused = run(options);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
  });
});

describe("alarm states", () => {
  let answer: (count: number) => Answer;
  let server: Awaited<ReturnType<typeof answeringServer>>;
  beforeAll(async () => (server = await answeringServer((_, count) => answer(count))));
  afterAll(() => server.stop());
  beforeEach(() => (server.asked.length = 0));
  const json = { "content-type": "application/x-amz-json-1.0" };
  const ask = (names: readonly string[]) =>
    alarmStates(
      {
        region: "us-east-1",
        environment: { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      },
      names,
      new AbortController().signal,
    );

  test("alarms of both kinds are asked by name, a hundred a call", async () => {
    answer = (count) => ({
      headers: json,
      body: JSON.stringify(
        count === 1
          ? {
              MetricAlarms: [{ AlarmName: "n0", StateValue: "OK" }],
              CompositeAlarms: [{ AlarmName: "n1", StateValue: "ALARM" }],
            }
          : { MetricAlarms: [{ AlarmName: "n100", StateValue: "INSUFFICIENT_DATA" }] },
      ),
    });
    const names = Array.from({ length: 101 }, (_, index) => `n${index}`);
    expect(await ask(names)).toEqual(
      new Map([
        ["n0", "OK"],
        ["n1", "ALARM"],
        ["n100", "INSUFFICIENT_DATA"],
      ]),
    );
    const asked = server.asked.map(({ body }) => JSON.parse(body) as { AlarmNames: string[]; AlarmTypes: string[] });
    expect(asked.map(({ AlarmNames }) => AlarmNames.length)).toEqual([100, 1]);
    expect(asked[0]!.AlarmTypes).toEqual(["MetricAlarm", "CompositeAlarm"]);
  });

  test("without a name nobody is asked", async () => {
    expect(await ask([])).toEqual(new Map());
    expect(server.asked).toEqual([]);
  });

  test("a refused call is told with the region, AWS's words and what to do", async () => {
    answer = () => ({
      status: 403,
      headers: { ...json, "x-amzn-query-error": "AccessDenied;Sender" },
      body: JSON.stringify({ __type: "AccessDenied", message: "not you" }),
    });
    await expect(ask(["a"])).rejects.toThrow(
      /^CloudWatch in us-east-1 does not answer DescribeAlarms \(AccessDenied\w*: not you\)\. It takes credentials with cloudwatch:DescribeAlarms; or give saved metrics by --metrics\.$/,
    );
  });
});
