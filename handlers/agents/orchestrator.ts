import { runAgent } from "./agent-run";
import type { EarlierAnswer } from "./agent";
import { runAtMost } from "../deadline";
import {
  type AgentReport,
  type Orchestration,
  type OrchestrationInput,
  missedBy,
  uselessBecause,
  type TokenReport,
} from "./orchestration";
import { NotNeeded } from "../aws/guards";

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

/**
 * Runs the agents phase by phase, those of a phase at once, and the arbiter after them. A phase that misses the policy
 * ends the run: those after it would cost and not help. It never rejects: an agent that fails is reported.
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
    ({ reports: last, failure } = await runPhase(input, phase, steps - index, answersIn(reports)));
    reports.push(...last);
    if (failure) break;
  }
  const answers = answersIn(last);
  const verdict = failure ? undefined : await runArbiter(input, phases.at(-1) ?? 0, answers);
  if (verdict) reports.push(verdict);
  // An arbiter that failed is in its report; the answers that it was to merge stand without it.
  const answer = failure ? undefined : (verdict?.answer ?? combine(answers));
  return {
    ...(answer !== undefined && { answer }),
    ...(failure && { failure }),
    agents: reports,
    duration_ms: input.nowMs() - startedMs,
    ...sum(reports),
  };
}

function answersIn(reports: readonly AgentReport[]): EarlierAnswer[] {
  return reports.flatMap(({ name, answer }) => (answer === undefined ? [] : [{ name, answer }]));
}

/** One answer stands for itself; several are told apart by name. */
function combine(answers: readonly EarlierAnswer[]): string | undefined {
  if (answers.length <= 1) return answers[0]?.answer;
  return answers.map(({ name, answer }) => `${name}: ${answer}`).join("\n\n");
}

function sum(reports: readonly AgentReport[]): Pick<Orchestration, "tokens"> {
  const told = reports.flatMap(({ tokens }) => tokens ?? []);
  if (told.length === 0) return {};
  const total = (key: keyof TokenReport) => told.reduce((all, tokens) => all + tokens[key], 0);
  return { tokens: { input: total("input"), output: total("output"), total: total("total") } };
}
