import { count, counted, percent, roundSeconds, seconds } from "../kit/figures";
import { escapeHtml, figure, folded, htmlPage, htmlTable, section, tiles } from "../kit/page";
import { findPercentile, findUsualSize, type RunAnalysis } from "./analysis";
import type { Cause } from "./causes";
import { chartDurations, chartMemory, chartPercentiles } from "./charts";
import { describeInit, describeInterval, describeUnreadable, writeAnalysisTfvars, type AnalysisReport } from "./text";

/** Draws the analysis as one HTML file. */
export async function analysisPage(report: AnalysisReport): Promise<string> {
  const { analysis, inputs, reading, causes } = report;
  const [durations, percentiles, memory] = [
    await figure(chartDurations(analysis)),
    await figure(chartPercentiles(analysis)),
    await figure(chartMemory(analysis)),
  ];
  const broken = describeUnreadable(reading);
  return htmlPage({
    title: summarizeAnalysis(analysis, causes),
    subtitle:
      `Error analysis of ${counted(analysis.count, "run")} in ${inputs.join(", ")}. ` +
      `${counted(reading.lines, "line")} were read, ${count(reading.skipped)} of them no report.` +
      (broken === "" ? "" : ` ${broken}.`),
    sections: [
      showKeyFigures(analysis),
      section(
        "Likely causes",
        ...(causes.length === 0 ? ["<p>None that these lines show.</p>"] : causes.map(showCause)),
      ),
      section("Durations", durations, folded("Figures", tabulateDurations(analysis))),
      section("Percentile curve", percentiles, folded("Figures", tabulateCurve(analysis))),
      section("Memory used against its size", memory, folded("Figures", tabulateMemory(analysis))),
      ...(analysis.splits.length === 0 ? [] : [section("Told apart", tabulateSplits(analysis))]),
      section("Settings that the evidence supports", ...showSettings(report)),
      section("How it was read", showMethods(report)),
    ],
  });
}

/** Writes what matters most as one line. */
function summarizeAnalysis(analysis: RunAnalysis, [first]: readonly Cause[]): string {
  const { overThreshold: over, count: runs } = analysis;
  const [p50, p99] = [findPercentile(analysis, 50), findPercentile(analysis, 99)];
  const slow =
    over.count > 0
      ? `${count(over.count)} of ${counted(runs, "run")} took over ${roundSeconds(over.thresholdMs)}`
      : `P50 ${seconds(p50.valueMs)} against P99 ${seconds(p99.valueMs)}`;
  if (!first || first.strength === "hypothesis") return slow;
  return `${slow}: ${first.name.charAt(0).toLowerCase()}${first.name.slice(1)}`;
}

function showKeyFigures(analysis: RunAnalysis): string {
  const { overThreshold: over, cold, endings, p99ToP50, modality } = analysis;
  const usual = findUsualSize(analysis.memory);
  return tiles([
    {
      name: `over ${roundSeconds(over.thresholdMs)}`,
      value: percent(over.percent),
      note:
        `${count(over.count)} of ${count(analysis.count)}; ` +
        `95 %: ${percent(over.lowPercent)} to ${percent(over.highPercent)}`,
    },
    ...([50, 95, 99] as const).map((wanted) => {
      const percentile = findPercentile(analysis, wanted);
      return { name: `P${wanted}`, value: seconds(percentile.valueMs), note: describeInterval(percentile) };
    }),
    {
      name: "P99 / P50",
      value: p99ToP50 === null ? "none" : `${p99ToP50.toFixed(1)}x`,
      note: `modes: ${modality.verdict}`,
    },
    {
      name: "cold starts",
      value: percent(cold.percent),
      note: cold.initP50Ms === null ? "no init in the lines" : `init ${describeInit(cold)}`,
    },
    {
      name: `memory of ${usual.sizeMiB} MB`,
      value: percent(usual.maxPercent),
      note: `at most ${usual.usedMaxMiB} MB; P99 ${usual.usedP99MiB.toFixed(0)} MB`,
    },
    {
      name: "time-outs, errors",
      value: endings.known === 0 ? "unknown" : `${count(endings.timeouts)}, ${count(endings.errors)}`,
      note: endings.known === 0 ? "the lines have no status" : `of ${count(endings.known)} with a status`,
    },
  ]);
}

function showCause({ name, strength, evidence, next }: Cause): string {
  return showFinding({ kind: strength, heading: escapeHtml(name), text: evidence, advice: next });
}

/** Shows a cause or a setting. `heading` is HTML, the others are text; `kind` is the badge. */
function showFinding({
  kind,
  heading,
  text,
  advice,
}: Readonly<Record<"kind" | "heading" | "text" | "advice", string>>) {
  return (
    `<div class="finding ${kind}"><h3>${heading} <span class="badge">${kind}</span></h3>` +
    `<p>${escapeHtml(text)}</p><p class="muted">${escapeHtml(advice)}</p></div>`
  );
}

function tabulateDurations(analysis: RunAnalysis): string {
  const { minMs, maxMs, meanMs, percentiles, histogram } = analysis;
  const { durations: slow, thresholdMs, count: over } = analysis.overThreshold;
  const rows = [
    ["runs", count(analysis.count), ""],
    ["smallest", seconds(minMs), ""],
    ["mean", seconds(meanMs), ""],
    ...percentiles.map((each) => [`P${each.percentile}`, seconds(each.valueMs), describeInterval(each)]),
    ["largest", seconds(maxMs), ""],
  ];
  if (slow)
    rows.push(
      [`over ${roundSeconds(thresholdMs)}`, counted(over, "run"), ""],
      ["of these: smallest", seconds(slow.minMs), ""],
      ["of these: mean", seconds(slow.meanMs), ""],
      ["of these: P95", seconds(slow.p95Ms), ""],
      ["of these: largest", seconds(slow.maxMs), ""],
    );
  const bins = histogram.map(({ from, to, count: runs }) => [`${seconds(from)} to ${seconds(to)}`, count(runs)]);
  return (
    htmlTable("Durations", ["figure", "value", "interval"], rows) +
    htmlTable("Histogram of durations", ["from, to", "runs"], bins)
  );
}

function tabulateCurve({ curve }: RunAnalysis): string {
  const rows = curve.map(({ percentile, valueMs }) => [`${percentile} %`, seconds(valueMs)]);
  return htmlTable("Percentile curve", ["percentile", "duration"], rows);
}

function tabulateMemory({ memory: { sizes, histogram } }: RunAnalysis): string {
  const rows = sizes.map((size) => [
    `${size.sizeMiB} MB`,
    count(size.count),
    `${size.usedP50MiB.toFixed(0)} MB`,
    `${size.usedP99MiB.toFixed(0)} MB`,
    `${size.usedMaxMiB} MB`,
    percent(size.maxPercent),
  ]);
  const bins = histogram
    .filter((bin) => bin.count > 0)
    .map(({ from, to, count: runs }) => [`${from} to ${to} %`, count(runs)]);
  return (
    htmlTable("Memory", ["size", "runs", "P50 used", "P99 used", "most used", "of the size"], rows) +
    htmlTable("Histogram of memory", ["from, to", "runs"], bins)
  );
}

function tabulateSplits({ splits, overThreshold }: RunAnalysis): string {
  const over = `over ${roundSeconds(overThreshold.thresholdMs)}`;
  const rows = splits.map((split) => [
    `${split.by.replace("_", " ")} ${split.key}`,
    count(split.count),
    seconds(split.meanMs),
    seconds(split.p50Ms),
    seconds(split.p95Ms),
    seconds(split.maxMs),
    percent(split.overThresholdPercent),
  ]);
  return htmlTable("Runs told apart", ["runs that are", "runs", "mean", "P50", "P95", "largest", over], rows);
}

function showSettings(report: AnalysisReport): string[] {
  const settings = report.recommended.settings.map(({ setting, value, expected, certainty, effect }) =>
    showFinding({
      kind: certainty,
      heading: `<code>${escapeHtml(`${setting} = ${value}`)}</code>`,
      text: expected,
      advice: `Applying it: ${effect}.`,
    }),
  );
  return [...settings, folded("As a tfvars file", `<pre>${escapeHtml(writeAnalysisTfvars(report))}</pre>`)];
}

function showMethods({ methods, analysis }: AnalysisReport): string {
  const { verdict, sarle, deltaBic, ashmanD, fittedTo } = analysis.modality;
  const figures =
    sarle === null || deltaBic === null || ashmanD === null
      ? ""
      : `Sarle's coefficient ${sarle.toFixed(3)}, difference of BIC ${deltaBic.toFixed(1)}, ` +
        `Ashman's D ${ashmanD.toFixed(2)}; `;
  const rows = Object.entries({ ...methods, fit_of_the_modes: `${verdict}; ${figures}fitted to ${fittedTo}` });
  const terms = rows.map(
    ([name, text]) => `<dt>${escapeHtml(name.replaceAll("_", " "))}</dt><dd>${escapeHtml(text)}</dd>`,
  );
  return `<dl>${terms.join("")}</dl>`;
}
