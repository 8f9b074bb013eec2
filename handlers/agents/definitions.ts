import { type AgentKind, AGENT_KINDS, type AgentDefinition, type ArbiterDefinition } from "../environment";
import { parseScript } from "./scripted";

/** Patterns of targets, and what they allow in words. */
const TARGETS: Readonly<Partial<Record<AgentKind, readonly [pattern: RegExp, words: string]>>> = {
  agentcore: [/^arn:[\w-]+:bedrock-agentcore:/, "the ARN of an AgentCore runtime"],
  bedrock: [/^(?!arn:)\S+$|^arn:[\w-]+:bedrock:/, "a model's or an inference profile's id or ARN"],
  lambda: [
    /^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/,
    "the ARN of a Lambda function, with or without a version or alias",
  ],
};

/** Describes what is wrong with the target of an agent of this kind, or "". */
export function describeTargetProblem(kind: unknown, target: unknown): string {
  if (typeof target !== "string" || target === "") return `target is ${JSON.stringify(target)}, but must be a text`;
  if (kind === "http") return describeUrlProblem(target);
  if (kind === "scripted" && !parseScript(target)) {
    return (
      `target is ${JSON.stringify(target)}, but must read "<milliseconds>ms <answer>" or ` +
      `"<milliseconds>ms !<error message>"`
    );
  }
  const [pattern, words] = TARGETS[kind as AgentKind] ?? [];
  return pattern && !pattern.test(target) ? `target is ${JSON.stringify(target)}, but must be ${words}` : "";
}

/** Describes what is wrong with a URL. It never quotes the URL, which may contain a password. */
function describeUrlProblem(target: string): string {
  const allowed = "must be https://<host>/<path>, or http:// to 127.0.0.1 or localhost";
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url) return `target is no URL, but ${allowed}`;
  if (url.username !== "" || url.password !== "")
    return "target holds a user or a password, but must not: put it into a secret, and name that in secret_arn";
  const isLoopback = url.protocol === "http:" && ["127.0.0.1", "localhost"].includes(url.hostname);
  return url.protocol === "https:" || isLoopback
    ? ""
    : `target goes to ${JSON.stringify(`${url.protocol}//${url.host}`)}, but ${allowed}`;
}

/** Parses a JSON array of agent definitions. Throws one error that names every problem. */
export function parseAgents(text: string): AgentDefinition[] {
  const agents = parseArray(text);
  const problems = agents.flatMap((agent, index) =>
    findProblems(agent, describePhaseProblem).map((problem) => `agent ${index}: ${problem}`),
  );
  const names = agents.map((agent) => agent?.name);
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    problems.push(`the name ${JSON.stringify(name)} is used twice`);
  }
  if (agents.length === 0) problems.push("at least one agent is needed");
  if (problems.length > 0) throw new Error(problems.join(", "));
  return agents.map((agent) => dropNulls(agent as AgentDefinition));
}

/**
 * Parses the JSON of an arbiter's definition; undefined if it is `null`. Throws one error that names every problem.
 */
export function parseArbiter(text: string): ArbiterDefinition | undefined {
  const arbiter = parse(text, "the JSON of an arbiter, or null") as ArbiterDefinition | null;
  if (arbiter === null) return undefined;
  const problems = findProblems(arbiter);
  if (problems.length > 0) throw new Error(problems.join(", "));
  return dropNulls(arbiter);
}

function parseArray(text: string): (Partial<AgentDefinition> | null)[] {
  const value = parse(text, "a JSON array of agents");
  if (!Array.isArray(value)) throw new Error("must be a JSON array of agents");
  return value as (Partial<AgentDefinition> | null)[];
}

function parse(text: string, allowed: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`not JSON, but must be ${allowed}`, { cause });
  }
}

function findProblems<T extends Partial<ArbiterDefinition>>(
  agent: T | null,
  describeMore: (agent: T) => string = () => "",
): string[] {
  if (typeof agent !== "object" || agent === null || Array.isArray(agent)) return ["must be an object"];
  const { name, kind, target, timeout_seconds: timeout, instructions } = agent;
  return [
    typeof name === "string" && name.trim() !== "" ? "" : `name is ${JSON.stringify(name)}, but must be a text`,
    AGENT_KINDS.some((known) => known === kind)
      ? ""
      : `kind is ${JSON.stringify(kind)}, but must be one of ${AGENT_KINDS.join(", ")}`,
    describeTargetProblem(kind, target),
    typeof timeout === "number" && timeout > 0
      ? ""
      : `timeout_seconds is ${JSON.stringify(timeout)}, but must be above 0`,
    (instructions ?? "") === "" || typeof instructions === "string"
      ? ""
      : `instructions is ${JSON.stringify(instructions)}, but must be a text`,
    describeSecretProblem(agent),
    describeMore(agent),
  ].filter((problem) => problem !== "");
}

/** Describes what is wrong with the secret's ARN. It does not quote it, because it may be the secret itself. */
function describeSecretProblem({ kind, secret_arn: arn }: Partial<ArbiterDefinition>): string {
  if ((arn ?? undefined) === undefined) return "";
  if (kind !== "http")
    return `secret_arn is given, but must not be with kind ${JSON.stringify(kind)}: only http sends it`;
  return typeof arn === "string" && /^arn:[\w-]+:secretsmanager:/.test(arn)
    ? ""
    : "secret_arn is no ARN of a Secrets Manager secret, but must be one";
}

function describePhaseProblem({ phases }: Partial<AgentDefinition>): string {
  const isRight =
    Array.isArray(phases) && phases.length > 0 && phases.every((phase) => Number.isInteger(phase) && phase >= 1);
  return isRight ? "" : `phases is ${JSON.stringify(phases)}, but must be whole numbers from 1`;
}

/** Drops nulls, as which Terraform writes optional attributes that are not set. */
function dropNulls<T extends object>(definition: T): T {
  return Object.fromEntries(Object.entries(definition).filter(([, value]) => value !== null)) as T;
}
