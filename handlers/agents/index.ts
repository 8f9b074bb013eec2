import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import type { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { withDeadline } from "../deadline";
import type { AgentDefinition, ArbiterDefinition } from "../environment";
import type { Guards } from "../aws/guards";
import type { ReadCache } from "../requests/read-cache";
import type { Agent } from "./agent";
import { agentCoreAgent, bedrockAgent, lambdaAgent } from "./aws-agents";
import { httpAgent, managedSecret, type HttpDoor } from "./http";
import { parseScript, scriptedAgent } from "./scripted";

/** An agent that can be run, with its definition. */
export interface ReadyAgent {
  readonly definition: AgentDefinition;
  readonly agent: Agent;
}

/** The arbiter, with its definition. */
export interface ReadyArbiter {
  readonly definition: ArbiterDefinition;
  readonly agent: Agent;
}

/** What agents are reached through. Each client is connected by the first run that needs it. */
export interface AgentDoors {
  readonly agentcore: () => Promise<BedrockAgentCoreClient>;
  readonly bedrock: () => Promise<BedrockRuntimeClient>;
  readonly lambda: () => Promise<LambdaClient>;
  readonly secrets: () => Promise<SecretsManagerClient>;
  /**
   * The clients' pooled request handler. It must have no time-out for an answer, because an agent may think for minutes
   * and its signal ends it.
   */
  readonly http: HttpDoor;
  /** Keeps secrets. */
  readonly cache: ReadCache;
  /** Used with the names `agent:<name>`. */
  readonly guards: Guards;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** From 0 to less than 1. */
  readonly random: () => number;
}

/** Makes the agent of each definition, behind its guard. */
export function openAgents(definitions: readonly AgentDefinition[], doors: AgentDoors): ReadyAgent[] {
  return definitions.map((definition) => ({ definition, agent: openGuarded(definition, doors) }));
}

/** Makes the arbiter, if there is one. */
export function openArbiter(definition: ArbiterDefinition | undefined, doors: AgentDoors): ReadyArbiter | undefined {
  return definition && { definition, agent: openGuarded(definition, doors) };
}

function openGuarded(definition: ArbiterDefinition, doors: AgentDoors): Agent {
  const agent = openAgent(definition, doors);
  const guard = doors.guards(`agent:${definition.name}`);
  // The deadline is inside the guard, which must not count an agent that is slow to notice the abort as running.
  return { run: (input, signal) => guard.run(() => withDeadline(signal, () => agent.run(input, signal))) };
}

function openAgent(definition: ArbiterDefinition, doors: AgentDoors): Agent {
  const { name, kind, target, secret_arn: secretArn } = definition;
  if (kind === "agentcore") return agentCoreAgent(definition, doors.agentcore);
  if (kind === "bedrock") return bedrockAgent(definition, doors.bedrock);
  if (kind === "lambda") return lambdaAgent(definition, doors.lambda);
  if (kind === "http")
    return httpAgent(definition, {
      ...doors,
      ...(secretArn !== undefined && { secret: managedSecret(secretArn, doors.secrets, doors.cache) }),
    });
  const script = parseScript(target);
  if (!script)
    throw new Error(
      `Agent ${name}: the target ${JSON.stringify(target)} is not a script. Write "<milliseconds>ms <answer>".`,
    );
  return scriptedAgent(script);
}
