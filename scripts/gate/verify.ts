import { EXIT_CODES, UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { readDeployedStack } from "../kit/deployed-stack";
import { writeReport } from "../kit/files";
import {
  parseDurationSeconds,
  parseNumber,
  parseNumberFromZero,
  parseTimeMs,
  toOptionName,
} from "../kit/given-setting";
import { readEvidence, saveEvidence } from "./evidence";
import { describeFindings, gateFindings, smokeFindings, writeJunit, writeMarkdown, type Findings } from "./findings";
import { runGate, SYSTEM_CLOCK, type Clock } from "./gate";
import { judgeGate } from "./judge";
import { NAMED_KPIS } from "./reads";
import { runSmoke } from "./smoke";

/** What `quickturn verify` is given. */
export interface VerifyOptions {
  /**
   * Folder of an initialized stack, or a file with what `terraform output -json` or `terraform show -json` printed.
   * Default: the project's own stack.
   */
  readonly state?: string;
  /** Such as 30m. Default: 30m. */
  readonly window?: string;
  /** ISO time: the window ends there. Default: as late as is safe. */
  readonly end?: string;
  /** ISO time: nothing before it, such as the time of the deployment. Default: the whole window. */
  readonly since?: string;
  /** Version of the worker to judge. Default: whatever ran; the newest one with `baseline`. */
  readonly version?: string;
  /** Version of the worker to compare with. */
  readonly baseline?: string;
  /** Path of saved evidence to compare with. */
  readonly baselineMetrics?: string;
  /** Such as 20m: read again each minute until there is a pass or a fail, so long at most. */
  readonly wait?: string;
  /** Path of saved evidence to judge instead of asking AWS. */
  readonly replay?: string;
  /** Path to save the evidence to. */
  readonly save?: string;
  /** Path of a JUnit file to write. */
  readonly junit?: string;
  /** Path of a Markdown file to write. */
  readonly markdown?: string;
  /** Names of the KPIs to judge. Default: all. */
  readonly only: readonly string[];
  /** Dollars of 1,000 tokens. Default: the usage schema's, an assumption. */
  readonly tokenPriceIn?: string;
  readonly tokenPriceOut?: string;
  /** Times the baseline's duration that is allowed. Default: 1.25. */
  readonly maxLatencyRatio?: string;
  /** Times the baseline's cost that is allowed. Default: 1.1. */
  readonly maxCostRatio?: string;
  /** The checklist over HTTP instead of the metrics. */
  readonly smoke: boolean;
  /** URL of the stage that the checklist asks. Default: the output api_endpoint. */
  readonly url?: string;
  readonly prompt?: string;
  /** Such as 5m: the request of the checklist has so long to end. Default: 5m. */
  readonly smokeTimeout?: string;
  readonly apiKey?: string;
  readonly otherApiKey?: string;
  /** AWS profile of a second caller. */
  readonly otherProfile?: string;
}

/** Refuses what contradicts itself before anything is read. */
export function checkOptions(options: VerifyOptions): void {
  const names: readonly string[] = NAMED_KPIS.map(({ name }) => name);
  const unknown = options.only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new UsageError(`--only names ${unknown.join(", ")}; allowed: ${names.join(", ")}.`);
  for (const name of ["version", "baseline"] as const) {
    const given = options[name];
    if (given !== undefined && !/^[1-9]\d*$/.test(given))
      throw new UsageError(
        `--${name} is ${JSON.stringify(given)}; allowed: the number of a published version of the worker.`,
      );
  }
  const check = (parse: (option: string, text: string) => unknown, ...names: (keyof VerifyOptions)[]) =>
    names.forEach((name) => options[name] !== undefined && parse(toOptionName(name).slice(2), String(options[name])));
  check(parseDurationSeconds, "window", "wait", "smokeTimeout");
  check(parseTimeMs, "end", "since");
  check((name, text) => parseNumber(name, text, 0), "maxLatencyRatio", "maxCostRatio");
  check((name, text) => parseNumberFromZero(name, text, 0), "tokenPriceIn", "tokenPriceOut");
  for (const { given, with: others, why } of CONTRADICTIONS) {
    const both = others.filter((name) => options[name] !== undefined).map(toOptionName);
    if (options[given] !== undefined && options[given] !== false && both.length > 0)
      throw new UsageError(`--${given} was given with ${both.join(", ")}; allowed: one of them, because ${why}.`);
  }
  if (options.url !== undefined && !options.smoke)
    throw new UsageError("--url was given without --smoke; allowed: both, because metrics are read from AWS.");
  if (options.replay !== undefined && (options.smoke || options.only.length > 0))
    throw new UsageError(
      `--replay was given with ${options.smoke ? "--smoke" : "--only"}; allowed: --replay alone, because saved ` +
        "evidence is judged as it is.",
    );
}

/** What only reading metrics takes. */
const METRICS_OPTIONS = [
  "window",
  "end",
  "since",
  "version",
  "baseline",
  "baselineMetrics",
  "wait",
  "save",
] as const satisfies readonly (keyof VerifyOptions)[];
/** Options that contradict each other. */
const CONTRADICTIONS: readonly {
  readonly given: keyof VerifyOptions;
  readonly with: readonly (keyof VerifyOptions)[];
  readonly why: string;
}[] = [
  {
    given: "replay",
    with: ["state", ...METRICS_OPTIONS, "tokenPriceIn", "tokenPriceOut", "maxLatencyRatio", "maxCostRatio"],
    why: "saved evidence has all of that",
  },
  { given: "smoke", with: METRICS_OPTIONS, why: "the checklist reads no metrics" },
  { given: "wait", with: ["end"], why: "a window with a fixed end does not grow" },
  { given: "baseline", with: ["baselineMetrics"], why: "there is one baseline" },
];

/**
 * Says whether a deployment is good: from its KPIs' metrics, from saved ones, or by a checklist over HTTP. Exit code:
 * 0 pass, 1 fail, 3 inconclusive, 2 where nothing was found out. A failure to ask is never taken for a bad deployment.
 * @throws UsageError where what was given cannot be used
 */
export async function verify(
  context: CommandContext,
  options: VerifyOptions,
  clock: Clock = SYSTEM_CLOCK,
): Promise<CommandResult> {
  checkOptions(options);
  try {
    const findings = await find(context, options, clock);
    const { report } = findings;
    if (options.junit !== undefined) writeReport(options.junit, writeJunit(findings));
    if (options.markdown !== undefined) writeReport(options.markdown, writeMarkdown(findings));
    const exitCode = EXIT_CODES[report.verdict];
    return { exitCode, text: describeFindings(findings), json: { exitCode, ...report } };
  } catch (error) {
    // An interrupt is no finding, and neither is what was given.
    if (context.signal.aborted || error instanceof UsageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return {
      exitCode: EXIT_CODES.error,
      text: `quickturn verify: error\n${message}`,
      json: { verdict: "error", error: { kind: "failed", message, exitCode: EXIT_CODES.error } },
    };
  }
}

async function find(context: CommandContext, options: VerifyOptions, clock: Clock): Promise<Findings> {
  if (options.replay !== undefined) return gateFindings(judgeGate(readEvidence(options.replay)));
  const task = { context, options, clock, stack: await readDeployedStack(context, options.state) };
  if (options.smoke) return smokeFindings(await runSmoke(task));
  const { evidence, verdict } = await runGate(task);
  if (options.save !== undefined) saveEvidence(options.save, evidence);
  return gateFindings(verdict);
}
