import { NotNeededError } from "../aws/guards";
import { runAtMost } from "../deadline";
import type { EarlierAnswer } from "./agent";
import { runAgent } from "./agent-run";
import {
  explainMiss,
  explainStop,
  type AgentReport,
  type Orchestration,
  type OrchestrationInput,
  type TokenReport,
} from "./orchestration";

/** A phase to run. */
interface Phase {
  readonly phase: number;
  /** How many phases share the time that is left, including this one and the arbiter. */
  readonly stepsLeft: number;
  /** Answers of the earlier phases. */
  readonly answers: readonly EarlierAnswer[];
}

/** How a phase ended. */
interface PhaseOutcome {
  /** In the order of the definitions. */
  readonly reports: readonly AgentReport[];
  /** Present if the phase missed its policy. */
  readonly failure?: Orchestration["failure"];
}

/** Runs the agents of a phase, and cancels those that are not needed any more. Never rejects. */
export async function runPhase(input: OrchestrationInput, { phase, stepsLeft, answers }: Phase): Promise<PhaseOutcome> {
  const { maxParallel } = input;
  const startedMs = input.nowMs();
  const endMs = computePhaseEnd(input, startedMs, stepsLeft);
  const members = input.agents.filter(({ definition }) => definition.phases.includes(phase));
  const stop = new AbortController();
  const tally = { members: members.length, ok: 0, notOk: 0 };
  const tasks = members.map((ready) => async () => {
    const report = await runAgent(input, { ready, phase, answers, endMs, stop: stop.signal });
    tally[report.status === "ok" ? "ok" : "notOk"]++;
    const reason = explainStop(input, tally);
    if (reason !== undefined) stop.abort(new NotNeededError(reason));
    return report;
  });
  const reports = await runAtMost(maxParallel === 0 ? members.length : maxParallel, tasks);
  const failure = explainMiss(input, phase, tally);
  logPhase(input, startedMs, {
    phase: String(phase),
    agents: tally.members,
    ok: tally.ok,
    ...(failure && { error_code: failure.code }),
  });
  return { reports, ...(failure && { failure }) };
}

/** Lets the arbiter, if there is one, merge the last phase's answers. Never rejects. */
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
    endMs: computePhaseEnd(input, startedMs, 1),
    stop,
  });
  logPhase(input, startedMs, { phase: "arbiter", agents: 1, ok: report.status === "ok" ? 1 : 0 });
  return report;
}

/** Shares the time that is left equally. A phase that needs less leaves more to those after it. */
const computePhaseEnd = ({ deadlineMs }: OrchestrationInput, nowMs: number, stepsLeft: number): number =>
  nowMs + (deadlineMs - nowMs) / stepsLeft;

function logPhase(
  { log, nowMs }: OrchestrationInput,
  startedMs: number,
  { phase, ...counts }: { readonly phase: string; readonly agents: number; readonly ok: number; error_code?: string },
): void {
  const duration_ms = nowMs() - startedMs;
  log(
    "info",
    "phase_ended",
    { phase, duration_ms, ...counts },
    { metrics: { PhaseDuration: duration_ms }, dimensions: { Phase: phase } },
  );
}

/**
 * Runs the agents phase by phase, those of a phase concurrently, and then the arbiter. A phase that misses the policy
 * ends the run, because later phases would cost and not help. It never rejects: agents that fail are reported.
 */
export async function orchestrate(input: OrchestrationInput): Promise<Orchestration> {
  const startedMs = input.nowMs();
  const phases = [...new Set(input.agents.flatMap(({ definition }) => definition.phases))].sort(
    (left, right) => left - right,
  );
  const steps = phases.length + (input.arbiter ? 1 : 0);
  const reports: AgentReport[] = [];
  let last: readonly AgentReport[] = [];
  let failure: Orchestration["failure"];
  for (const [index, phase] of phases.entries()) {
    ({ reports: last, failure } = await runPhase(input, {
      phase,
      stepsLeft: steps - index,
      answers: listAnswers(reports),
    }));
    reports.push(...last);
    if (failure) break;
  }
  const answers = listAnswers(last);
  const verdict = failure ? undefined : await runArbiter(input, phases.at(-1) ?? 0, answers);
  if (verdict) reports.push(verdict);
  // If the arbiter fails, the answers that it should have merged are concatenated.
  const answer = failure ? undefined : (verdict?.answer ?? concatenate(answers));
  return {
    ...(answer !== undefined && { answer }),
    ...(failure && { failure }),
    agents: reports,
    duration_ms: input.nowMs() - startedMs,
    ...sumTokens(reports),
  };
}

function listAnswers(reports: readonly AgentReport[]): EarlierAnswer[] {
  return reports.flatMap(({ name, answer }) => (answer === undefined ? [] : [{ name, answer }]));
}

/** Joins answers into one text. Several answers are distinguished by the agents' names. */
function concatenate(answers: readonly EarlierAnswer[]): string | undefined {
  if (answers.length <= 1) return answers[0]?.answer;
  return answers.map(({ name, answer }) => `${name}: ${answer}`).join("\n\n");
}

function sumTokens(reports: readonly AgentReport[]): Pick<Orchestration, "tokens"> {
  const reported = reports.flatMap(({ tokens }) => tokens ?? []);
  if (reported.length === 0) return {};
  const total = (key: keyof TokenReport) => reported.reduce((all, tokens) => all + tokens[key], 0);
  return { tokens: { input: total("input"), output: total("output"), total: total("total") } };
}
