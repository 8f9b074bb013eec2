import { parseBody } from "../../scripts/dashboard/applied-dashboard";
import { evaluateCharts } from "../../scripts/dashboard/chart-data";
import type { DashboardReport } from "../../scripts/dashboard/page";
import { DAY_END_MS, DAY_START_MS, demoMetrics } from "./dashboard-metrics";
import { appliedBody } from "./dashboard-state";

export const widgets = parseBody(appliedBody());
export const series = demoMetrics(widgets);
/** In the middle of the incident. */
export const INCIDENT = { startMs: DAY_START_MS + 12.5 * 3_600_000, endMs: DAY_START_MS + 15.5 * 3_600_000 };

/** The demonstration's day as a report; `given` overrides it. */
export function dashboardReport(given: Partial<DashboardReport> = {}): DashboardReport {
  const all: DashboardReport = {
    name: "quickturn-dev",
    source: "demo.json",
    window: { startMs: DAY_START_MS, endMs: DAY_END_MS },
    widgets,
    charts: new Map(),
    alarmStates: undefined,
    ...given,
  };
  return { ...all, charts: given.charts ?? evaluateCharts(all.widgets, { series, evaluated: [] }, all.window) };
}
