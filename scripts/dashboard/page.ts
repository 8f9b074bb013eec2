import { count, counted } from "../kit/figures";
import { markdownHtml } from "../kit/markdown";
import { drawing, escapeHtml, folded, htmlPage, htmlTable, section, tiles } from "../kit/page";
import type { AlarmWidget, Widget } from "./applied-dashboard";
import type { ChartData, ChartSeries, LineCheck } from "./chart-data";
import {
  chartSize,
  drawChart,
  figureRows,
  formatBeyond,
  formatDayTime,
  formatFigure,
  formatLatest,
  formatLine,
  formatRange,
  formatTime,
  lineColour,
  SERIES_COLOURS,
} from "./charts";
import { alarmName, type Window } from "./cloudwatch";
import { DASHBOARD_STYLE } from "./style";

/** A dashboard with its values. */
export interface DashboardReport {
  /** As CloudWatch lists it. */
  readonly name: string;
  /** Where the values are from, for a person. */
  readonly source: string;
  readonly window: Window;
  /** In reading order. */
  readonly widgets: readonly Widget[];
  /** By the number of the chart among `widgets`. */
  readonly charts: ReadonlyMap<number, ChartData>;
  /** OK, ALARM or INSUFFICIENT_DATA by the alarm's name. Undefined where CloudWatch was not asked. */
  readonly alarmStates: ReadonlyMap<string, string> | undefined;
}

/** The dashboard as one HTML file. */
export async function dashboardPage(report: DashboardReport): Promise<string> {
  const { name, source, window, widgets, charts } = report;
  const cards: string[] = [];
  for (const [index, widget] of widgets.entries()) {
    const id = `w${index}`;
    if (widget.type === "text")
      cards.push(placeWidget(widget, { element: "div", kind: "text", id, html: markdownHtml(widget.markdown) }));
    else if (widget.type === "alarm") cards.push(alarmCard(widget, report, id));
    else cards.push(await chartCard(charts.get(index)!, id, window));
  }
  return htmlPage({
    title: `${name}: ${headline([...charts.values()])}`,
    subtitle: `${formatDayTime(window.startMs)} to ${formatDayTime(window.endMs)} UTC, from ${source}`,
    style: DASHBOARD_STYLE,
    sections: [
      overview(report),
      contents(widgets),
      beyondLists(report),
      `<div class="board">\n${cards.join("\n")}\n</div>`,
      section(
        "How to read it",
        "<p>A headline is the latest period that has ended; the range beside it is of the whole window. " +
          "A headline in colour is beyond a line: red where the line is critical, else orange. " +
          "That is not yet an alarm: most alarms ask for several periods. All times are UTC.</p>",
      ),
    ],
  });
}

const linesPassedNow = ({ lines }: ChartData): readonly LineCheck[] => lines.filter(({ now }) => now);
const isBeyondNow = (chart: ChartData): boolean => linesPassedNow(chart).length > 0;
const wasBeyond = ({ lines }: ChartData): boolean => lines.some(({ periods }) => periods > 0);

/** What matters most, for the title. */
function headline(charts: readonly ChartData[]): string {
  if (charts.every(({ series }) => series.length === 0)) return "no data";
  const now = charts.filter(isBeyondNow).length;
  return now === 0 ? "no chart is beyond a line now" : `${counted(now, "chart")} beyond a line now`;
}

function overview({ widgets, charts, alarmStates }: DashboardReport): string {
  const all = [...charts.values()];
  const alarms = widgets.flatMap((widget) => (widget.type === "alarm" ? widget.arns.map(alarmName) : []));
  const ringing = alarms.filter((alarm) => alarmStates?.get(alarm) === "ALARM").length;
  const withLines = all.filter(({ widget }) => widget.lines.length > 0).length;
  return tiles([
    {
      name: "beyond a line now",
      value: count(all.filter(isBeyondNow).length),
      note: `of ${counted(withLines, "chart")} with lines`,
    },
    { name: "beyond one in the window", value: count(all.filter(wasBeyond).length), note: "at least for a period" },
    {
      name: "without data",
      value: count(all.filter(({ series }) => series.length === 0).length),
      note: `of ${counted(all.length, "chart")}`,
    },
    alarmStates
      ? { name: "alarms that ring", value: count(ringing), note: `of ${counted(alarms.length, "alarm")}` }
      : { name: "alarms", value: count(alarms.length), note: "state unknown: saved metrics have none" },
  ]);
}

/** Links to the parts of the dashboard, which begin with a text's heading. */
function contents(widgets: readonly Widget[]): string {
  const links = widgets.flatMap((widget, index) => {
    const [, heading] = (widget.type === "text" && /^#+ +([^:\n]+)/m.exec(widget.markdown)) || [];
    return heading === undefined ? [] : [`<a href="#w${index}">${escapeHtml(heading)}</a>`];
  });
  return links.length === 0 ? "" : `<nav aria-label="Contents">${links.join("")}</nav>`;
}

/** A chart's title without its unit, which stands at each of its values. */
const titleOf = ({ title, unit }: ChartData["widget"]): string =>
  title.endsWith(` (${unit})`) ? title.slice(0, -` (${unit})`.length) : title;

/** Links to the charts that are beyond a line now, and to those that were. */
function beyondLists({ charts, window }: DashboardReport): string {
  const list = (
    heading: string,
    listed: readonly (readonly [number, ChartData])[],
    describe: (chart: ChartData) => string,
  ) => {
    const items = listed.map(
      ([index, chart]) => `<li><a href="#w${index}">${escapeHtml(titleOf(chart.widget))}</a>: ${describe(chart)}</li>`,
    );
    return items.length === 0 ? [] : [section(heading, `<ul class="list">${items.join("")}</ul>`)];
  };
  const all = [...charts];
  return [
    ...list(
      "Beyond a line now",
      all.filter(([, chart]) => isBeyondNow(chart)),
      (chart) => {
        const passed = linesPassedNow(chart);
        const beyond = escapeHtml(formatBeyond(passed, chart.widget.unit));
        return `<b class="${severity(passed)}">${escapeHtml(formatLatest(chart))}</b>, ${beyond}`;
      },
    ),
    ...list(
      "Beyond a line earlier in the window",
      all.filter(([, chart]) => !isBeyondNow(chart) && wasBeyond(chart)),
      (chart) => escapeHtml(describePast(chart, window)),
    ),
  ].join("\n");
}

/** Red where a critical line is passed. */
const severity = (lines: readonly LineCheck[]): "bad" | "unsure" =>
  lines.some(({ line }) => line.color.toLowerCase() === "#d62728") ? "bad" : "unsure";

/** The HTML of a widget, at its place in the grid. */
function placeWidget(
  { x, y, width, height }: Widget,
  card: { readonly element: "div" | "section"; readonly kind: string; readonly id: string; readonly html: string },
): string {
  const { element, kind, id, html } = card;
  const area = `grid-area:${y + 1}/${x + 1}/span ${height}/span ${width}`;
  return `<${element} id="${id}" class="${kind}${width > 12 ? " wide" : ""}" style="${area}">${html}</${element}>`;
}

async function chartCard(chart: ChartData, id: string, window: Window): Promise<string> {
  const { widget, series, lines, notes } = chart;
  const html = [
    `<h3>${escapeHtml(titleOf(widget))}</h3>`,
    series.length === 0 ? `<p class="empty">no data</p>` : await chartValues(chart, id, window),
    ...(lines.length === 0 ? [] : [lineKeys(chart)]),
    ...notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`),
  ];
  if (series.length > 0) {
    const head = ["UTC", ...series.map(({ label }) => label)];
    html.push(folded("Figures", htmlTable(`Figures of ${widget.title}`, head, figureRows(chart))));
  }
  const kind = isBeyondNow(chart) ? `card ${severity(linesPassedNow(chart))}` : "card";
  return placeWidget(widget, { element: "section", kind, id, html: html.join("\n") });
}

/** The figures of a chart, what is beyond its lines, and its drawing. */
async function chartValues(chart: ChartData, id: string, window: Window): Promise<string> {
  const { series, widget } = chart;
  const head = series.length === 1 ? singleFigure(series[0]!, widget.unit) : seriesKeys(series, widget.unit);
  const svg = await drawing(drawChart(chart, id, window), chartSize(widget));
  return `${head}${chips(chart, window)}<figure>${svg}</figure>`;
}

const rangeHtml = (series: ChartSeries, unit: string): string => {
  const isConstant = series.minimum === series.maximum;
  const text = isConstant ? `always ${formatFigure(series.minimum, unit)}` : formatRange(series, unit);
  return `<span>${escapeHtml(text)}</span>`;
};

const figureHtml = ({ latest }: ChartSeries, unit: string): string =>
  `<b>${escapeHtml(formatFigure(latest, unit))}</b>`;

const singleFigure = (series: ChartSeries, unit: string): string =>
  `<p class="now">${figureHtml(series, unit)}${rangeHtml(series, unit)}</p>`;

function seriesKeys(series: readonly ChartSeries[], unit: string): string {
  const items = series.map((each, index) => {
    const style = index >= SERIES_COLOURS.length ? ' class="dash"' : "";
    const key = `<i style="border-color:var(--s${index % SERIES_COLOURS.length})"${style}></i>`;
    return `<li>${key}${escapeHtml(each.label)} ${figureHtml(each, unit)} ${rangeHtml(each, unit)}</li>`;
  });
  return `<ul class="keys">${items.join("")}</ul>`;
}

/** All lines that are passed now; if there are none, the worst of those that were. */
function chips(chart: ChartData, window: Window): string {
  const now = linesPassedNow(chart).map(
    (line) => `<span class="chip ${severity([line])}">${escapeHtml(formatBeyond([line], chart.widget.unit))}</span>`,
  );
  const past = describePast(chart, window);
  if (now.length === 0 && past !== "") now.push(`<span class="chip past">${escapeHtml(past)}</span>`);
  return now.length === 0 ? "" : `<p class="chips">${now.join("")}</p>`;
}

const DAY_MS = 86_400_000;

/** `was above worker-errors 5 in 21 of 288 periods; 19 at 14:50`; empty where no value was beyond a line. */
function describePast({ lines, widget: { unit } }: ChartData, { startMs, endMs }: Window): string {
  const passed = lines.filter(({ periods }) => periods > 0);
  const worst = passed.find((line) => severity([line]) === "bad") ?? passed[0];
  if (!worst?.worst) return "";
  const [ms, value] = worst.worst;
  const time = endMs - startMs > DAY_MS ? formatDayTime(ms) : formatTime(ms);
  const periods = `${count(worst.periods)} of ${counted(worst.ofPeriods, "period")}`;
  return `was ${formatBeyond([worst], unit)} in ${periods}; ${formatFigure(value, unit)} at ${time}`;
}

function lineKeys({ lines, widget }: ChartData): string {
  const items = lines.map(({ line }) => {
    const key = `<i class="dash" style="border-color:${lineColour(line.color).variable}"></i>`;
    return `<li>${key}${escapeHtml(formatLine(line, widget.unit))}</li>`;
  });
  return `<ul class="keys lines">${items.join("")}</ul>`;
}

const STATES: Readonly<Record<string, { readonly text: string; readonly kind: string }>> = {
  ALARM: { text: "in alarm", kind: "bad" },
  OK: { text: "ok", kind: "good" },
  INSUFFICIENT_DATA: { text: "no data", kind: "" },
};

function alarmCard(widget: AlarmWidget, { name, alarmStates, charts }: DashboardReport, id: string): string {
  const items = widget.arns.map(alarmName).map((alarm) => {
    const state = STATES[alarmStates?.get(alarm) ?? ""];
    // Every alarm's name begins with the deployment's, which stands above.
    const short = alarm.startsWith(`${name}-`) ? alarm.slice(name.length + 1) : alarm;
    const text = alarmStates ? `${short}: ${state?.text ?? "not there"}` : short;
    const [chart] = [...charts].find(([, { lines }]) => lines.some(({ line }) => line.label === short)) ?? [];
    const shown = chart === undefined ? escapeHtml(text) : `<a href="#w${chart}">${escapeHtml(text)}</a>`;
    return `<li class="${state?.kind ?? ""}">${shown}</li>`;
  });
  const html = [
    `<h3>${escapeHtml(widget.title)} (${count(items.length)})</h3>`,
    items.length === 0 ? `<p class="note">There is no alarm.</p>` : `<ul class="alarms">${items.join("")}</ul>`,
    alarmStates ? "" : `<p class="note">State unknown: only CloudWatch knows it, and these are saved metrics.</p>`,
  ];
  return placeWidget(widget, { element: "section", kind: "card", id, html: html.join("") });
}
