import { KPIS } from "../../stacks/contract/settings";
import type { Line } from "./body";
import type { Point } from "./metrics";

/** A dashboard as terraform holds it. */
export interface AppliedDashboard {
  readonly name: string;
  /** Parsed, and not looked at further: see body.ts. */
  readonly body: unknown;
}

/** A module as `terraform show -json` prints it. */
interface ShownModule {
  readonly resources?: readonly {
    readonly type: string;
    readonly address: string;
    readonly values?: Readonly<Record<string, unknown>>;
  }[];
  readonly child_modules?: readonly ShownModule[];
}

interface Shown {
  readonly values?: { readonly root_module?: ShownModule };
  readonly planned_values?: { readonly root_module?: ShownModule };
}

/**
 * The dashboard in what `terraform show -json` printed of a state or a plan. Throws where there is none, more than one,
 * or where a plan does not know its body yet.
 */
export function appliedDashboard(document: unknown): AppliedDashboard {
  const { values, planned_values: planned } = (document ?? {}) as Shown;
  const root = (values ?? planned)?.root_module;
  if (typeof root !== "object")
    throw new Error(
      "It holds no resources; allowed: what terraform show -json printed of an applied state, or of a plan. Apply first: quickturn apply.",
    );
  const found = resources(root).filter(({ type }) => type === "aws_cloudwatch_dashboard");
  const [one] = found;
  if (one === undefined)
    throw new Error(
      "It holds no aws_cloudwatch_dashboard; allowed: a state or plan of a stack with one. Apply this release first: quickturn apply.",
    );
  if (found.length > 1)
    throw new Error(
      `It holds ${found.length} dashboards: ${found.map(({ address }) => address).join(", ")}; allowed: one. Give a state of one stack.`,
    );
  return {
    name: String(one.values?.["dashboard_name"] ?? one.address),
    body: parsed(one.values?.["dashboard_body"], one.address, values === undefined),
  };
}

const resources = ({
  resources: own = [],
  child_modules: children = [],
}: ShownModule): NonNullable<ShownModule["resources"]>[number][] => [...own, ...children.flatMap(resources)];

function parsed(body: unknown, address: string, isPlan: boolean): unknown {
  if (typeof body !== "string") {
    const why = isPlan
      ? "it names what this plan is to create, so it is known after the apply"
      : "this is no whole state";
    throw new Error(
      `${address} has no dashboard_body: ${why}. Give what terraform show -json prints after the apply${isPlan ? ", or a plan that creates no alarm and no function" : ""}.`,
    );
  }
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new Error(
      `The dashboard_body of ${address} is no JSON (${(cause as Error).message}): ${JSON.stringify(body.slice(0, 80))}; allowed: the text that the stack applied. Apply it again: quickturn apply.`,
      { cause },
    );
  }
}

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
