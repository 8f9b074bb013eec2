import { toOptionName } from "../kit/given-setting";
import { NAMED_KPIS } from "./reads";
import { UsageError, type CommandContext, type CommandResult, EXIT_CODES } from "../kit/context";
import pc from "picocolors";
import { type GateRow, type Findings, gateMarkdown, gateFindings, smokeFindings } from "./rows";
import { setTimeout as sleep } from "node:timers/promises";
import { judgeGate, type Verdict } from "./judge";
import { junitXml } from "./junit";
import { writeReport } from "../kit/files";
import { readDeployedStack } from "../kit/deployed-stack";
import { readEvidence, saveEvidence } from "./evidence";
import { runGate, type Clock } from "./gate";
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
  if (options.replay !== undefined)
    refuseTogether(
      options,
      "replay",
      [
        "state",
        "window",
        "end",
        "since",
        "version",
        "baseline",
        "baselineMetrics",
        "wait",
        "save",
        "tokenPriceIn",
        "tokenPriceOut",
        "maxLatencyRatio",
        "maxCostRatio",
      ],
      "saved evidence has all of that",
    );
  if (options.replay !== undefined && (options.smoke || options.only.length > 0))
    throw new UsageError(
      `--replay was given with ${options.smoke ? "--smoke" : "--only"}; allowed: --replay alone, because saved ` +
        "evidence is judged as it is.",
    );
  if (options.smoke)
    refuseTogether(
      options,
      "smoke",
      ["window", "end", "since", "version", "baseline", "baselineMetrics", "wait", "save"],
      "the checklist reads no metrics",
    );
  if (options.wait !== undefined) refuseTogether(options, "wait", ["end"], "a window with a fixed end does not grow");
  if (options.baseline !== undefined) refuseTogether(options, "baseline", ["baselineMetrics"], "there is one baseline");
}

function refuseTogether(
  options: VerifyOptions,
  given: string,
  others: readonly (keyof VerifyOptions)[],
  why: string,
): void {
  const both = others.filter((name) => options[name] !== undefined).map(toOptionName);
  if (both.length > 0)
    throw new UsageError(`--${given} was given with ${both.join(", ")}; allowed: one of them, because ${why}.`);
}

const MARKS: Readonly<Record<string, (text: string) => string>> = {
  pass: pc.green,
  fail: pc.red,
  error: pc.red,
  inconclusive: pc.yellow,
  shown: pc.dim,
  "not applicable": pc.dim,
};

/** The findings for a person at a terminal: a line each, the reason at its end. */
function describeFindings({ headline, sentence, rows }: Findings): string {
  const width = (column: keyof GateRow) => Math.max(...rows.map((row) => row[column].length));
  const [what, value, bound, samples, verdict] = (["what", "value", "bound", "samples", "verdict"] as const).map(
    width,
  ) as [number, number, number, number, number];
  const line = (row: GateRow) =>
    `  ${(MARKS[row.verdict] ?? String)(row.verdict.padEnd(verdict))} ${row.what.padEnd(what)} ${row.value.padStart(value)} ${row.bound.padEnd(bound)} ${row.samples.padStart(samples)}  ${row.reason}`.trimEnd();
  return [pc.bold(headline), sentence, "", ...rows.map(line)].join("\n");
}

const SYSTEM_CLOCK: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) };

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
  try {
    return await readFindings(context, options, clock);
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

async function readFindings(context: CommandContext, options: VerifyOptions, clock: Clock): Promise<CommandResult> {
  checkOptions(options);
  if (options.replay !== undefined) {
    const verdict = judgeGate(readEvidence(options.replay));
    return reportFindings(options, verdict.verdict, verdict, gateFindings(verdict));
  }
  const stack = await readDeployedStack(context, options.state);
  if (options.smoke) {
    const report = await runSmoke(context, stack, options, clock);
    return reportFindings(options, report.verdict, report, smokeFindings(report));
  }
  const { evidence, verdict } = await runGate(context, stack, options, clock);
  if (options.save !== undefined) saveEvidence(options.save, evidence);
  return reportFindings(options, verdict.verdict, verdict, gateFindings(verdict));
}

function reportFindings(
  { junit: junitPath, markdown }: VerifyOptions,
  verdict: Verdict,
  json: object,
  findings: Findings,
): CommandResult {
  const exitCode = EXIT_CODES[verdict];
  if (junitPath !== undefined) writeReport(junitPath, junitXml(findings.suite, findings.cases));
  if (markdown !== undefined) writeReport(markdown, gateMarkdown(findings.headline, findings.sentence, findings.rows));
  return { exitCode, text: describeFindings(findings), json: { exitCode, ...json } };
}
