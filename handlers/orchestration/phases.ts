import { runAgent } from "./agent-run";
import type { EarlierAnswer } from "../agents/agent";
import { runAtMost } from "../concurrency";
import type { AgentReport, Orchestration, OrchestrationInput } from "./orchestration";
import { missedBy, uselessBecause } from "./policy";
import { NotNeeded } from "../resilience/guard";

/** How a phase ended. */
export interface PhaseOutcome {
  /** In the order of the definitions. */
  readonly reports: readonly AgentReport[];
  /** Where it missed its policy. */
  readonly failure?: Orchestration["failure"];
}

/**
 * Runs the agents of a phase, and cancels those that are of no use any more. `stepsLeft`: how many phases share the
 * time that is left, this one and the arbiter among them. Never rejects.
 */
export async function runPhase(
  input: OrchestrationInput,
  phase: number,
  stepsLeft: number,
  answers: readonly EarlierAnswer[],
): Promise<PhaseOutcome> {
  const { policy, quorum, maxParallel } = input;
  const startedMs = input.nowMs();
  const endMs = endOf(input, startedMs, stepsLeft);
  const members = input.agents.filter(({ definition }) => definition.phases.includes(phase));
  const stop = new AbortController();
  const tally = { members: members.length, ok: 0, notOk: 0 };
  const tasks = members.map((ready) => async () => {
    const report = await runAgent(input, { ready, phase, answers, endMs, stop: stop.signal });
    tally[report.status === "ok" ? "ok" : "notOk"]++;
    const reason = uselessBecause(policy, quorum, tally);
    if (reason !== undefined) stop.abort(new NotNeeded(reason));
    return report;
  });
  const reports = await runAtMost(maxParallel === 0 ? members.length : maxParallel, tasks);
  const failure = missedBy(policy, quorum, phase, tally);
  logPhase(input, String(phase), startedMs, {
    agents: tally.members,
    ok: tally.ok,
    ...(failure && { error_code: failure.code }),
  });
  return { reports, ...(failure && { failure }) };
}

/** Has the arbiter, where there is one, merge the last phase's answers. Never rejects. */
export async function runArbiter(
  input: OrchestrationInput,
  lastPhase: number,
  answers: readonly EarlierAnswer[],
): Promise<AgentReport | undefined> {
  if (!input.arbiter) return undefined;
  const startedMs = input.nowMs();
  const stop = new AbortController().signal;
  const report = await runAgent(input, {
    ready: input.arbiter,
    phase: lastPhase + 1,
    role: "arbiter",
    answers,
    endMs: endOf(input, startedMs, 1),
    stop,
  });
  logPhase(input, "arbiter", startedMs, { agents: 1, ok: report.status === "ok" ? 1 : 0 });
  return report;
}

/** What is left is shared equally: a phase that needs less leaves more to those after it. */
const endOf = ({ deadlineMs }: OrchestrationInput, nowMs: number, stepsLeft: number): number =>
  nowMs + (deadlineMs - nowMs) / stepsLeft;

function logPhase(
  { log, nowMs }: OrchestrationInput,
  phase: string,
  startedMs: number,
  counts: Readonly<Record<string, unknown>>,
): void {
  const duration_ms = nowMs() - startedMs;
  log(
    "info",
    "phase_ended",
    { phase, duration_ms, ...counts },
    { metrics: { PhaseDuration: duration_ms }, dimensions: { Phase: phase } },
  );
}
