import { counted } from "../judges/figures";
import { figureText, markText, dayTime } from "../reports/dashboard-figures";
import type { DashboardReport } from "../reports/dashboard-page";

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
