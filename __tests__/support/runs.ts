import type { RunReport } from "../../scripts/analyze/report-line";
import { RunSamples } from "../../scripts/analyze/samples";
import { analyzeRuns, type RunAnalysis } from "../../scripts/analyze/analysis";
import { normalQuantile } from "../../scripts/kit/quantiles";

/** Runs of a worker with memory enough; each given figure takes the place of that. */
export function samplesOf(runs: readonly Partial<RunReport>[]): RunSamples {
  const samples = new RunSamples();
  for (const run of runs)
    samples.add({ durationMs: 5_000, memorySizeMiB: 1_792, maxMemoryUsedMiB: 900, status: "success", ...run });
  return samples;
}

/** Their analysis, with a threshold of 60 s. */
export const analysisOf = (runs: readonly Partial<RunReport>[]): RunAnalysis => analyzeRuns(samplesOf(runs), 60_000);

/** Log-normal durations without chance: their quantiles, in ascending order. */
export const spread = (count: number, medianMs: number, deviation = 0.2): number[] =>
  Array.from({ length: count }, (_, index) => medianMs * Math.exp(deviation * normalQuantile((index + 0.5) / count)));

/** Runs of these durations that have these figures in common. */
export const runsOf = (durations: readonly number[], common: Partial<RunReport> = {}): Partial<RunReport>[] =>
  durations.map((durationMs) => ({ ...common, durationMs }));
