import pc from "picocolors";
import { count, counted, percent, roundSeconds, seconds } from "../kit/figures";
import type { Percentile, RunAnalysis } from "./analysis";
import type { Cause } from "./causes";
import type { Bin } from "./distribution";
import type { Recommended } from "./recommendations";
import type { Reading } from "./samples";

/** An analysis with its sources and conclusions: what `analyze --json` prints. */
export interface AnalysisReport {
  /** Names of the files that were read, without their folders. */
  readonly inputs: readonly string[];
  readonly reading: Reading;
  /** Confidence of every interval. */
  readonly confidence: number;
  /** How each kind of figure is computed. */
  readonly methods: Readonly<Record<string, string>>;
  readonly analysis: RunAnalysis;
  readonly causes: readonly Cause[];
  readonly recommended: Recommended;
}

/** Describes an analysis for a person at a terminal. */
export function describeAnalysis(report: AnalysisReport, written: readonly string[]): string {
  const { inputs, reading, analysis, causes, recommended } = report;
  const broken = describeUnreadable(reading);
  const settings = [
    ...recommended.settings.flatMap(({ setting, value, certainty, expected, effect }) => [
      `  ${setting} = ${value} (${certainty}; ${effect})`,
      `    ${expected}`,
    ]),
    ...recommended.withheld.map((reason) => `  ${reason}`),
  ];
  return [
    pc.bold(`${counted(analysis.count, "run")} in ${inputs.join(", ")}`),
    pc.dim(`${counted(reading.lines, "line")} read, ${count(reading.skipped)} of them no report`),
    ...(broken === "" ? [] : [pc.yellow(broken)]),
    "",
    ...describeDurations(analysis),
    "",
    ...drawHistogram(analysis.histogram),
    "",
    ...describeModes(analysis),
    ...describeRuns(analysis),
    "",
    pc.bold("Likely causes"),
    ...(causes.length === 0 ? ["  none that these lines show"] : causes.flatMap(describeCause)),
    "",
    pc.bold("Settings"),
    ...(settings.length === 0 ? ["  none that the evidence supports"] : settings),
    ...written.map((path) => `\nWritten: ${path}`),
  ].join("\n");
}

/** Says how many reports cannot be read, and where the first of them is; empty where all can. */
export function describeUnreadable({ unreadable, firstUnreadable }: Reading): string {
  if (!firstUnreadable) return "";
  const { input, line } = firstUnreadable;
  return `${counted(unreadable, "report")} cannot be read, the first in line ${line} of ${input}`;
}

function describeDurations(analysis: RunAnalysis): string[] {
  const { overThreshold: over, p99ToP50, minMs, maxMs, meanMs } = analysis;
  const interval = pc.dim(`95 %: ${percent(over.lowPercent)} to ${percent(over.highPercent)}`);
  const lines = [
    formatRow("range", `${seconds(minMs)} to ${seconds(maxMs)}, mean ${seconds(meanMs)}`),
    ...analysis.percentiles.map((each) =>
      formatRow(`P${each.percentile}`, `${seconds(each.valueMs).padEnd(10)} ${pc.dim(describeInterval(each))}`),
    ),
    ...(p99ToP50 === null ? [] : [formatRow("P99 / P50", `${p99ToP50.toFixed(1)}x`)]),
    formatRow(
      `over ${roundSeconds(over.thresholdMs)}`,
      `${count(over.count)} of ${count(analysis.count)} (${percent(over.percent)}) ${interval}`,
    ),
  ];
  if (!over.durations) return lines;
  const slow = over.durations;
  const range = `${seconds(slow.minMs)} to ${seconds(slow.maxMs)}`;
  return [...lines, formatRow("  these alone", `${range}, mean ${seconds(slow.meanMs)}, P95 ${seconds(slow.p95Ms)}`)];
}

/** Describes a percentile's interval: both bounds, one of them, or that there are too few runs. */
export function describeInterval({ lowMs, highMs, runsForInterval }: Percentile): string {
  const needed = `it takes ${runsForInterval} runs`;
  if (lowMs !== null && highMs !== null) return `95 %: ${seconds(lowMs)} to ${seconds(highMs)}`;
  if (lowMs !== null) return `97.5 %: at least ${seconds(lowMs)}; too few for an upper bound, ${needed}`;
  if (highMs !== null) return `97.5 %: at most ${seconds(highMs)}; too few for a lower bound, ${needed}`;
  return `too few for an interval, ${needed}`;
}

const BAR_WIDTH = 40;
const MAX_BARS = 16;

/** Draws one bar for as many neighbouring bins as are needed to have at most sixteen bars. */
function drawHistogram(histogram: readonly Bin[]): string[] {
  const size = Math.ceil(histogram.length / MAX_BARS);
  const bars = Array.from({ length: Math.ceil(histogram.length / size) }, (_, index) => {
    const bins = histogram.slice(index * size, (index + 1) * size);
    return { from: bins[0]!.from, runs: bins.reduce((sum, bin) => sum + bin.count, 0) };
  });
  const most = Math.max(...bars.map(({ runs }) => runs));
  return bars.map(({ from, runs }) => {
    const bar = "█".repeat(Math.ceil((runs / most) * BAR_WIDTH)).padEnd(BAR_WIDTH);
    return `  ${seconds(from).padStart(10)} ${pc.cyan(bar)} ${count(runs)}`;
  });
}

function describeModes({ modality }: RunAnalysis): string[] {
  const { verdict, modes, sarle, deltaBic, ashmanD, fittedTo } = modality;
  if (sarle === null || deltaBic === null || ashmanD === null)
    return [formatRow("modes", `${verdict} (fitted to ${fittedTo})`)];
  const figures =
    `Sarle ${sarle.toFixed(2)}, difference of BIC ${deltaBic.toFixed(0)}, Ashman's D ${ashmanD.toFixed(1)}; ` +
    `fitted to ${fittedTo}`;
  const centres = modes.map(({ centreMs, sharePercent }) => `${percent(sharePercent)} around ${seconds(centreMs)}`);
  return [
    formatRow("modes", `${verdict}  ${pc.dim(figures)}`),
    ...(verdict === "one" ? [] : centres.map((centre) => formatRow("", centre))),
  ];
}

function describeRuns({ cold, memory, endings, splits, count: runs }: RunAnalysis): string[] {
  const init = cold.initP50Ms === null ? "" : `, init ${describeInit(cold)}`;
  const billed = cold.billedPercent === null ? "" : `, ${percent(cold.billedPercent)} of the billed time`;
  const ended =
    endings.known === 0
      ? "the lines have no status"
      : `${counted(endings.timeouts, "time-out")}, ${counted(endings.errors, "error")} of ` +
        `${count(endings.known)} with a status`;
  return [
    formatRow("cold starts", `${count(cold.count)} of ${count(runs)} (${percent(cold.percent)})${init}${billed}`),
    ...memory.sizes.map((size) =>
      formatRow(
        "memory",
        `${size.sizeMiB} MB: used at most ${size.usedMaxMiB} MB (${percent(size.maxPercent)}), ` +
          `P99 ${size.usedP99MiB.toFixed(0)} MB (${percent(size.p99Percent)}); ${counted(size.count, "run")}`,
      ),
    ),
    formatRow("endings", ended),
    ...splits.map((split) =>
      formatRow(
        split.by.replace("_", " "),
        `${split.key.padEnd(8)} ${counted(split.count, "run")}, P50 ${seconds(split.p50Ms)}, ` +
          `P95 ${seconds(split.p95Ms)}, mean ${seconds(split.meanMs)}`,
      ),
    ),
  ];
}

/** Writes the init of cold starts as its P50 and P95. */
export const describeInit = ({ initP50Ms, initP95Ms }: RunAnalysis["cold"]): string =>
  initP50Ms === null || initP95Ms === null ? "none" : `P50 ${seconds(initP50Ms)}, P95 ${seconds(initP95Ms)}`;

const describeCause = ({ name, strength, evidence, next }: Cause): string[] => [
  `  ${pc.bold(name)} (${strength})`,
  `    ${evidence}`,
  `    ${pc.dim(next)}`,
];

const formatRow = (name: string, value: string): string => `  ${name.padEnd(14)} ${value}`;

/**
 * Writes the recommended settings as a tfvars file, in the order of the table of settings. A hypothesis is a comment,
 * which is applied only where a person removes its `#`.
 */
export function writeAnalysisTfvars({ recommended, analysis }: AnalysisReport): string {
  const head = writeComment(
    `Settings that ${counted(analysis.count, "run")} support, by quickturn analyze. ` +
      "Apply: quickturn apply --var-file <this file>. Take back: leave a line out and apply again.",
  );
  const settings = recommended.settings.map(({ setting, value, certainty, expected, effect }) => {
    const explanation = writeComment(`${setting}: ${expected} Certainty: ${certainty}. Effect: ${effect}.`);
    return `${explanation}\n${certainty === "hypothesis" ? "# " : ""}${setting} = ${value}`;
  });
  const nothing = settings.length === 0 ? ["# Nothing: the evidence supports no change of a setting."] : [];
  const withheld = recommended.withheld.map((reason) => writeComment(`Not here: ${reason}`));
  return `${[head, ...settings, ...nothing, ...withheld].join("\n\n")}\n`;
}

/** Width of a comment's lines. */
const COMMENT_WIDTH = 110;

/** Wraps a text as a comment. Line ends in names out of a log become blanks, so that none can begin a setting. */
export function writeComment(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= COMMENT_WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines.join("\n");
}
