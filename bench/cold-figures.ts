import { median } from "../scripts/kit/quantiles";
import type { BenchChart, BenchFigure } from "./results";

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

/** What a function's cold start may cost. In bytes as KB of 1,024. */
export interface SizeBudget {
  /** Of the zip. */
  readonly zipKB: number;
  /** Of the files that are read before the first call: the entry and what it imports at once. */
  readonly coldKB: number;
}

/** What one cold call may take. */
export interface TimeBudget {
  /** Processor time to the first answer over TLS, as a multiple of a bare node's in the same run. */
  readonly ratio: number;
  /** Milliseconds to the first answer over TLS as they were measured: of that machine, and told, not guarded. */
  readonly ms: number;
}

/** handlers/budget.json. */
export interface ColdBudget {
  /** Where and when `ms` and `ratio` were measured. */
  readonly measured: string;
  /** By the name of the zip. */
  readonly sizes: Readonly<Record<string, SizeBudget>>;
  /** By the name of the call. */
  readonly times: Readonly<Record<string, TimeBudget>>;
}

/**
 * By how much a figure may exceed its budget, in percent: versions of packages move it by less, a client too many by
 * more.
 */
export const TOLERANCE_PERCENT = 5;

/**
 * The files, by name, that a cold start reads: `index.mjs`, what it imports, what that imports; not what is imported
 * when it is needed.
 */
export function coldFiles(files: Readonly<Record<string, string>>): string[] {
  const read = new Set(["index.mjs"]);
  for (const file of read) {
    for (const [, chunk = ""] of (files[file] ?? "").matchAll(/(?:from|import)\s*"\.\/(chunk-[A-Z0-9]+\.mjs)"/g))
      read.add(chunk);
  }
  return [...read];
}

/** What exceeds the sizes' budget, one sentence each: which, what is given, what is allowed, what to do. */
export function oversize({ sizes }: ColdBudget, measured: Readonly<Record<string, SizeBudget>>): string[] {
  const unknown = Object.keys(sizes)
    .filter((name) => !(name in measured))
    .map((name) => `handlers/budget.json has a budget of ${name}, which is no function. Take it out.`);
  const problems = Object.entries(measured).flatMap(([name, given]) => {
    const allowed = sizes[name];
    if (allowed === undefined)
      return [`The function ${name} has no budget. Add its sizes to handlers/budget.json: ${JSON.stringify(given)}.`];
    return [
      ...exceeded(`The zip of ${name}`, given.zipKB, allowed.zipKB, "KB"),
      ...exceeded(`What a cold start of ${name} reads`, given.coldKB, allowed.coldKB, "KB"),
    ];
  });
  return [...unknown, ...problems];
}

/** What exceeds the times' budget, as {@link oversize}. @param ratios by the name of the call */
export function overtime({ times }: ColdBudget, ratios: Readonly<Record<string, number>>): string[] {
  return Object.entries(ratios).flatMap(([name, given]) => {
    const allowed = times[name];
    if (allowed === undefined)
      return [`The cold call ${name} has no budget. Add its ratio to handlers/budget.json: ${given.toFixed(2)}.`];
    return exceeded(`A cold ${name}, as a multiple of a bare node`, given, allowed.ratio, "x");
  });
}

function exceeded(what: string, given: number, budget: number, unit: "KB" | "x"): string[] {
  const allowed = budget * (1 + TOLERANCE_PERCENT / 100);
  if (given <= allowed) return [];
  const show = (value: number) => (unit === "x" ? `${value.toFixed(2)}x` : `${value.toFixed(0)} KB`);
  return [
    `${what}: ${show(given)}; allowed: ${show(allowed)} (a budget of ${show(budget)}, and ${TOLERANCE_PERCENT} %). Take out what the first answer does not need, or, with a reason, raise it in handlers/budget.json.`,
  ];
}
