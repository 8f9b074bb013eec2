import { DependencyDownError } from "../aws/guards";
import { boundedSignal, withDeadline } from "../deadline";
import { nameError, type Measured } from "../telemetry";
import { AgentFailure, type AgentAnswer, type EarlierAnswer, type Tokens } from "./agent";
import type { ReadyArbiter } from "./index";
import type { AgentReport, OrchestrationInput, TokenReport } from "./orchestration";

/** One agent's part in a phase. */
export interface AgentTask {
  readonly ready: ReadyArbiter;
  readonly phase: number;
  readonly role?: "arbiter";
  readonly answers: readonly EarlierAnswer[];
  /** Epoch milliseconds at which the phase's time ends. */
  readonly endMs: number;
  /** Aborted with an error whose message is the reason, as soon as the phase does not need the agent. */
  readonly stop: AbortSignal;
}

type Ending = Pick<AgentReport, "status" | "answer" | "tokens" | "error">;

/** Runs one agent within its own time-out and the phase's end, and logs the outcome. Never rejects. */
export async function runAgent(input: OrchestrationInput, task: AgentTask): Promise<AgentReport> {
  const { ready, phase, role } = task;
  const { name } = ready.definition;
  const startedMs = input.nowMs();
  const outcome = await askAgent(input, task, startedMs);
  const duration_ms = input.nowMs() - startedMs;
  const { status } = outcome.ending;
  const { error } = outcome;
  const fields = { agent: name, phase, status, duration_ms, ...(error !== undefined && { error: nameError(error) }) };
  input.log(status === "ok" ? "info" : "warn", "agent_ended", fields, ...measureOutcome(name, duration_ms, outcome));
  return { name, phase, ...(role && { role }), duration_ms, ...outcome.ending };
}

interface Outcome {
  readonly ending: Ending;
  readonly error?: unknown;
  readonly answer?: AgentAnswer;
}

async function askAgent(
  input: OrchestrationInput,
  { ready, answers, endMs, stop }: AgentTask,
  startedMs: number,
): Promise<Outcome> {
  const ownMs = ready.definition.timeout_seconds * 1000;
  const budgetMs = Math.min(ownMs, endMs - startedMs);
  if (budgetMs <= 0 && !stop.aborted && !input.signal.aborted)
    return { ending: { status: "timed_out", error: "Not called: the request had no time left." } };
  const { signal, release } = boundedSignal(budgetMs, input.signal, stop);
  const question = {
    prompt: input.prompt,
    context: { turns: input.turns, answers },
    conversation: input.conversation,
    deadlineMs: startedMs + budgetMs,
  };
  try {
    const answer = await withDeadline(signal, () => ready.agent.run(question, signal));
    return {
      answer,
      ending: { status: "ok", answer: answer.text, ...(answer.tokens && { tokens: addTotal(answer.tokens) }) },
    };
  } catch (error) {
    // The agent may have failed by itself just before the abort.
    if (!signal.aborted || error !== signal.reason)
      return { error, ending: { status: "failed", error: describeFailure(error) } };
    if (input.signal.aborted && error === input.signal.reason)
      return { error, ending: { status: "cancelled", error: "Cancelled: the request ended before it." } };
    if (stop.aborted && error === stop.reason)
      return { error, ending: { status: "cancelled", error: `Not needed: ${(stop.reason as Error).message}.` } };
    const limit =
      budgetMs < ownMs
        ? `the ${(budgetMs / 1000).toFixed(1)} s that the request had left`
        : `${ready.definition.timeout_seconds} s`;
    return { error, ending: { status: "timed_out", error: `No answer within ${limit}.` } };
  } finally {
    release();
  }
}

/** Describes a failure for the caller. Only the messages of {@link AgentFailure} are safe to show. */
function describeFailure(error: unknown): string {
  if (error instanceof AgentFailure) return error.message;
  return error instanceof DependencyDownError ? "Not called: it failed too often just now." : "The agent failed.";
}

const addTotal = ({ input, output }: Tokens): TokenReport => ({ input, output, total: input + output });

/** Measures an outcome. The duration of a cancelled agent says nothing about the agent, and is not measured. */
function measureOutcome(name: string, durationMs: number, { ending: { status, tokens }, answer }: Outcome): Measured[] {
  if (status === "cancelled") return [];
  const own = {
    metrics: { AgentDuration: durationMs, AgentFailed: status === "ok" ? 0 : 1 },
    dimensions: { Agent: name },
  };
  if (!tokens || answer?.model === undefined) return [own];
  return [
    own,
    {
      metrics: { TokensIn: tokens.input, TokensOut: tokens.output, TokensUsed: tokens.total },
      dimensions: { Model: answer.model },
    },
  ];
}
