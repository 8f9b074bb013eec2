import { basename, resolve } from "node:path";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { counted } from "../kit/figures";
import { readJson, writeReport } from "../kit/files";
import { parseDurationSeconds, parseTimeMs } from "../kit/given-setting";
import { openGivenState } from "../kit/deployed-stack";
import { prepareTerraform } from "../kit/prepared-terraform";
import { JsonObject, listCharts, readAppliedDashboard, readNumber, refusal } from "./applied-dashboard";
import { evaluateCharts } from "./chart-data";
import { formatBeyond, formatDayTime, formatLatest } from "./charts";
import { alarmName, readCloudWatch, seriesKey, type MetricSeries, type Point } from "./cloudwatch";
import { dashboardPage, type DashboardReport } from "./page";

export interface DashboardOptions {
  /** Where to write the page. */
  readonly html: string;
  /**
   * Folder of an initialized stack, or a file with what `terraform show -json` printed. Default: the project's own
   * stack.
   */
  readonly state?: string;
  /** Saved metrics. Default: CloudWatch is asked. */
  readonly metrics?: string;
  /** ISO time at which the window ends. Default: with saved metrics the end of their latest period, else now. */
  readonly end?: string;
  /** Length of the window. Default: 3h. */
  readonly window?: string;
}

/**
 * CloudWatch keeps periods of a minute for 15 days (CloudWatch user guide, "Metrics retention"), and one chart has
 * them.
 */
const MAX_WINDOW_SECONDS = 15 * 86_400;
const MINUTE_MS = 60_000;

/** Draws the applied dashboard as one HTML file, from CloudWatch's metrics or from saved ones. */
export async function dashboard(context: CommandContext, options: DashboardOptions): Promise<CommandResult> {
  const { metrics: path, state } = options;
  const lengthSeconds = parseWindow(options.window ?? "3h");
  const givenEndMs = options.end === undefined ? undefined : parseTimeMs("end", options.end);
  const saved =
    path === undefined
      ? undefined
      : explainUsage(`--metrics is ${path}`, () => parseMetrics(readJson(resolve(path), "metrics file")));
  const document = await readDocument(context, state);
  const { name, widgets } = explainUsage(
    state === undefined ? "The project's own stack was read" : `--state is ${state}`,
    () => readAppliedDashboard(document),
  );
  const endMs = givenEndMs ?? (saved ? findEnd(saved, path) : Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
  const window = { startMs: endMs - lengthSeconds * 1_000, endMs };
  const metrics = saved
    ? { series: saved, evaluated: [], alarmStates: undefined }
    : await readCloudWatch(context, widgets, window);
  const regions = new Set(listCharts(widgets).map(({ widget }) => widget.region));
  const report: DashboardReport = {
    name,
    source: path === undefined ? `CloudWatch in ${[...regions].sort().join(", ") || "no region"}` : basename(path),
    window,
    widgets,
    charts: evaluateCharts(widgets, metrics, window),
    alarmStates: metrics.alarmStates,
  };
  writeReport(resolve(options.html), await dashboardPage(report));
  return { exitCode: 0, text: describeDashboard(report, options.html), json: summarize(report, metrics.series) };
}

function parseWindow(text: string): number {
  const seconds = parseDurationSeconds("window", text);
  if (seconds % 60 > 0 || seconds > MAX_WINDOW_SECONDS)
    throw new UsageError(`--window is ${JSON.stringify(text)}; allowed: whole minutes, up to 15d.`);
  return seconds;
}

/** Makes an error in what the user gave a {@link UsageError}. */
function explainUsage<T>(given: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof UsageError ? cause : new UsageError(`${given}. ${(cause as Error).message}`, { cause });
  }
}

async function readDocument(context: CommandContext, state: string | undefined): Promise<unknown> {
  if (state === undefined) return (await prepareTerraform(context)).show();
  const given = await openGivenState(context, state, "what terraform show -json printed");
  return given.kind === "stack" ? given.terraform.show() : given.document;
}

/** The end of the latest period, so that the same file makes the same page at any time. */
function findEnd(series: readonly MetricSeries[], path: string | undefined): number {
  const ends = series.flatMap(({ points, periodSeconds }) =>
    points.slice(-1).map(([ms]) => ms + periodSeconds * 1_000),
  );
  if (ends.length === 0)
    throw new UsageError(
      `--metrics is ${path}, which has no value, so nothing says where the window ends; allowed: at least one value, ` +
        "or --end <time>.",
    );
  return ends.reduce((latest, end) => Math.max(latest, end));
}

/** What the terminal says beside the page: what is beyond a line now, and where the page is. */
export function describeDashboard({ name, source, window, charts }: DashboardReport, path: string): string {
  const all = [...charts.values()];
  const beyond = all.flatMap((chart) => {
    const passed = chart.lines.filter(({ now }) => now);
    const { title, unit } = chart.widget;
    return passed.length === 0 ? [] : [`  ${title}: ${formatLatest(chart)}, ${formatBeyond(passed, unit)}`];
  });
  const empty = all.filter(({ series }) => series.length === 0).length;
  return [
    `${name}, ${formatDayTime(window.startMs)} to ${formatDayTime(window.endMs)} UTC, from ${source}: ` +
      `${counted(all.length, "chart")}, ${empty} without data, ${beyond.length} beyond a line now.`,
    ...beyond,
    "",
    `Written: ${path}`,
  ].join("\n");
}

/** The result for programs; `metrics` is what --metrics takes. */
function summarize(
  { name, source, window, charts, widgets, alarmStates }: DashboardReport,
  series: readonly MetricSeries[],
) {
  return {
    dashboard: name,
    source,
    start: new Date(window.startMs).toISOString(),
    end: new Date(window.endMs).toISOString(),
    charts: [...charts.values()].map(({ widget, series: lines, lines: checks, notes }) => ({
      title: widget.title,
      unit: widget.unit,
      notes,
      series: lines.map(({ label, latest, minimum, maximum, points }) => ({
        label,
        latest,
        minimum,
        maximum,
        values: points.length,
      })),
      lines: checks.map(({ line, beyond = null, now, periods }) => ({
        label: line.label,
        value: line.value,
        beyond,
        now,
        periods,
      })),
    })),
    alarms: widgets
      .flatMap((widget) => (widget.type === "alarm" ? widget.arns.map(alarmName) : []))
      .map((alarm) => ({ name: alarm, state: alarmStates?.get(alarm) ?? "unknown" })),
    metrics: series.map(saveSeries),
  };
}

/** An entry of a metrics file. */
export function saveSeries({ periodSeconds, points, ...source }: MetricSeries) {
  return {
    ...source,
    period: periodSeconds,
    timestamps: points.map(([ms]) => new Date(ms).toISOString()),
    values: points.map(([, value]) => value),
  };
}

/**
 * Reads the series in a metrics file: a list of what {@link saveSeries} makes, or a question to GetMetricData with its
 * answer. Throws with the entry, the field, what was given and what is allowed.
 */
export function parseMetrics(document: unknown): readonly MetricSeries[] {
  const entries = Array.isArray(document)
    ? document.map((entry: unknown, index) => new JsonObject(entry, `Entry ${index + 1}`))
    : listEntries(document);
  const series = entries.map(parseEntry);
  const keys = series.map(seriesKey);
  for (const [index, each] of series.entries()) {
    const first = keys.indexOf(keys[index]!);
    if (first !== index)
      throw new Error(
        `Entries ${first + 1} and ${index + 1} are both the ${each.statistic} of ${each.namespace} ${each.metric} in ` +
          `periods of ${each.periodSeconds} s; allowed: each once.`,
      );
  }
  return series;
}

/** GetMetricData's answer as entries. Its answer names no metrics, so the question stands beside it. */
function listEntries(document: unknown): JsonObject[] {
  const { MetricDataQueries: queries, MetricDataResults: results } = (document ?? {}) as Record<string, unknown>;
  if (!Array.isArray(queries) || !Array.isArray(results))
    throw refusal(
      "It",
      document,
      "a list of {namespace, metric, dimensions, statistic, period, timestamps, values}, or {MetricDataQueries, " +
        "MetricDataResults} with what GetMetricData was asked and what it answered",
    );
  const answers = results.map((result: unknown, index) => new JsonObject(result, `Result ${index + 1}`).fields);
  return queries.flatMap((each: unknown, index) => {
    const query = new JsonObject(each, `Query ${index + 1}`);
    // Results of expressions are left out: they are evaluated here again.
    if (query.fields["MetricStat"] === undefined) return [];
    const { Period: period, Stat: statistic } = query.object("MetricStat").fields;
    const metric = query.object("MetricStat").object("Metric");
    const dimensions = metric.list("Dimensions", []).map((pair) => {
      const dimension = new JsonObject(pair, `${metric.name}: Dimensions`);
      return [dimension.text("Name"), dimension.text("Value")];
    });
    const answer = answers.find(({ Id: id }) => id === query.fields["Id"]);
    const entry = {
      namespace: metric.text("Namespace"),
      metric: metric.text("MetricName"),
      dimensions: Object.fromEntries(dimensions) as object,
      statistic,
      period,
      timestamps: answer?.["Timestamps"] ?? [],
      values: answer?.["Values"] ?? [],
    };
    return [new JsonObject(entry, query.name)];
  });
}

function parseEntry(entry: JsonObject): MetricSeries {
  const dimensions = entry.object("dimensions", {});
  return {
    namespace: entry.text("namespace"),
    metric: entry.text("metric"),
    dimensions: Object.fromEntries(Object.keys(dimensions.fields).map((name) => [name, dimensions.text(name)])),
    statistic: entry.text("statistic"),
    periodSeconds: entry.wholeNumber("period", 1),
    points: parsePoints(entry),
  };
}

function parsePoints(entry: JsonObject): readonly Point[] {
  const [timestamps, values] = [entry.list("timestamps"), entry.list("values")];
  if (timestamps.length !== values.length)
    throw new Error(
      `${entry.name} has ${timestamps.length} timestamps and ${values.length} values; allowed: as many of both.`,
    );
  return timestamps
    .map((timestamp, index): Point => {
      const name = (what: string) => `${entry.name}: ${what} ${index + 1}`;
      return [parseTimestamp(timestamp, name("timestamp")), readNumber(values[index], name("value"))];
    })
    .sort(([left], [right]) => left - right);
}

/** Milliseconds since 1970. Seconds are below 1e11, so that milliseconds are not taken for them. */
function parseTimestamp(value: unknown, name: string): number {
  if (typeof value === "number" && value >= 0 && value < 1e11) return value * 1_000;
  const isTime = typeof value === "string" && /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:?\d{2})$/.test(value);
  const ms = isTime ? Date.parse(value) : NaN;
  if (Number.isNaN(ms))
    throw refusal(name, value, "an ISO time with its zone, such as 2026-11-21T12:00:00Z, or seconds since 1970");
  return ms;
}
