import { setTimeout as sleep } from "node:timers/promises";
import { judgeGate } from "../../judges/gate/judge";
import type { Verdict } from "../../judges/gate/verdict";
import { gateMarkdown } from "../../reports/gate-markdown";
import { junit } from "../../reports/junit";
import { writeReport } from "../../tools/files";
import { UsageError, type CommandContext, type CommandResult } from "../context";
import { EXIT_CODES } from "../exit-codes";
import { deployedStack } from "./deployment";
import { readEvidence, saveEvidence } from "./evidence-file";
import { gate, type Clock } from "./gate";
import { checkOptions, type VerifyOptions } from "./options";
import { gateFindings, smokeFindings, type Findings } from "./rows";
import { smoke } from "./smoke";
import { describeFindings } from "./text";

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
    return await found(context, options, clock);
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

async function found(context: CommandContext, options: VerifyOptions, clock: Clock): Promise<CommandResult> {
  checkOptions(options);
  if (options.replay !== undefined) {
    const verdict = judgeGate(readEvidence(options.replay));
    return result(options, verdict.verdict, verdict, gateFindings(verdict));
  }
  const stack = await deployedStack(context, options.state);
  if (options.smoke) {
    const report = await smoke(context, stack, options, clock);
    return result(options, report.verdict, report, smokeFindings(report));
  }
  const { evidence, verdict } = await gate(context, stack, options, clock);
  if (options.save !== undefined) saveEvidence(options.save, evidence);
  return result(options, verdict.verdict, verdict, gateFindings(verdict));
}

function result(
  { junit: junitPath, markdown }: VerifyOptions,
  verdict: Verdict,
  json: object,
  findings: Findings,
): CommandResult {
  const exitCode = EXIT_CODES[verdict];
  if (junitPath !== undefined) writeReport(junitPath, junit(findings.suite, findings.cases));
  if (markdown !== undefined) writeReport(markdown, gateMarkdown(findings.headline, findings.sentence, findings.rows));
  return { exitCode, text: describeFindings(findings), json: { exitCode, ...json } };
}
