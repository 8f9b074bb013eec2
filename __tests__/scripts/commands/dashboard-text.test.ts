import { describeDashboard } from "../../../scripts/commands/dashboard-text";
import type { ChartData } from "../../../scripts/judges/dashboard/chart";

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
