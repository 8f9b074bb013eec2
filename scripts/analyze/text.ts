import pc from "picocolors";
import { count, counted, percent, roundSeconds, seconds } from "../kit/figures";
import type { Bin } from "./histogram";
import type { Percentile, RunAnalysis } from "./analysis";
import type { AnalysisReport } from "./page";

const BAR_WIDTH = 40;
const MAX_BARS = 16;

/** An analysis for a person at a terminal. */
export function describeAnalysis(
  { inputs, reading, analysis, causes, recommended }: AnalysisReport,
  written: readonly string[],
): string {
  const lines = [
    pc.bold(`${counted(analysis.count, "run")} in ${inputs.join(", ")}`),
    ...describeReading(reading),
    "",
    ...describeDurations(analysis),
    "",
    ...histogramLines(analysis),
    "",
    ...describeModes(analysis),
    ...describeRest(analysis),
    ...splitLines(analysis),
    "",
    pc.bold("Likely causes"),
    ...(causes.length === 0
      ? ["  none that these lines show"]
      : causes.flatMap(({ name, strength, evidence, next }) => [
          `  ${pc.bold(name)} (${strength})`,
          `    ${evidence}`,
          `    ${pc.dim(next)}`,
        ])),
    "",
    pc.bold("Settings"),
    ...recommended.settings.flatMap(({ setting, value, certainty, expected, effect }) => [
      `  ${setting} = ${value} (${certainty}; ${effect})`,
      `    ${expected}`,
    ]),
    ...recommended.withheld.map((reason) => `  ${reason}`),
    ...(recommended.settings.length + recommended.withheld.length === 0 ? ["  none that the evidence supports"] : []),
    ...written.map((path) => `\nWritten: ${path}`),
  ];
  return lines.join("\n");
}

function describeReading({ lines, skipped, unreadable, firstUnreadable }: AnalysisReport["reading"]): string[] {
  const read = `${counted(lines, "line")} read, ${count(skipped)} of them no report`;
  if (!firstUnreadable) return [pc.dim(read)];
  return [
    pc.dim(read),
    pc.yellow(
      `${counted(unreadable, "report")} cannot be read, the first in line ${firstUnreadable.line} of ${firstUnreadable.input}`,
    ),
  ];
}

function describeDurations(analysis: RunAnalysis): string[] {
  const { overThreshold: over, p99ToP50 } = analysis;
  const durations = over.durations;
  return [
    row("range", `${seconds(analysis.minMs)} to ${seconds(analysis.maxMs)}, mean ${seconds(analysis.meanMs)}`),
    ...analysis.percentiles.map((percentile) =>
      row(`P${percentile.percentile}`, `${seconds(percentile.valueMs).padEnd(10)} ${pc.dim(intervalText(percentile))}`),
    ),
    ...(p99ToP50 === null ? [] : [row("P99 / P50", `${p99ToP50.toFixed(1)}x`)]),
    row(
      `over ${roundSeconds(over.thresholdMs)}`,
      `${count(over.count)} of ${count(analysis.count)} (${percent(over.percent)}) ${pc.dim(`95 %: ${percent(over.lowPercent)} to ${percent(over.highPercent)}`)}`,
    ),
    ...(durations
      ? [
          row(
            "  these alone",
            `${seconds(durations.minMs)} to ${seconds(durations.maxMs)}, mean ${seconds(durations.meanMs)}, P95 ${seconds(durations.p95Ms)}`,
          ),
        ]
      : []),
  ];
}

/** A percentile's interval in words: both bounds, one of them, or that there are too few runs. */
export function intervalText({ lowMs, highMs, runsForInterval }: Percentile): string {
  if (lowMs !== null && highMs !== null) return `95 %: ${seconds(lowMs)} to ${seconds(highMs)}`;
  const needed = `it takes ${runsForInterval} runs`;
  if (lowMs !== null) return `97.5 %: at least ${seconds(lowMs)}; too few for an upper bound, ${needed}`;
  return highMs === null
    ? `too few for an interval, ${needed}`
    : `97.5 %: at most ${seconds(highMs)}; too few for a lower bound, ${needed}`;
}

/** Bars on a logarithmic scale, at most sixteen of them. */
function histogramLines({ histogram }: RunAnalysis): string[] {
  const per = Math.ceil(histogram.length / MAX_BARS);
  const bars = Array.from({ length: Math.ceil(histogram.length / per) }, (_, index) =>
    histogram.slice(index * per, (index + 1) * per),
  ).map(merged);
  const most = Math.max(...bars.map((bar) => bar.count));
  return bars.map(
    ({ from, count: runs }) =>
      `  ${seconds(from).padStart(10)} ${pc.cyan("█".repeat(Math.ceil((runs / most) * BAR_WIDTH)).padEnd(BAR_WIDTH))} ${count(runs)}`,
  );
}

const merged = (bins: readonly Bin[]): Bin => ({
  from: bins[0]!.from,
  to: bins[bins.length - 1]!.to,
  count: bins.reduce((sum, bin) => sum + bin.count, 0),
});

function describeModes({ modality }: RunAnalysis): string[] {
  const { verdict, modes, sarle, deltaBic, ashmanD, fittedTo } = modality;
  if (sarle === null) return [row("modes", `${verdict} (fitted to ${fittedTo})`)];
  const figures = pc.dim(
    `Sarle ${sarle.toFixed(2)}, difference of BIC ${deltaBic!.toFixed(0)}, Ashman's D ${ashmanD!.toFixed(1)}; fitted to ${fittedTo}`,
  );
  const centres =
    verdict === "one"
      ? []
      : modes.map(({ centreMs, sharePercent }) => row("", `${percent(sharePercent)} around ${seconds(centreMs)}`));
  return [row("modes", `${verdict}  ${figures}`), ...centres];
}

function describeRest({ cold, memory, endings, count: runs }: RunAnalysis): string[] {
  const init = cold.initP50Ms === null ? "" : `, init P50 ${seconds(cold.initP50Ms)}, P95 ${seconds(cold.initP95Ms!)}`;
  const billed = cold.billedPercent === null ? "" : `, ${percent(cold.billedPercent)} of the billed time`;
  const ended =
    endings.known === 0
      ? "the lines have no status"
      : `${counted(endings.timeouts, "time-out")}, ${counted(endings.errors, "error")} of ${count(endings.known)} with a status`;
  return [
    row("cold starts", `${count(cold.count)} of ${count(runs)} (${percent(cold.percent)})${init}${billed}`),
    ...memory.sizes.map((size) =>
      row(
        "memory",
        `${size.sizeMiB} MB: used at most ${size.usedMaxMiB} MB (${percent(size.maxPercent)}), P99 ${size.usedP99MiB.toFixed(0)} MB (${percent(size.p99Percent)}); ${counted(size.count, "run")}`,
      ),
    ),
    row("endings", ended),
  ];
}

function splitLines({ splits }: RunAnalysis): string[] {
  return splits.map((split) =>
    row(
      split.by.replace("_", " "),
      `${split.key.padEnd(8)} ${counted(split.count, "run")}, P50 ${seconds(split.p50Ms)}, P95 ${seconds(split.p95Ms)}, mean ${seconds(split.meanMs)}`,
    ),
  );
}

const row = (name: string, value: string): string => `  ${name.padEnd(14)} ${value}`;
