import { basename, resolve } from "node:path";
import { PriceBook, HOME_REGION } from "../cost/prices";
import { seededRandom } from "../kit/random";
import type { TuningRun } from "./size";
import { readRunLine, writeRun } from "./run-line";
import { tune as judge } from "./verdict";
import { readReportLines, STDIN } from "../analyze/log-events";
import { writeReport } from "../kit/files";
import { tuningPage } from "./page";
import { tuningTfvars, describeTuning, tuningJson, type TuningReport } from "./text";
import { ARCHITECTURE } from "../../stacks/contract/fixed";
import { UsageError, type CommandContext, type CommandResult, EXIT_CODES } from "../kit/context";
import { checkTuneOptions, coldShareOf, OF_FUNCTION, type TuneOptions } from "./options";
import { cleanup, measure, type Measured } from "./measure";

/** Samples of a bootstrap: the ends of a 95 % interval then rest on 25 of them. */
const RESAMPLES = 1_000;

/**
 * Chooses a function's memory from runs at several sizes: measured on temporary versions, or replayed. Nothing live is
 * changed. Exit code: 0 chosen, 3 inconclusive.
 */
export async function tune(context: CommandContext, options: TuneOptions): Promise<CommandResult> {
  checkTuneOptions(options);
  if (options.cleanup) return cleanup(context, options);
  const coldStartShare = coldShareOf(options);
  const measured =
    options.replay === undefined
      ? await measure(context, options)
      : await replayed(context, options.replay, options.region ?? HOME_REGION);
  if (options.save !== undefined)
    writeReport(resolve(options.save), measured.runs.map((run) => `${writeRun(run)}\n`).join(""));
  const prices = new PriceBook(measured.region);
  const tuning = judge(measured.runs, {
    strategy: options.strategy,
    architecture: ARCHITECTURE,
    prices,
    coldStartShare,
    draws: { resamples: RESAMPLES, random: seededRandom(options.seed) },
  });
  const report: TuningReport = {
    tuning,
    source: measured.source,
    setting: OF_FUNCTION[options.function].memory,
    currentMiB: measured.currentMiB,
    region: measured.region,
    coldStartShare,
    substitutes: prices.substitutes(),
  };
  const written = await write(options, report);
  return {
    exitCode: tuning.verdict === "inconclusive" ? EXIT_CODES.inconclusive : EXIT_CODES.pass,
    text: describeTuning(report, written),
    json: tuningJson(report),
  };
}

async function replayed({ progress, signal }: CommandContext, path: string, region: string): Promise<Measured> {
  const runs: TuningRun[] = [];
  const source = path === STDIN ? "standard input" : basename(path);
  const take = (line: string, number: number) => {
    const read = readRunLine(line);
    if (read.kind === "wrong") throw new UsageError(`Line ${number} of ${source} is wrong: ${read.problem}.`);
    if (read.kind === "run") runs.push(read.run);
  };
  await progress.step(
    `Read ${source}`,
    () => readReportLines(path, take, signal).catch(asUsageError),
    (lines) => `${lines} lines, ${runs.length} runs`,
  );
  if (runs.length === 0)
    throw new UsageError(
      `There is no run in ${source}; allowed: lines such as {"memory_mb": 1024, "duration_ms": 812.5, "init_ms": null, "max_memory_mb": 140}, or Lambda's REPORT lines.`,
    );
  return { runs, source, region, currentMiB: null };
}

/** What a line's reader said of the person's file is not wrapped in what the file's reader says. */
function asUsageError(cause: unknown): never {
  const inner = cause instanceof Error ? cause.cause : undefined;
  if (inner instanceof UsageError) throw inner;
  throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
}

async function write({ write: tfvars, html }: TuneOptions, report: TuningReport): Promise<string[]> {
  // A file of an earlier tuning must not stand beside an answer that is none.
  if (tfvars !== undefined) writeReport(resolve(tfvars), tuningTfvars(report));
  if (html !== undefined) writeReport(resolve(html), await tuningPage(report));
  return [tfvars, html].filter((path) => path !== undefined);
}
