import type { EarlierAnswer } from "../agents/agent";
import type { AgentReport, Orchestration, OrchestrationInput, TokenReport } from "./orchestration";
import { runArbiter, runPhase } from "./phases";

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
