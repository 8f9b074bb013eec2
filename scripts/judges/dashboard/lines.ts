import { KPIS } from "../../../stacks/settings";
import type { Line } from "./body";
import type { Point } from "./metrics";

/** How the values of a chart stand to one of its lines. */
export interface LineCheck {
  readonly line: Line;
  /** Where a value is beyond; undefined: the line is a mark that nothing is measured by. */
  readonly beyond: "above" | "below" | undefined;
  /** Whether the latest value of any series is beyond. */
  readonly now: boolean;
  /** Periods of any series beyond it, and of all. */
  readonly periods: number;
  readonly ofPeriods: number;
  /** Farthest beyond; undefined where none is. */
  readonly worst?: Point;
}

/** Each line of a chart against its series. */
export function checkLines(
  title: string,
  lines: readonly Line[],
  series: readonly (readonly Point[])[],
): readonly LineCheck[] {
  const all = series.flat();
  return lines.map((line): LineCheck => {
    const beyond = sideOf(title, line.label);
    const isBeyond = ([, value]: Point) =>
      beyond === "above" ? value > line.value : beyond === "below" && value < line.value;
    const out = all.filter(isBeyond);
    const worst = out.reduce<Point | undefined>(
      (far, point) =>
        far === undefined || Math.abs(point[1] - line.value) > Math.abs(far[1] - line.value) ? point : far,
      undefined,
    );
    return {
      line,
      beyond,
      now: series.some((points) => points.length > 0 && isBeyond(points.at(-1)!)),
      periods: out.length,
      ofPeriods: all.length,
      ...(worst && { worst }),
    };
  });
}

/** A line carries no direction in CloudWatch; the KPIs say which side is the good one. */
function sideOf(title: string, label: string): LineCheck["beyond"] {
  const kpi =
    KPIS.find(({ alarms }) => alarms.some(({ name }) => name === label)) ??
    KPIS.find((each) => `${each.title} (${each.unit})` === title);
  if (kpi) return kpi.better === "lower" ? "above" : "below";
  // Of a capacity: what must be possible, and neither less nor more of it is wrong. Other lines are limits.
  return label === "target" ? undefined : "above";
}
