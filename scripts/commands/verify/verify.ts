import { setTimeout as sleep } from "node:timers/promises";
import { judgeGate } from "../../judges/gate/judge";
import { EXIT_CODES, type Verdict } from "../../judges/gate/verdict";
import { gateMarkdown } from "../../reports/gate-markdown";
import { junit } from "../../reports/junit";
import { writeWhole } from "../../tools/files";
import type { CommandContext, CommandResult } from "../context";
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
 */
export async function verify(context: CommandContext, options: VerifyOptions, clock: Clock = SYSTEM_CLOCK): Promise<CommandResult> {
  try {
    return await found(context, options, clock);
  } catch (error) {
    // An interrupt is no finding.
    if (context.signal.aborted) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return { exitCode: EXIT_CODES.error, text: `quickturn verify: error\n${message}`, json: { verdict: "error", error: message } };
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

function result({ junit: junitPath, markdown }: VerifyOptions, verdict: Verdict, json: object, findings: Findings): CommandResult {
  const exitCode = EXIT_CODES[verdict];
  if (junitPath !== undefined) writeWhole(junitPath, junit(findings.suite, findings.cases));
  if (markdown !== undefined) writeWhole(markdown, gateMarkdown(findings.headline, findings.sentence, findings.rows));
  return { exitCode, text: describeFindings(findings), json: { exitCode, ...json } };
}
