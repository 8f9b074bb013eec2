import type { ReadyAgent } from "./agents";
import { AgentFailure, type AgentInput, type EarlierAnswer, type Turn } from "./agents/agent";
import { runAtMost } from "./concurrency";
import { withDeadline } from "./deadline";
import { nameError, type Log } from "./telemetry";

/** How one agent of one phase fared. */
export interface AgentReport {
  readonly name: string;
  readonly phase: number;
  readonly status: "ok" | "failed" | "timed_out";
  readonly duration_ms: number;
  /** Where it is ok. */
  readonly answer?: string;
  /** Where it is not; safe to show. */
  readonly error?: string;
}

/** What came of a prompt. */
export interface Orchestration {
  /** Undefined where every agent of the last phase failed. */
  readonly answer?: string;
  /** By phase, then in the order of the definitions. */
  readonly agents: readonly AgentReport[];
  readonly duration_ms: number;
}

/** What a run of the agents needs. */
export interface OrchestrationInput {
  readonly agents: readonly ReadyAgent[];
  readonly prompt: string;
  /** The session's last turns, oldest first. */
  readonly turns: readonly Turn[];
  /** See {@link AgentInput.conversation}. */
  readonly conversation: string;
  /** How many agents run at once; 0 = all of a phase. */
  readonly maxParallel: number;
  /** Ends every agent that still runs. */
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Runs the agents phase by phase, those of a phase at once. It never rejects: an agent that fails is reported, the others go on. */
export async function orchestrate(input: OrchestrationInput): Promise<Orchestration> {
  const startedMs = input.nowMs();
  const phases = [...new Set(input.agents.flatMap(({ definition }) => definition.phases))].sort((left, right) => left - right);
  const reports: AgentReport[] = [];
  for (const phase of phases) reports.push(...(await runPhase(input, phase, answersIn(reports))));
  const answer = combine(answersIn(reports.filter(({ phase }) => phase === phases.at(-1))));
  return { ...(answer !== undefined && { answer }), agents: reports, duration_ms: input.nowMs() - startedMs };
}

function runPhase(input: OrchestrationInput, phase: number, answers: readonly EarlierAnswer[]): Promise<AgentReport[]> {
  const members = input.agents.filter(({ definition }) => definition.phases.includes(phase));
  return runAtMost(
    input.maxParallel === 0 ? members.length : input.maxParallel,
    members.map((member) => () => runAgent(input, member, phase, answers)),
  );
}

async function runAgent(input: OrchestrationInput, { definition, agent }: ReadyAgent, phase: number, answers: readonly EarlierAnswer[]): Promise<AgentReport> {
  const startedMs = input.nowMs();
  const signal = AbortSignal.any([AbortSignal.timeout(Math.ceil(definition.timeout_seconds * 1000)), input.signal]);
  const question: AgentInput = { prompt: input.prompt, context: { turns: input.turns, answers }, conversation: input.conversation };
  const report = (ending: Pick<AgentReport, "status" | "answer" | "error">): AgentReport => ({
    name: definition.name,
    phase,
    duration_ms: input.nowMs() - startedMs,
    ...ending,
  });
  try {
    signal.throwIfAborted();
    return report({ status: "ok", answer: await withDeadline(signal, agent.run(question, signal)) });
  } catch (error) {
    const failed = report(endingOf(error, input.signal, signal, definition.timeout_seconds));
    const { name, status, duration_ms } = failed;
    input.log("warn", "agent_failed", { agent: name, phase, status, duration_ms, error: nameError(error) });
    return failed;
  }
}

function endingOf(error: unknown, parent: AbortSignal, own: AbortSignal, timeoutSeconds: number): Pick<AgentReport, "status" | "error"> {
  if (parent.aborted) return { status: "timed_out", error: "Cancelled: the time for the whole request ran out." };
  if (own.aborted) return { status: "timed_out", error: `No answer within ${timeoutSeconds} s.` };
  return { status: "failed", error: error instanceof AgentFailure ? error.message : "The agent failed." };
}

function answersIn(reports: readonly AgentReport[]): EarlierAnswer[] {
  return reports.flatMap(({ name, answer }) => (answer === undefined ? [] : [{ name, answer }]));
}

/** One answer stands for itself; several are told apart by name. */
function combine(answers: readonly EarlierAnswer[]): string | undefined {
  if (answers.length <= 1) return answers[0]?.answer;
  return answers.map(({ name, answer }) => `${name}: ${answer}`).join("\n\n");
}
