import { counted } from "../kit/figures";
import { figureText, markText, dayTime } from "./charts";
import { type DashboardReport, alarmName, dashboardPage } from "./page";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { clientConfiguration, type AwsPlace } from "../kit/aws-client";
import { basename, resolve } from "node:path";
import { appliedDashboard } from "./applied-dashboard";
import { parseBody, type Widget } from "./body";
import { chartData, type Metrics, type Window } from "./chart";
import { parseMetrics, savedSeries, seriesKey, type MetricSeries, seriesQueries } from "./metrics";
import { readJson, writeReport } from "../kit/files";
import { metricSeries } from "./metric-series";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { openGivenState } from "../kit/deployed-stack";
import { prepareTerraform } from "../kit/prepared-terraform";
import { parseDurationSeconds, parseTimeMs } from "../kit/given-setting";

/** What `quickturn dashboard` says of a page beside the page: what is beyond a line now, and where the page is. */
export function describeDashboard({ name, source, window, charts }: DashboardReport, path: string): string {
  const all = [...charts.values()];
  const empty = all.filter(({ series }) => series.length === 0).length;
  const beyond = all.flatMap(({ widget, series, lines }) => {
    const now = lines.filter((line) => line.now);
    if (now.length === 0) return [];
    const latest = series.map((each) => figureText(each.latest, widget.unit)).join(", ");
    return [
      `  ${widget.title}: ${latest}, ${now.map(({ beyond: side, line }) => `${side} ${line.label} ${markText(line.value, widget.unit)}`).join(", ")}`,
    ];
  });
  return [
    `${name}, ${dayTime(window.startMs)} to ${dayTime(window.endMs)} UTC, from ${source}: ${counted(all.length, "chart")}, ${empty} without data, ${beyond.length} beyond a line now.`,
    ...beyond,
    "",
    `Written: ${path}`,
  ].join("\n");
}

/** Names that DescribeAlarms takes at once (CloudWatch API reference). */
const NAMES_A_CALL = 100;

/**
 * The states of alarms by name: OK, ALARM or INSUFFICIENT_DATA. An alarm that is not there is left out. Throws with the
 * region and what it takes.
 */
export async function alarmStates(
  place: AwsPlace,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const client = new CloudWatchClient(clientConfiguration(place, "CLOUDWATCH"));
  const states = new Map<string, string>();
  try {
    for (let from = 0; from < names.length; from += NAMES_A_CALL) {
      const { MetricAlarms: metric = [], CompositeAlarms: composite = [] } = await client.send(
        new DescribeAlarmsCommand({
          AlarmNames: names.slice(from, from + NAMES_A_CALL),
          AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
          MaxRecords: NAMES_A_CALL,
        }),
        { abortSignal: signal },
      );
      for (const { AlarmName: name, StateValue: state } of [...metric, ...composite])
        if (name !== undefined && state !== undefined) states.set(name, state);
    }
    return states;
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { name, message } = cause as Error;
    throw new Error(
      `CloudWatch in ${place.region} does not answer DescribeAlarms (${name}: ${message}). It takes credentials with cloudwatch:DescribeAlarms; or give saved metrics by --metrics.`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}

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
  /** Such as 3h, which is the default. */
  readonly window?: string;
}

const DEFAULT_WINDOW = "3h";
/**
 * CloudWatch keeps periods of a minute for 15 days (CloudWatch user guide, "Metrics retention"), and one chart has
 * them.
 */
const MAX_WINDOW_SECONDS = 15 * 86_400;
const MINUTE_MS = 60_000;

/** Draws the applied dashboard as one HTML file, from CloudWatch's metrics or from saved ones. */
export async function dashboard(context: CommandContext, options: DashboardOptions): Promise<CommandResult> {
  const lengthSeconds = windowSeconds(options.window ?? DEFAULT_WINDOW);
  const endMs = options.end === undefined ? undefined : parseTimeMs("end", options.end);
  const saved =
    options.metrics === undefined
      ? undefined
      : asked(`--metrics is ${options.metrics}`, () =>
          parseMetrics(readJson(resolve(options.metrics!), "metrics file")),
        );
  const { name, widgets } = await applied(context, options.state);
  const end = endMs ?? (saved ? lastEnd(saved, options.metrics!) : floor(Date.now()));
  const window = { startMs: end - lengthSeconds * 1_000, endMs: end };
  const read = saved
    ? { series: saved, evaluated: [], states: undefined }
    : await fromCloudWatch(context, widgets, window);
  const charts = new Map(
    widgets.flatMap((widget, number) =>
      widget.type === "metric" ? [[number, chartData(widget, number, read, window)] as const] : [],
    ),
  );
  const report: DashboardReport = {
    name,
    source: saved ? basename(options.metrics!) : `CloudWatch in ${regionsOf(widgets).join(", ") || "no region"}`,
    window,
    widgets,
    charts,
    alarmStates: read.states,
  };
  writeReport(resolve(options.html), await dashboardPage(report));
  return { exitCode: 0, text: describeDashboard(report, options.html), json: summary(report, read.series) };
}

function windowSeconds(text: string): number {
  const seconds = parseDurationSeconds("window", text);
  if (seconds % 60 > 0 || seconds > MAX_WINDOW_SECONDS)
    throw new UsageError(`--window is ${JSON.stringify(text)}; allowed: whole minutes, up to 15d.`);
  return seconds;
}

/** What a judge says of a file, as the person's to mend. */
function asked<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof UsageError ? cause : new UsageError(`${what}. ${(cause as Error).message}`, { cause });
  }
}

async function applied(
  context: CommandContext,
  state: string | undefined,
): Promise<{ readonly name: string; readonly widgets: readonly Widget[] }> {
  const document = await shown(context, state);
  return asked(state === undefined ? "The project's own stack was read" : `--state is ${state}`, () => {
    const { name, body } = appliedDashboard(document);
    return { name, widgets: parseBody(body) };
  });
}

async function shown(context: CommandContext, state: string | undefined): Promise<unknown> {
  if (state === undefined) return (await prepareTerraform(context)).show();
  const given = openGivenState(context, state, "what terraform show -json printed");
  return given.kind === "stack" ? given.terraform.show() : given.document;
}

const floor = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/** Where the latest period ends, so that the same file makes the same page at any time. */
function lastEnd(series: readonly MetricSeries[], path: string): number {
  const ends = series.flatMap(({ points, periodSeconds }) =>
    points.length === 0 ? [] : [points.at(-1)![0] + periodSeconds * 1_000],
  );
  if (ends.length === 0)
    throw new UsageError(
      `--metrics is ${path}, which has no value, so nothing says where the window ends; allowed: at least one value, or --end <time>.`,
    );
  return ends.reduce((latest, end) => Math.max(latest, end));
}

const regionsOf = (widgets: readonly Widget[]): string[] =>
  [...new Set(widgets.flatMap((widget) => (widget.type === "metric" ? [widget.region] : [])))].sort();

async function fromCloudWatch(
  { environment, signal, progress }: CommandContext,
  widgets: readonly Widget[],
  window: Window,
): Promise<Metrics & { readonly states: ReadonlyMap<string, string> }> {
  const calls = seriesQueries(widgets);
  const answers = await progress.step(
    "Read the metrics",
    () =>
      Promise.all(
        calls.map(({ region, queries }) => metricSeries({ environment, region, queries, ...window, signal })),
      ),
    (all) => counted(all.flatMap(({ series }) => series).length, "metric"),
  );
  const arns = widgets.flatMap((widget) => (widget.type === "alarm" ? widget.arns : []));
  const regionOf = (arn: string) => arn.split(":")[3] ?? "";
  const states = await Promise.all(
    [...new Set(arns.map(regionOf))].map((region) =>
      alarmStates({ environment, region }, arns.filter((arn) => regionOf(arn) === region).map(alarmName), signal),
    ),
  );
  // A metric that charts of two calls have was read twice.
  const series = [
    ...new Map(answers.flatMap((answer) => answer.series).map((each) => [seriesKey(each), each])).values(),
  ];
  return {
    series,
    evaluated: answers.flatMap(({ evaluated }) => evaluated),
    states: new Map(states.flatMap((each) => [...each])),
  };
}

/** For programs; `metrics` is what --metrics takes. */
function summary(
  { name, source, window, charts, widgets, alarmStates: states }: DashboardReport,
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
      .map((alarm) => ({ name: alarm, state: states?.get(alarm) ?? "unknown" })),
    metrics: series.map(savedSeries),
  };
}
