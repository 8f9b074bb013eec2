import { basename, resolve } from "node:path";
import { ARCHITECTURE } from "../../stacks/contract/fixed";
import { readLogLines, STDIN } from "../analyze/log-events";
import { HOME_REGION, PriceBook } from "../cost/prices";
import { EXIT_CODES, UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { writeReport } from "../kit/files";
import { seededRandom } from "../kit/random";
import { cleanUp, measure, type Measurement } from "./measure";
import { checkTuneOptions, readColdShare, TUNED_FUNCTIONS, type TuneOptions } from "./options";
import { tuningPage } from "./page";
import { readRunLine, writeRun, type TuningRun } from "./run";
import { describeTuning, toJson, writeTuningTfvars, type TuningReport } from "./text";
import { chooseSize } from "./verdict";

/** Samples of a bootstrap: each end of a 95 % interval then rests on 25 of them. */
const RESAMPLES = 1_000;

/**
 * Chooses a function's memory from runs at several sizes, which are measured on temporary versions or replayed. Nothing
 * live is changed. Exit code: 0 chosen, 3 inconclusive.
 */
export async function tune(context: CommandContext, options: TuneOptions): Promise<CommandResult> {
  checkTuneOptions(options);
  if (options.cleanup) return cleanUp(context, options);
  const coldStartShare = readColdShare(options);
  const { replay, region = HOME_REGION } = options;
  const measurement =
    replay === undefined ? await measure(context, options) : await replayRuns(context, replay, region);
  if (options.save !== undefined)
    writeReport(resolve(options.save), measurement.runs.map((run) => `${writeRun(run)}\n`).join(""));
  const prices = new PriceBook(measurement.region);
  const tuning = chooseSize(measurement.runs, {
    strategy: options.strategy,
    architecture: ARCHITECTURE,
    prices,
    coldStartShare,
    draws: { resamples: RESAMPLES, random: seededRandom(options.seed) },
  });
  const report: TuningReport = {
    tuning,
    source: measurement.source,
    setting: TUNED_FUNCTIONS[options.function].memorySetting,
    currentMiB: measurement.currentMiB,
    region: measurement.region,
    coldStartShare,
    substitutes: prices.substitutes(),
  };
  const written = await writeFiles(options, report);
  return {
    exitCode: tuning.verdict === "inconclusive" ? EXIT_CODES.inconclusive : EXIT_CODES.pass,
    text: describeTuning(report, written),
    json: toJson(report),
  };
}

async function replayRuns({ progress, signal }: CommandContext, path: string, region: string): Promise<Measurement> {
  const runs: TuningRun[] = [];
  const source = path === STDIN ? "standard input" : basename(path);
  const addRun = (line: string, number: number) => {
    const run = readRunLine(line, `Line ${number} of ${source}`);
    if (run !== undefined) runs.push(run);
  };
  await progress.step(
    `Read ${source}`,
    () => readLogLines(path, addRun, signal),
    (lines) => `${lines} lines, ${runs.length} runs`,
  );
  if (runs.length === 0)
    throw new UsageError(
      `There is no run in ${source}; allowed: lines such as {"memory_mb": 1024, "duration_ms": 812.5, ` +
        '"init_ms": null, "max_memory_mb": 140}, or Lambda\'s REPORT lines.',
    );
  return { runs, source, region, currentMiB: null };
}

async function writeFiles({ write, html }: TuneOptions, report: TuningReport): Promise<string[]> {
  // Written without a chosen size too, so that no file of an earlier tuning is taken for this one's answer.
  if (write !== undefined) writeReport(resolve(write), writeTuningTfvars(report));
  if (html !== undefined) writeReport(resolve(html), await tuningPage(report));
  return [write, html].filter((path) => path !== undefined);
}
