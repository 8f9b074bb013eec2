import {
  CARD,
  SERIES_COLOURS,
  chartSize,
  dashboardChart,
  figureRows,
  lineColour,
  clock,
  dayTime,
  figureText,
  markText,
} from "./charts";
import { darkDrawings, COLOURS, drawing, escapeHtml, folded, htmlPage, htmlTable, section, tiles } from "../kit/page";
import type { AlarmWidget, Widget } from "./body";
import type { ChartData, ChartSeries, Window } from "./chart";
import type { LineCheck } from "./applied-dashboard";
import { count, counted } from "../kit/figures";
import { markdownHtml } from "../kit/markdown";

const variables = (scheme: "light" | "dark"): string =>
  SERIES_COLOURS.map((colour, index) => `--s${index}:${colour[scheme]}`).join(";");
const darkSeries = darkDrawings([...SERIES_COLOURS, CARD]);

/** CSS of the dashboard: 24 columns, on a tablet two cards a row, on a phone one. */
export const DASHBOARD_STYLE = `
:root{${variables("light")};--tint:#fdecea;--tint2:#fdf1e3}
main{max-width:1480px}
.board{display:grid;grid-template-columns:repeat(24,minmax(0,1fr));gap:12px;margin-top:18px}
.board>*{margin:0;min-width:0}
.board .text{padding:4px 2px 0;overflow-wrap:anywhere}
.board .text h2{margin:18px 0 0;font-size:1.25rem}
.board .text h2:first-child{margin-top:8px}
.board .text p{color:var(--muted);font-size:.9rem;margin:6px 0 0}
.board section{padding:14px 14px 12px;display:flex;flex-direction:column;scroll-margin-top:12px}
.board section:target{outline:2px solid var(--link);outline-offset:2px}
.board h3{overflow-wrap:anywhere;font-size:.95rem;line-height:1.35}
.now{margin:6px 0 0;font-variant-numeric:tabular-nums;line-height:1.3}
.now b{font-size:1.5rem;font-weight:650;margin-right:8px}
.now span{color:var(--muted);font-size:.82rem;white-space:nowrap}
.chip{display:inline-block;font-size:.8rem;border-radius:6px;padding:2px 8px;margin:6px 6px 0 0}
.chips{margin:0}
.past{color:var(--muted);border:1px solid var(--edge)}
.bad{border-color:var(--warning)}.unsure{border-color:var(--unsure)}
.bad .now b,.list .bad{color:var(--warning)}.unsure .now b,.list .unsure{color:var(--unsure)}
.chip.bad{background:var(--tint);color:var(--warning)}.chip.unsure{background:var(--tint2);color:var(--unsure)}
.keys{list-style:none;margin:6px 0 0;padding:0;font-size:.82rem;color:var(--muted);font-variant-numeric:tabular-nums}
.keys li{display:flex;align-items:center;gap:7px;flex-wrap:wrap}
.keys b{color:var(--ink);font-weight:600;margin-left:auto}
.keys i{flex:none;width:16px;height:0;border-top:3px solid}
.keys i.dash{border-top:2px dashed}
.lines{display:flex;flex-wrap:wrap;gap:2px 14px;margin-top:4px}
.board figure{margin-top:8px}
.board svg{max-width:640px}
.empty{flex:1;display:flex;align-items:center;justify-content:center;min-height:110px;color:var(--muted);border:1px dashed var(--edge);border-radius:8px;margin:10px 0 4px}
.note{color:var(--muted);font-size:.82rem;margin:6px 0 0}
.board details{margin-top:auto;padding-top:8px;font-size:.85rem}
.board details .scroll{max-height:300px;overflow:auto}
.board details table{font-size:.8rem}
.alarms{display:flex;flex-wrap:wrap;gap:6px;list-style:none;margin:10px 0 0;padding:0;font-size:.85rem}
.alarms li{border:1px solid var(--edge);border-radius:6px;padding:2px 9px;overflow-wrap:anywhere}
.alarms .bad{background:var(--tint);color:var(--warning);border-color:var(--warning);font-weight:600}
.alarms .good{border-color:var(--good);color:var(--good)}
.list{margin:0;padding-left:20px}
.list a{color:var(--link)}
@media(max-width:1000px){.board{grid-template-columns:repeat(2,minmax(0,1fr))}.board>*{grid-area:auto!important}.board>.wide{grid-column:1/-1!important}}
@media(max-width:640px){.board{grid-template-columns:minmax(0,1fr)}}
@media(prefers-color-scheme:dark){:root{${variables("dark")};--tint:#3a2023;--tint2:#35291a}${darkSeries}}
@media print{.board section{break-inside:avoid}}
`;

/** A line's colour as the page's variable, which knows light and dark. */
export function lineVariable(colour: string): string {
  const names: Readonly<Record<string, string>> = {
    [COLOURS.fast.light]: "--good",
    [COLOURS.line.light]: "--link",
    [COLOURS.slow.light]: "--unsure",
    [COLOURS.warning.light]: "--warning",
  };
  return `var(${names[colour] ?? "--muted"})`;
}

/** A dashboard with its values. */
export interface DashboardReport {
  /** As CloudWatch lists it. */
  readonly name: string;
  /** Where the values are from, for a person. */
  readonly source: string;
  readonly window: Window;
  /** In reading order. */
  readonly widgets: readonly Widget[];
  /** Of each metric widget, by its number among `widgets`. */
  readonly charts: ReadonlyMap<number, ChartData>;
  /** By alarm's name: OK, ALARM or INSUFFICIENT_DATA; undefined where nobody asked CloudWatch. */
  readonly alarmStates: ReadonlyMap<string, string> | undefined;
}

/** The dashboard as one HTML file. */
export async function dashboardPage(report: DashboardReport): Promise<string> {
  const { name, source, window, widgets, charts } = report;
  const cards: string[] = [];
  for (const [index, widget] of widgets.entries()) {
    if (widget.type === "text") cards.push(placed(widget, "div", "text", `w${index}`, markdownHtml(widget.markdown)));
    else if (widget.type === "alarm") cards.push(alarmCard(widget, report, `w${index}`));
    else cards.push(await chartCard(charts.get(index)!, `w${index}`, window));
  }
  return htmlPage({
    title: `${name}: ${headline([...charts.values()])}`,
    subtitle: `${dayTime(window.startMs)} to ${dayTime(window.endMs)} UTC, from ${source}`,
    style: DASHBOARD_STYLE,
    sections: [
      overview(report),
      beyondList(report),
      `<div class="board">\n${cards.join("\n")}\n</div>`,
      section(
        "How to read it",
        "<p>A headline is the latest period that has ended; the range beside it is of the whole window. A headline in colour is beyond a line: red where the line is critical, else orange. That is not yet an alarm: most alarms ask for several periods. All times are UTC.</p>",
      ),
    ],
  });
}

const DAY_MS = 86_400_000;

const isNow = ({ lines }: ChartData): boolean => lines.some(({ now }) => now);
const wasBeyond = ({ lines }: ChartData): boolean => lines.some(({ periods }) => periods > 0);

/** What matters most, in a line. */
function headline(charts: readonly ChartData[]): string {
  const now = charts.filter(isNow).length;
  if (charts.every(({ series }) => series.length === 0)) return "no data";
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
      value: count(all.filter(isNow).length),
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

function beyondList({ charts, window }: DashboardReport): string {
  const all = [...charts].map(([index, chart]) => ({
    link: `<a href="#w${index}">${escapeHtml(chart.widget.title)}</a>`,
    chart,
  }));
  const now = all
    .filter(({ chart }) => isNow(chart))
    .map(({ link, chart: { lines, series, widget } }) => {
      const passed = lines.filter((line) => line.now);
      const latest = series.map((each) => figureText(each.latest, widget.unit)).join(", ");
      return `<li>${link}: <b class="${severity(passed)}">${escapeHtml(latest)}</b>, ${escapeHtml(passed.map((line) => beyondText(line, widget.unit)).join(", "))}</li>`;
    });
  const before = all
    .filter(({ chart }) => !isNow(chart) && wasBeyond(chart))
    .map(({ link, chart }) => `<li>${link}: ${escapeHtml(pastText(chart.lines, chart.widget.unit, window))}</li>`);
  const part = (heading: string, items: readonly string[]) =>
    items.length === 0 ? [] : [section(heading, `<ul class="list">${items.join("")}</ul>`)];
  return [...part("Beyond a line now", now), ...part("Beyond a line earlier in the window", before)].join("\n");
}

const beyondText = ({ beyond, line }: LineCheck, unit: string): string =>
  `${beyond} ${line.label} ${markText(line.value, unit)}`;

/** Red where a critical line is passed. */
const severity = (lines: readonly LineCheck[]): "bad" | "unsure" =>
  lines.some(({ line }) => line.color.toLowerCase() === "#d62728") ? "bad" : "unsure";

function placed(
  { x, y, width, height }: Widget,
  element: "div" | "section",
  kind: string,
  id: string,
  html: string,
): string {
  const wide = width > 12 ? " wide" : "";
  return `<${element} id="${id}" class="${kind}${wide}" style="grid-area:${y + 1}/${x + 1}/span ${height}/span ${width}">${html}</${element}>`;
}

async function chartCard(data: ChartData, id: string, window: Window): Promise<string> {
  const { widget, series, lines, notes } = data;
  const now = lines.filter((line) => line.now);
  const html = [
    `<h3>${escapeHtml(widget.title)}</h3>`,
    series.length === 0 ? `<p class="empty">no data</p>` : await withData(data, id, window),
    ...(lines.length === 0 ? [] : [lineKeys(lines, widget.unit)]),
    ...notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`),
    ...(series.length === 0
      ? []
      : [
          folded(
            "Figures",
            htmlTable(`Figures of ${widget.title}`, ["UTC", ...series.map(({ label }) => label)], figureRows(data)),
          ),
        ]),
  ];
  return placed(widget, "section", `card${now.length > 0 ? ` ${severity(now)}` : ""}`, id, html.join("\n"));
}

async function withData(data: ChartData, id: string, window: Window): Promise<string> {
  const { widget, series, lines } = data;
  const head = series.length === 1 ? single(series[0]!, widget.unit) : several(series, widget.unit);
  return `${head}${chips(lines, widget.unit, window)}<figure>${await drawing(dashboardChart(data, id, window), chartSize(widget))}</figure>`;
}

const range = ({ minimum, maximum }: ChartSeries, unit: string): string =>
  minimum === maximum
    ? `always ${figureText(minimum, unit)}`
    : `from ${figureText(minimum, unit)} to ${figureText(maximum, unit)}`;

function single(series: ChartSeries, unit: string): string {
  return `<p class="now"><b>${escapeHtml(figureText(series.latest, unit))}</b><span>${escapeHtml(range(series, unit))}</span></p>`;
}

function several(series: readonly ChartSeries[], unit: string): string {
  const item = (each: ChartSeries, index: number) =>
    `<li><i style="border-color:var(--s${index % SERIES_COLOURS.length})"${index >= SERIES_COLOURS.length ? ' class="dash"' : ""}></i>${escapeHtml(each.label)} <b>${escapeHtml(figureText(each.latest, unit))}</b> <span>${escapeHtml(range(each, unit))}</span></li>`;
  return `<ul class="keys">${series.map(item).join("")}</ul>`;
}

/** Of the lines that are passed now all, else the one that weighs most of those that were. */
function chips(lines: readonly LineCheck[], unit: string, window: Window): string {
  const now = lines.filter((line) => line.now);
  if (now.length > 0)
    return `<p class="chips">${now.map((line) => `<span class="chip ${severity([line])}">${escapeHtml(beyondText(line, unit))}</span>`).join("")}</p>`;
  const past = pastText(lines, unit, window);
  return past === "" ? "" : `<p class="chips"><span class="chip past">${escapeHtml(past)}</span></p>`;
}

/** `was above worker-errors 5 in 21 of 288 periods; 19 at 14:50`; empty where it never was. */
function pastText(lines: readonly LineCheck[], unit: string, { startMs, endMs }: Window): string {
  const passed = lines.filter(({ periods }) => periods > 0);
  const weighs = passed.find((line) => severity([line]) === "bad") ?? passed[0];
  if (!weighs?.worst) return "";
  const [ms, value] = weighs.worst;
  const at = endMs - startMs > DAY_MS ? dayTime(ms) : clock(ms);
  return `was ${beyondText(weighs, unit)} in ${count(weighs.periods)} of ${counted(weighs.ofPeriods, "period")}; ${figureText(value, unit)} at ${at}`;
}

function lineKeys(lines: readonly LineCheck[], unit: string): string {
  return `<ul class="keys lines">${lines.map(({ line }) => `<li><i class="dash" style="border-color:${lineVariable(lineColour(line.color))}"></i>${escapeHtml(`${line.label} ${markText(line.value, unit)}`)}</li>`).join("")}</ul>`;
}

/** `arn:aws:cloudwatch:region:account:alarm:name` */
export const alarmName = (arn: string): string => arn.split(":").slice(6).join(":") || arn;

const STATES: Readonly<Record<string, { readonly text: string; readonly kind: string }>> = {
  ALARM: { text: "in alarm", kind: "bad" },
  OK: { text: "ok", kind: "good" },
  INSUFFICIENT_DATA: { text: "no data", kind: "" },
};

function alarmCard(widget: AlarmWidget, { name, alarmStates }: DashboardReport, id: string): string {
  const item = (arn: string) => {
    const alarm = alarmName(arn);
    const state = STATES[alarmStates?.get(alarm) ?? ""];
    // Every alarm's name begins with the deployment's, which stands above.
    const short = alarm.startsWith(`${name}-`) ? alarm.slice(name.length + 1) : alarm;
    return `<li class="${state?.kind ?? ""}">${escapeHtml(short)}${alarmStates ? `: ${state?.text ?? "not there"}` : ""}</li>`;
  };
  const note = alarmStates
    ? ""
    : `<p class="note">State unknown: only CloudWatch knows it, and these are saved metrics.</p>`;
  const list =
    widget.arns.length === 0
      ? `<p class="note">There is no alarm.</p>`
      : `<ul class="alarms">${widget.arns.map(item).join("")}</ul>`;
  return placed(
    widget,
    "section",
    "card",
    id,
    `<h3>${escapeHtml(widget.title)} (${count(widget.arns.length)})</h3>${list}${note}`,
  );
}
