import type { AgentDefinition } from "../environment";

const KINDS: readonly AgentDefinition["kind"][] = ["agentcore", "scripted"];
const SCRIPT = /^(\d{1,7})ms (!?)([^!][\s\S]*)$/;

/** What a scripted agent does: wait, then answer, or fail with the text as its message. */
export interface Script {
  readonly delayMs: number;
  readonly fails: boolean;
  readonly text: string;
}

/** Parses a scripted agent's target, `<milliseconds>ms <answer>` or `<milliseconds>ms !<error message>`. Undefined where it is neither. */
export function parseScript(target: string): Script | undefined {
  const match = SCRIPT.exec(target);
  return match ? { delayMs: Number(match[1]), fails: match[2] === "!", text: match[3] ?? "" } : undefined;
}

/** Parses a JSON array of agent definitions. Throws one error that names every problem. */
export function parseAgents(text: string): AgentDefinition[] {
  const agents = parseArray(text);
  const problems = agents.flatMap((agent, index) => problemsOf(agent).map((problem) => `agent ${index}: ${problem}`));
  const names = agents.map((agent) => agent?.name);
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    problems.push(`the name ${JSON.stringify(name)} is used twice`);
  }
  if (agents.length === 0) problems.push("at least one agent is needed");
  if (problems.length > 0) throw new Error(problems.join(", "));
  return agents as AgentDefinition[];
}

function parseArray(text: string): (Partial<AgentDefinition> | null)[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error("not JSON, but must be a JSON array of agents", { cause });
  }
  if (!Array.isArray(value)) throw new Error("must be a JSON array of agents");
  return value as (Partial<AgentDefinition> | null)[];
}

function problemsOf(agent: Partial<AgentDefinition> | null): string[] {
  if (typeof agent !== "object" || agent === null) return ["must be an object"];
  const { name, kind, target, timeout_seconds: timeout, phases } = agent;
  return [
    typeof name === "string" && name.trim() !== "" ? "" : "name must be a text",
    KINDS.some((known) => known === kind) ? "" : `kind is ${JSON.stringify(kind)}, but must be one of ${KINDS.join(", ")}`,
    targetProblem(kind, target),
    typeof timeout === "number" && timeout > 0 ? "" : `timeout_seconds is ${JSON.stringify(timeout)}, but must be above 0`,
    Array.isArray(phases) && phases.length > 0 && phases.every((phase) => Number.isInteger(phase) && phase >= 1)
      ? ""
      : `phases is ${JSON.stringify(phases)}, but must be whole numbers from 1`,
  ].filter((problem) => problem !== "");
}

function targetProblem(kind: unknown, target: unknown): string {
  if (typeof target !== "string" || target === "") return "target must be a text";
  if (kind === "agentcore" && !/^arn:[\w-]+:bedrock-agentcore:/.test(target)) return "target must be the ARN of an AgentCore runtime";
  if (kind === "scripted" && !parseScript(target)) return 'target must read "<milliseconds>ms <answer>" or "<milliseconds>ms !<error message>"';
  return "";
}
