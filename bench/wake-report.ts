import { median } from "../scripts/kit/quantiles";
import { type BenchChart, type BenchFigure, benchResult, type BenchResult } from "./results";
import { VARIANTS, type Variant } from "./wake-probe";
import type { Incident, WakeSample, WakeTimes } from "./wake-rig";

/** Milliseconds that our first answer may take, as the median of the runs. */
export const MAX_MS = 50;
/**
 * How many times faster than the SDK's default it must be, where that hangs. Where it is only reset, the default
 * recovers by itself or fails.
 */
export const MIN_RATIO = 10;
const HANGS: readonly Incident[] = ["black hole", "freeze"];

/** What the request time-out of the reports is, which a bench cannot wait for. */
const REPORTED_TIMEOUT_MS = 60_000;

/** What the samples of one variant, incident and number of sockets say together. */
interface Cell {
  readonly medianMs: number;
  readonly cut: number;
  readonly failed: number;
  readonly runs: number;
}

interface Row {
  readonly incident: Incident;
  readonly sockets: number;
  readonly cells: Readonly<Partial<Record<Variant, Cell>>>;
  /** The default's median by ours: at least so much where it was cut. */
  readonly ratio: number;
  readonly holds: boolean;
}

/** What the samples of all variants say: as a table, and whether our bounds hold. */
export function report(samples: readonly WakeSample[], times: WakeTimes, node: string): BenchResult {
  const rows = rowsOf(samples);
  const warmMs = median(samples.map((sample) => sample.warmMs));
  const [method, ...explained] = notes(times, warmMs) as [string, ...string[]];
  return benchResult("wake", {
    method,
    figures: rows.map((row) => figureOf(row, times)),
    charts: [chartOf(rows)],
    text: [table(rows, times), "", method, ...explained].join("\n"),
    data: { bounds: { maxMs: MAX_MS, minRatio: MIN_RATIO }, times: { ...times, node }, warmMs, rows, samples },
  });
}

function figureOf({ incident, sockets, cells, ratio, holds }: Row, times: WakeTimes): BenchFigure {
  const compares = `first answer after a ${incident}, ${sockets} pooled ${sockets === 1 ? "socket" : "sockets"}: the SDK's default / ours (${show(cells.default, times)} / ${show(cells.ours, times)})`;
  const bound = HANGS.includes(incident) ? `<= ${MAX_MS} ms and >= ${MIN_RATIO}x` : `<= ${MAX_MS} ms`;
  return {
    compares,
    measured: `${cells.default?.cut ? "> " : ""}${ratio.toFixed(1)}x`,
    mustReach: bound,
    limit: `a fresh connection: ${show(cells.fresh, times)}`,
    holds,
  };
}

const chartOf = (rows: readonly Row[]): BenchChart => ({
  title: "First answer after an idle period",
  unit: "ms",
  kind: "bars",
  logarithmic: true,
  categories: rows.map(({ incident, sockets }) => `${incident}, ${sockets}`),
  series: VARIANTS.map((name) => ({
    name,
    values: rows.map(({ cells }) => (cells[name] === undefined ? null : Math.round(cells[name].medianMs * 10) / 10)),
  })),
});

function rowsOf(samples: readonly WakeSample[]): Row[] {
  const groups = new Map<string, WakeSample[]>();
  for (const sample of samples) {
    const key = `${sample.incident} ${sample.sockets}`;
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map(rowOf);
}

function rowOf(samples: readonly WakeSample[]): Row {
  const { incident, sockets } = samples[0] as WakeSample;
  const cell = (variant: Variant) => cellOf(samples.filter((sample) => sample.variant === variant));
  const cells = Object.fromEntries(VARIANTS.map((variant) => [variant, cell(variant)]));
  const [ours, usual] = [cells["ours"], cells["default"]];
  const ratio = ours && usual ? usual.medianMs / ours.medianMs : 0;
  const isFast = ours !== undefined && ours.cut + ours.failed === 0 && ours.medianMs <= MAX_MS;
  return { incident, sockets, cells, ratio, holds: isFast && (ratio >= MIN_RATIO || !HANGS.includes(incident)) };
}

function cellOf(samples: readonly WakeSample[]): Cell | undefined {
  if (samples.length === 0) return undefined;
  const count = (outcome: WakeSample["outcome"]) => samples.filter((sample) => sample.outcome === outcome).length;
  return {
    medianMs: median(samples.map(({ ms }) => ms)),
    cut: count("cut"),
    failed: count("failed"),
    runs: samples.length,
  };
}

function table(rows: readonly Row[], times: WakeTimes): string {
  const lines = [
    ["what happened", "sockets", ...VARIANTS, "default / ours", ""],
    ...rows.map(({ incident, sockets, cells, ratio, holds }) => [
      incident,
      String(sockets),
      ...VARIANTS.map((variant) => show(cells[variant], times)),
      `${cells.default?.cut ? "> " : ""}${ratio.toFixed(1)}`,
      holds ? "ok" : "MISS",
    ]),
  ];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function show(cell: Cell | undefined, { cutMs }: WakeTimes): string {
  if (cell === undefined) return "-";
  const { medianMs, cut, failed, runs } = cell;
  const few = (count: number) => (count === runs ? "" : ` ${count} of ${runs}`);
  if (cut > 0) return `> ${seconds(cutMs)} (cut${few(cut)})`;
  const value = medianMs >= 1_000 ? seconds(medianMs) : `${medianMs.toFixed(1)} ms`;
  return failed > 0 ? `${value} (failed${few(failed)})` : value;
}

function notes({ idleMs, frozenMs, requestTimeoutMs, cutMs }: WakeTimes, warmMs: number): string[] {
  return [
    `First answer of a DynamoDB client after ${idleMs / 60_000} minutes without an invocation (wall clock set forward; stopped for ${frozenMs} ms with "freeze"); medians; all open sockets are hit, new ones work.`,
    `default: the SDK as it comes. It waits for an answer without end; ${seconds(cutMs)} is where this bench cut it. 938 s until the kernel gave up were measured once, over a link that acknowledges nothing; the one here acknowledges.`,
    `keep-alive: with TCP keep-alive each second, which Node's agents do by default: a frozen process sends none, and they do not end a request that waits.`,
    `time-outs: requestTimeout ${seconds(REPORTED_TIMEOUT_MS)}, here scaled to ${seconds(requestTimeoutMs)} (so ${REPORTED_TIMEOUT_MS / requestTimeoutMs} times as long in truth), 3 adaptive attempts: each takes another dead socket.`,
    `ours: the functions' own connection. Bounds: ${MAX_MS} ms, and ${MIN_RATIO} times faster than the default where that hangs.`,
    `fresh: a client that opens a connection for each call: the limit. A call over an open socket takes ${warmMs.toFixed(1)} ms here.`,
  ];
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms % 1_000 === 0 ? 0 : 1)} s`;
