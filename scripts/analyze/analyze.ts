import { basename, resolve } from "node:path";
import { findCauses } from "./causes";
import { recommend } from "./recommendations";
import { originOfStream } from "./report-line";
import { CONFIDENCE, analyzeRuns } from "./analysis";
import { RunCollector, type Reading } from "./samples";
import { analysisPage, type AnalysisReport } from "./page";
import { tfvarsText } from "./tfvars";
import { writeReport } from "../kit/files";
import { reportEvents, STDIN, readReportLines } from "./log-events";
import { SETTINGS } from "../../stacks/contract/settings";
import { describeAnalysis } from "./text";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { parseDurationSeconds } from "../kit/given-setting";

export interface AnalyzeOptions {
  /** Files of log lines; `-` is standard input. None, and no log group: standard input. */
  readonly files: readonly string[];
  /** CloudWatch log group to read instead. */
  readonly logGroup?: string;
  /** With logGroup: how far back, such as `90m`, `24h`, `7d`. Default: 24h. */
  readonly since?: string;
  /** Seconds above which a run counts as slow. Default: 60. */
  readonly thresholdSeconds?: number;
  /** Where to write the recommended settings; they are not written without it. */
  readonly tfvars?: string;
  /** Where to write the page; none without it. */
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
    "two only where Sarle's coefficient of the logarithms is above 5/9 and two normal distributions, fitted to them, beat one by a BIC of 10, lie apart by an Ashman's D of 2 and hold 5 % each",
} as const;

/** Analyses the REPORT lines of Lambda logs: distribution, likely causes, settings that the evidence supports. */
export async function analyze(context: CommandContext, options: AnalyzeOptions): Promise<CommandResult> {
  checkOptions(options);
  const thresholdMs = (options.thresholdSeconds ?? DEFAULT_THRESHOLD_SECONDS) * 1_000;
  const { collector, inputs } =
    options.logGroup === undefined
      ? await fromFiles(context, options)
      : await fromLogGroup(context, options.logGroup, options.since ?? DEFAULT_SINCE);
  if (collector.samples.count === 0) throw new Error(nothingFound(inputs, collector.reading));
  const analysis = analyzeRuns(collector.samples, thresholdMs);
  const report: AnalysisReport = {
    inputs,
    reading: collector.reading,
    confidence: CONFIDENCE,
    methods: METHODS,
    analysis,
    causes: findCauses(analysis),
    recommended: recommend(analysis, SETTINGS),
  };
  const written = await write(options, report);
  return { exitCode: 0, text: describeAnalysis(report, written), json: report };
}

function checkOptions({
  files,
  logGroup,
  since,
  thresholdSeconds = DEFAULT_THRESHOLD_SECONDS,
  tfvars,
}: AnalyzeOptions): void {
  if (logGroup !== undefined && files.length > 0)
    throw new UsageError(`Files (${files.join(", ")}) and --log-group ${logGroup} are given; allowed: one of the two.`);
  if (logGroup === undefined && since !== undefined)
    throw new UsageError(
      `--since ${since} is given without --log-group; a file is read wholly. Add --log-group <name>, or leave it out.`,
    );
  if (files.filter((file) => file === STDIN).length > 1)
    throw new UsageError("- is given twice; standard input can be read once.");
  if (!(thresholdSeconds > 0 && thresholdSeconds <= MAX_THRESHOLD_SECONDS))
    throw new UsageError(
      `--threshold is ${thresholdSeconds}; allowed: seconds above 0, up to ${MAX_THRESHOLD_SECONDS}, which is the longest that Lambda runs.`,
    );
  if (tfvars !== undefined && !tfvars.endsWith(".tfvars"))
    throw new UsageError(
      `--tfvars is ${tfvars}; allowed: a file that ends on .tfvars, which is how Terraform knows its format.`,
    );
}

async function fromFiles({ progress, signal }: CommandContext, { files }: AnalyzeOptions) {
  const collector = new RunCollector();
  const paths = files.length === 0 ? [STDIN] : files;
  for (const path of paths) {
    const name = nameOf(path);
    await progress.step(
      `Read ${name}`,
      () => readReportLines(path, (line, number) => collector.take(line, name, number), signal).catch(asUsageError),
      (lines) => `${lines} lines`,
    );
  }
  return { collector, inputs: paths.map(nameOf) };
}

const nameOf = (path: string): string => (path === STDIN ? "standard input" : basename(path));

async function fromLogGroup({ progress, signal, environment }: CommandContext, group: string, since: string) {
  const collector = new RunCollector();
  const toMs = Date.now();
  const fromMs = toMs - parseDurationSeconds("since", since) * 1_000;
  await progress
    .step(
      `Read ${group}, ${since}`,
      async (detail) => {
        let number = 0;
        const events = reportEvents({
          group,
          fromMs,
          toMs,
          environment,
          signal,
          onPage: (count) => detail(`${count} events`),
        });
        for await (const { message, stream } of events)
          collector.take(message, group, ++number, originOfStream(group, stream));
        return number;
      },
      (count) => `${count} events`,
    )
    .catch(asUsageError);
  return { collector, inputs: [group] };
}

function asUsageError(cause: unknown): never {
  if (cause instanceof UsageError) throw cause;
  throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
}

function nothingFound(inputs: readonly string[], { lines, unreadable, firstUnreadable }: Reading): string {
  const broken = firstUnreadable
    ? ` ${unreadable} of them say that they are one and cannot be read, the first in line ${firstUnreadable.line} of ${firstUnreadable.input}.`
    : "";
  return `No REPORT line in ${inputs.join(", ")}: ${lines} lines were read.${broken} Allowed: Lambda's log in the text format (REPORT RequestId: …) or the JSON format (platform.report), as it is or exported; with --log-group, look further back by --since.`;
}

async function write({ tfvars, html }: AnalyzeOptions, report: AnalysisReport): Promise<string[]> {
  if (tfvars !== undefined) writeReport(resolve(tfvars), tfvarsText(report));
  if (html !== undefined) writeReport(resolve(html), await analysisPage(report));
  return [tfvars, html].filter((path) => path !== undefined);
}
