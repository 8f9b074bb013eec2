import type { Cause } from "./causes";
import { count, counted, percent, roundSeconds, seconds } from "../kit/figures";
import type { Recommended } from "./recommendations";
import { type Percentile, type RunAnalysis, usualSize } from "./analysis";
import type { Reading } from "./samples";
import { durationChart, memoryChart, percentileChart } from "./charts";
import { figure, escapeHtml, folded, htmlPage, htmlTable, section, tiles } from "../kit/page";
import { tfvarsText } from "./tfvars";

/** An analysis with what it was made of and what follows: what `analyze --json` prints. */
export interface AnalysisReport {
  /** What was read, by the names of the files without their folders. */
  readonly inputs: readonly string[];
  readonly reading: Reading;
  /** Of every interval. */
  readonly confidence: number;
  /** How each kind of figure is made. */
  readonly methods: Readonly<Record<string, string>>;
  readonly analysis: RunAnalysis;
  readonly causes: readonly Cause[];
  readonly recommended: Recommended;
}

/** The analysis as one HTML file. */
export async function analysisPage(report: AnalysisReport): Promise<string> {
  const { analysis, inputs, reading, causes } = report;
  const [durations, curve, memory] = [
    await figure(durationChart(analysis)),
    await figure(percentileChart(analysis)),
    await figure(memoryChart(analysis)),
  ];
  return htmlPage({
    title: headline(analysis, causes),
    subtitle: `Error analysis of ${counted(analysis.count, "run")} in ${inputs.join(", ")}. ${readingText(reading)}`,
    sections: [
      keyFigures(analysis),
      section(
        "Likely causes",
        ...(causes.length === 0 ? ["<p>None that these lines show.</p>"] : causes.map(causeHtml)),
      ),
      section(
        "Durations",
        durations,
        folded(
          "Figures",
          durationTable(analysis) +
            binTable(
              "Histogram of durations",
              analysis.histogram.map(({ from, to, count: runs }) => [
                `${seconds(from)} to ${seconds(to)}`,
                count(runs),
              ]),
            ),
        ),
      ),
      section(
        "Percentile curve",
        curve,
        folded(
          "Figures",
          htmlTable(
            "Percentile curve",
            ["percentile", "duration"],
            analysis.curve.map(({ percentile, valueMs }) => [`${percentile} %`, seconds(valueMs)]),
          ),
        ),
      ),
      section(
        "Memory used against its size",
        memory,
        folded(
          "Figures",
          memoryTable(analysis) +
            binTable(
              "Histogram of memory",
              analysis.memory.histogram
                .filter((bin) => bin.count > 0)
                .map(({ from, to, count: runs }) => [`${from} to ${to} %`, count(runs)]),
            ),
        ),
      ),
      ...splitSection(analysis),
      section("Settings that the evidence supports", ...settingsHtml(report)),
      section(
        "How it was read",
        `<dl>${Object.entries(report.methods)
          .map(([name, text]) => `<dt>${escapeHtml(name.replaceAll("_", " "))}</dt><dd>${escapeHtml(text)}</dd>`)
          .join("")}<dt>fit of the modes</dt><dd>${escapeHtml(modesText(analysis))}</dd></dl>`,
      ),
    ],
  });
}

/** What matters most, in a line. */
function headline({ overThreshold: over, count: runs, percentiles }: RunAnalysis, [first]: readonly Cause[]): string {
  const value = (wanted: number) => seconds(percentiles.find(({ percentile }) => percentile === wanted)!.valueMs);
  const slow =
    over.count > 0
      ? `${count(over.count)} of ${counted(runs, "run")} took over ${roundSeconds(over.thresholdMs)}`
      : `P50 ${value(50)} against P99 ${value(99)}`;
  return first && first.strength !== "hypothesis" ? `${slow}: ${lowered(first.name)}` : slow;
}

const lowered = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

function readingText({ lines, skipped, unreadable, firstUnreadable }: Reading): string {
  const broken = firstUnreadable
    ? ` ${counted(unreadable, "report")} could not be read, the first in line ${firstUnreadable.line} of ${firstUnreadable.input}.`
    : "";
  return `${counted(lines, "line")} were read, ${count(skipped)} of them no report.${broken}`;
}

function keyFigures(analysis: RunAnalysis): string {
  const { overThreshold: over, cold, memory } = analysis;
  const usual = usualSize(memory);
  const percentile = (wanted: number) => analysis.percentiles.find((each) => each.percentile === wanted)!;
  return tiles([
    {
      name: `over ${roundSeconds(over.thresholdMs)}`,
      value: percent(over.percent),
      note: `${count(over.count)} of ${count(analysis.count)}; 95 %: ${percent(over.lowPercent)} to ${percent(over.highPercent)}`,
    },
    ...[50, 95, 99].map((wanted) => ({
      name: `P${wanted}`,
      value: seconds(percentile(wanted).valueMs),
      note: intervalNote(percentile(wanted)),
    })),
    {
      name: "P99 / P50",
      value: analysis.p99ToP50 === null ? "none" : `${analysis.p99ToP50.toFixed(1)}x`,
      note: `modes: ${analysis.modality.verdict}`,
    },
    {
      name: "cold starts",
      value: percent(cold.percent),
      note:
        cold.initP50Ms === null
          ? "no init in the lines"
          : `init P50 ${seconds(cold.initP50Ms)}, P95 ${seconds(cold.initP95Ms!)}`,
    },
    {
      name: `memory of ${usual.sizeMiB} MB`,
      value: percent(usual.maxPercent),
      note: `at most ${usual.usedMaxMiB} MB; P99 ${usual.usedP99MiB.toFixed(0)} MB`,
    },
    {
      name: "time-outs, errors",
      value:
        analysis.endings.known === 0
          ? "unknown"
          : `${count(analysis.endings.timeouts)}, ${count(analysis.endings.errors)}`,
      note:
        analysis.endings.known === 0 ? "the lines have no status" : `of ${count(analysis.endings.known)} with a status`,
    },
  ]);
}

function intervalNote({ lowMs, highMs, runsForInterval }: Percentile): string {
  if (lowMs !== null && highMs !== null) return `95 %: ${seconds(lowMs)} to ${seconds(highMs)}`;
  return `too few for an interval: it takes ${runsForInterval} runs`;
}

function causeHtml({ name, strength, evidence, next }: Cause): string {
  return `<div class="finding ${strength}"><h3>${escapeHtml(name)} <span class="badge">${strength}</span></h3><p>${escapeHtml(evidence)}</p><p class="muted">${escapeHtml(next)}</p></div>`;
}

function durationTable({
  count: runs,
  minMs,
  maxMs,
  meanMs,
  percentiles,
  overThreshold: { durations, thresholdMs, count: over },
}: RunAnalysis): string {
  const rows = [
    ["runs", count(runs), ""],
    ["smallest", seconds(minMs), ""],
    ["mean", seconds(meanMs), ""],
    ...percentiles.map((each) => [`P${each.percentile}`, seconds(each.valueMs), intervalNote(each)]),
    ["largest", seconds(maxMs), ""],
    ...(durations
      ? [
          [`over ${roundSeconds(thresholdMs)}`, counted(over, "run"), ""],
          ["of these: smallest", seconds(durations.minMs), ""],
          ["of these: mean", seconds(durations.meanMs), ""],
          ["of these: P95", seconds(durations.p95Ms), ""],
          ["of these: largest", seconds(durations.maxMs), ""],
        ]
      : []),
  ];
  return htmlTable("Durations", ["figure", "value", "interval"], rows);
}

const binTable = (caption: string, rows: readonly (readonly string[])[]): string =>
  htmlTable(caption, ["from, to", "runs"], rows);

function memoryTable({ memory }: RunAnalysis): string {
  const rows = memory.sizes.map((size) => [
    `${size.sizeMiB} MB`,
    count(size.count),
    `${size.usedP50MiB.toFixed(0)} MB`,
    `${size.usedP99MiB.toFixed(0)} MB`,
    `${size.usedMaxMiB} MB`,
    percent(size.maxPercent),
  ]);
  return htmlTable("Memory", ["size", "runs", "P50 used", "P99 used", "most used", "of the size"], rows);
}

function splitSection({ splits, overThreshold }: RunAnalysis): string[] {
  if (splits.length === 0) return [];
  const rows = splits.map((split) => [
    `${split.by.replace("_", " ")} ${split.key}`,
    count(split.count),
    seconds(split.meanMs),
    seconds(split.p50Ms),
    seconds(split.p95Ms),
    seconds(split.maxMs),
    percent(split.overThresholdPercent),
  ]);
  return [
    section(
      "Told apart",
      htmlTable(
        "Runs told apart",
        ["runs that are", "runs", "mean", "P50", "P95", "largest", `over ${roundSeconds(overThreshold.thresholdMs)}`],
        rows,
      ),
    ),
  ];
}

function settingsHtml(report: AnalysisReport): string[] {
  const each = report.recommended.settings.map(
    ({ setting, value, expected, certainty, effect }) =>
      `<div class="finding ${certainty}"><h3><code>${escapeHtml(`${setting} = ${value}`)}</code> <span class="badge">${certainty}</span></h3><p>${escapeHtml(expected)}</p><p class="muted">Applying it: ${escapeHtml(effect)}.</p></div>`,
  );
  return [...each, folded("As a tfvars file", `<pre>${escapeHtml(tfvarsText(report))}</pre>`)];
}

function modesText({ modality: { verdict, sarle, deltaBic, ashmanD, fittedTo } }: RunAnalysis): string {
  if (sarle === null || deltaBic === null || ashmanD === null) return `${verdict}; fitted to ${fittedTo}`;
  return `${verdict}; Sarle's coefficient ${sarle.toFixed(3)}, difference of BIC ${deltaBic.toFixed(1)}, Ashman's D ${ashmanD.toFixed(2)}; fitted to ${fittedTo}`;
}
