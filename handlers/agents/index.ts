import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import type { AgentDefinition } from "../environment";
import type { Agent } from "./agent";
import { agentCoreAgent } from "./agentcore";
import { parseScript } from "./definitions";
import { scriptedAgent } from "./scripted";

/** An agent that can be run, with its definition. */
export interface ReadyAgent {
  readonly definition: AgentDefinition;
  readonly agent: Agent;
}

/** Makes the agent of each definition. `connect` is called only for agents of kind `agentcore`, with their first run. */
export function openAgents(definitions: readonly AgentDefinition[], connect: () => Promise<BedrockAgentCoreClient>): ReadyAgent[] {
  return definitions.map((definition) => ({ definition, agent: open(definition, connect) }));
}

function open({ name, kind, target }: AgentDefinition, connect: () => Promise<BedrockAgentCoreClient>): Agent {
  if (kind === "agentcore") return agentCoreAgent(name, target, connect);
  const script = parseScript(target);
  if (!script) throw new Error(`Agent ${name}: the target ${JSON.stringify(target)} is not a script. Write "<milliseconds>ms <answer>".`);
  return scriptedAgent(script);
}
