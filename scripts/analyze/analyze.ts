import { basename, resolve } from "node:path";
import { SETTINGS } from "../../stacks/contract/settings";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { writeReport } from "../kit/files";
import { checkTfvarsPath, parseDurationSeconds } from "../kit/given-setting";
import { analyzeRuns, CONFIDENCE } from "./analysis";
import { findCauses } from "./causes";
import { readLogLines, reportEvents, STDIN } from "./log-events";
import { analysisPage } from "./page";
import { recommend } from "./recommendations";
import { readOrigin } from "./report-line";
import { RunCollector, type Reading } from "./samples";
import { describeAnalysis, writeAnalysisTfvars, type AnalysisReport } from "./text";

export interface AnalyzeOptions {
  /** Files of log lines; `-` is standard input. Without files and without a log group: standard input. */
  readonly files: readonly string[];
  /** CloudWatch log group to read instead. */
  readonly logGroup?: string;
  /** With logGroup: how far back, such as `90m`, `24h`, `7d`. Default: 24h. */
  readonly since?: string;
  /** A run that takes longer counts as slow. Default: 60. */
  readonly thresholdSeconds?: number;
  /** Where to write the recommended settings. Default: nowhere. */
  readonly tfvars?: string;
  /** Where to write the page. Default: nowhere. */
  readonly html?: string;
}

const DEFAULT_THRESHOLD_SECONDS = 60;
const DEFAULT_SINCE = "24h";
const MAX_THRESHOLD_SECONDS = 900;

const METHODS = {
  durations: "the handler's time as REPORT lines give it; init and restore are apart",
  percentiles: "linear between the nearest two runs (Hyndman and Fan's type 7: R, NumPy, PERCENTILE.INC)",
  percentile_intervals: "order statistics, binomial with equal tails; no assumption about the distribution",
  share_intervals: "Wilson's score",
  modes:
    "two only where Sarle's coefficient of the logarithms is above 5/9 and two normal distributions, fitted to them, " +
    "beat one by a BIC of 10, lie apart by an Ashman's D of 2 and hold 5 % each",
} as const;

/** Analyses the REPORT lines of Lambda logs: distribution, likely causes, settings that the evidence supports. */
export async function analyze(context: CommandContext, options: AnalyzeOptions): Promise<CommandResult> {
  checkOptions(options);
  const thresholdMs = (options.thresholdSeconds ?? DEFAULT_THRESHOLD_SECONDS) * 1_000;
  const collector = new RunCollector();
  const inputs =
    options.logGroup === undefined
      ? await readFiles(context, options.files, collector)
      : await readLogGroup(context, { group: options.logGroup, since: options.since ?? DEFAULT_SINCE }, collector);
  const { samples, reading } = collector;
  if (samples.count === 0) throw new Error(explainNoReport(inputs, reading));
  const analysis = analyzeRuns(samples, thresholdMs);
  const causes = findCauses(analysis);
  const report: AnalysisReport = {
    inputs,
    reading,
    confidence: CONFIDENCE,
    methods: METHODS,
    analysis,
    causes,
    recommended: recommend(analysis, causes, SETTINGS),
  };
  const { tfvars, html } = options;
  if (tfvars !== undefined) writeReport(resolve(tfvars), writeAnalysisTfvars(report));
  if (html !== undefined) writeReport(resolve(html), await analysisPage(report));
  const written = [tfvars, html].filter((path) => path !== undefined);
  return { exitCode: 0, text: describeAnalysis(report, written), json: report };
}

function checkOptions(options: AnalyzeOptions): void {
  const { files, logGroup, since, thresholdSeconds = DEFAULT_THRESHOLD_SECONDS, tfvars } = options;
  if (logGroup !== undefined && files.length > 0)
    throw new UsageError(`Files (${files.join(", ")}) and --log-group ${logGroup} are given; allowed: one of the two.`);
  if (logGroup === undefined && since !== undefined)
    throw new UsageError(
      `--since ${since} is given without --log-group; a file is read from beginning to end. ` +
        "Add --log-group <name>, or leave it out.",
    );
  if (files.filter((file) => file === STDIN).length > 1)
    throw new UsageError("- is given twice; standard input can be read once.");
  if (!(thresholdSeconds > 0 && thresholdSeconds <= MAX_THRESHOLD_SECONDS))
    throw new UsageError(
      `--threshold is ${thresholdSeconds}; allowed: seconds above 0, up to ${MAX_THRESHOLD_SECONDS}, which is the ` +
        "longest that Lambda runs.",
    );
  checkTfvarsPath("tfvars", tfvars);
}

/** Reads files, or standard input where there are none, and returns their names. */
async function readFiles(
  { progress, signal }: CommandContext,
  files: readonly string[],
  collector: RunCollector,
): Promise<string[]> {
  const inputs: string[] = [];
  for (const path of files.length === 0 ? [STDIN] : files) {
    const input = path === STDIN ? "standard input" : basename(path);
    await progress.step(
      `Read ${input}`,
      () => readLogLines(path, (text, line) => collector.take(text, { input, line }), signal),
      (lines) => `${lines} lines`,
    );
    inputs.push(input);
  }
  return inputs;
}

async function readLogGroup(
  { progress, signal, environment }: CommandContext,
  { group, since }: { readonly group: string; readonly since: string },
  collector: RunCollector,
): Promise<string[]> {
  const toMs = Date.now();
  const fromMs = toMs - parseDurationSeconds("since", since) * 1_000;
  await progress.step(
    `Read ${group}, ${since}`,
    async (detail) => {
      let line = 0;
      const onPage = (events: number) => detail(`${events} events`);
      for await (const { message, stream } of reportEvents({ group, fromMs, toMs, environment, signal, onPage }))
        collector.take(message, { input: group, line: ++line }, readOrigin(group, stream));
      return line;
    },
    (events) => `${events} events`,
  );
  return [group];
}

function explainNoReport(inputs: readonly string[], { lines, unreadable, firstUnreadable }: Reading): string {
  const broken = firstUnreadable
    ? ` ${unreadable} of them say that they are one and cannot be read, the first in line ${firstUnreadable.line} ` +
      `of ${firstUnreadable.input}.`
    : "";
  return (
    `No REPORT line in ${inputs.join(", ")}: ${lines} lines were read.${broken} Allowed: Lambda's log in the text ` +
    "format (REPORT RequestId: …) or the JSON format (platform.report), as it is or exported; with --log-group, look " +
    "further back by --since."
  );
}
