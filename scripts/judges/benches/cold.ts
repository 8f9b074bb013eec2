import { median } from "../statistics/median";
import { overtime, type ColdBudget } from "./cold-budget";
import type { BenchChart, BenchFigure } from "./figures";

/** One start: what was started, and what it took to its first answer. */
export interface ColdMeasurement {
  readonly protocol: string;
  /** What it was asked: "invoke". */
  readonly call: string;
  /** How its code was brought: "ours". */
  readonly variant: string;
  /** Which round of all: those of one round stand beside each other in time. */
  readonly round: number;
  readonly ms: number;
  /** NaN where the system does not tell. */
  readonly cpuMs: number;
}

/** What must be reached by invoke and status, as a multiple of a bare node. */
export const MAX_RATIO = 1.7;
const CAUSE =
  "what is left is TLS, the code that is read, the pool and its guards, and the signature: handlers/COLD-START.md";
const BOUNDED = ["invoke", "status"];

/** One line: a call over a protocol in one variant. */
export interface ColdRow {
  readonly protocol: string;
  readonly call: string;
  readonly variant: string;
  /** Medians. */
  readonly ms: number;
  readonly cpuMs: number;
  /** Medians over the rounds of the multiple of the bare node of the same round. */
  readonly ratio: number;
  readonly cpuRatio: number;
}

/** What the measurements say. */
export interface ColdVerdict {
  readonly rows: readonly ColdRow[];
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
  /** What exceeds the budget. */
  readonly problems: readonly string[];
}

/** Compares each variant with the bare node of its round, and ours with its bound and its budget. */
export function coldVerdict(measured: readonly ColdMeasurement[], budget: ColdBudget): ColdVerdict {
  const rows = rowsOf(measured);
  const ours = rows.filter(({ variant }) => variant === "ours");
  const guarded = ours.filter(({ protocol, cpuRatio }) => protocol === "TLS" && !Number.isNaN(cpuRatio));
  const problems = overtime(budget, Object.fromEntries(guarded.map(({ call, cpuRatio }) => [call, cpuRatio])));
  return {
    rows,
    figures: [...ours.map((row) => figureOf(row, rows)), budgetFigure(guarded.length, problems)],
    charts: [chartOf(rows)],
    problems,
  };
}

function rowsOf(measured: readonly ColdMeasurement[]): ColdRow[] {
  const groups = new Map<string, ColdMeasurement[]>();
  const key = ({ protocol, call, variant }: ColdMeasurement) => `${protocol} ${call} ${variant}`;
  for (const each of measured) groups.set(key(each), [...(groups.get(key(each)) ?? []), each]);
  const bareOf = ({ protocol, call, round }: ColdMeasurement) =>
    measured.find(
      (each) => each.protocol === protocol && each.call === call && each.round === round && each.variant === "bare",
    );
  return [...groups.values()].map((group) => {
    const { protocol, call, variant } = group[0]!;
    const ratios = (of: "ms" | "cpuMs") => group.flatMap((each) => each[of] / (bareOf(each)?.[of] ?? NaN));
    const [ms, cpuMs] = [median(group.map((each) => each.ms)), median(group.map((each) => each.cpuMs))];
    return { protocol, call, variant, ms, cpuMs, ratio: median(ratios("ms")), cpuRatio: median(ratios("cpuMs")) };
  });
}

function figureOf(row: ColdRow, rows: readonly ColdRow[]): BenchFigure {
  const other = (variant: string) => {
    const found = rows.find(
      ({ protocol, call, variant: each }) => protocol === row.protocol && call === row.call && each === variant,
    );
    return found && `${variant} ${times(found.ratio)}`;
  };
  const others = ["by hand", "unbundled", "default"].flatMap((variant) => other(variant) ?? []);
  const holds = row.ratio <= MAX_RATIO;
  const bound = BOUNDED.includes(row.call) && { mustReach: `<= ${MAX_RATIO}x`, holds, ...(!holds && { cause: CAUSE }) };
  return {
    compares: `cold ${row.call} over ${row.protocol}, spawn to first answer / bare node (${others.join(", ")})`,
    measured: `${times(row.ratio)} (${row.ms.toFixed(0)} ms)`,
    ...bound,
    limit: "1x, bare node",
  };
}

function budgetFigure(calls: number, problems: readonly string[]): BenchFigure {
  return {
    compares: "cold calls against handlers/budget.json, processor time / bare node",
    measured: `${problems.length} of ${calls} over`,
    mustReach: "0",
    holds: problems.length === 0,
    ...(problems.length > 0 && { cause: problems.join(" ") }),
  };
}

function chartOf(rows: readonly ColdRow[]): BenchChart {
  const categories = [...new Set(rows.map(({ protocol, call }) => `${call}, ${protocol}`))];
  const names = [...new Set(rows.map(({ variant }) => variant))];
  const valueOf = (name: string, category: string) =>
    rows.find(({ variant, protocol, call }) => variant === name && `${call}, ${protocol}` === category)?.ms ?? null;
  return {
    title: "Cold start: spawn to first answer, node 22",
    unit: "ms",
    kind: "bars",
    categories,
    series: names.map((name) => ({ name, values: categories.map((category) => valueOf(name, category)) })),
  };
}

const times = (ratio: number): string => `${ratio.toFixed(2)}x`;
