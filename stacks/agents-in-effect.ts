import type { TerraformStack } from "cdktf";
import { allow, type AgentFunction } from "../modules";
import { declareCheck, declareLocal } from "./declare";

/** Answers where no agent is set, so that a first deployment can be tried before there is one. */
const PLACEHOLDER = `{ name = "placeholder", kind = "scripted", target = "500ms No agent is set: set agentcore_runtime_arn or agents.", timeout_seconds = 60, phases = [1] }`;

const SINGLE = `{ name = "agent", kind = "agentcore", target = var.agentcore_runtime_arn, timeout_seconds = 600, phases = [1] }`;

/** Terraform expression of the agents that answer: `agents`, else the one of `agentcore_runtime_arn`, else a placeholder. */
export function agentsInEffect(stack: TerraformStack): string {
  const fallback = `var.agentcore_runtime_arn != null ? ${SINGLE} : ${PLACEHOLDER}`;
  declareLocal(stack, "agents", `\${length(var.agents) > 0 ? var.agents : [${fallback}]}`);
  return "local.agents";
}

/** Lets the worker call the agents that are set, and no others. */
export function agentAccess(worker: AgentFunction, agents: string): void {
  const runtimes = `[for agent in ${agents} : agent.target if agent.kind == "agentcore"]`;
  worker.grantWhen(
    `\${length(${runtimes}) > 0 ? 1 : 0}`,
    "agentcore",
    // A call names the runtime and one of its endpoints; both are checked.
    allow("InvokeAgentRuntimes", ["bedrock-agentcore:InvokeAgentRuntime"], `\${flatten([for arn in ${runtimes} : [arn, "\${arn}/runtime-endpoint/*"]])}`),
  );
}

/** Warns while nobody but the placeholder answers. */
export function warnAboutAgents(stack: TerraformStack): void {
  declareCheck(
    stack,
    "an_agent_is_set",
    "length(var.agents) > 0 || var.agentcore_runtime_arn != null",
    "No agent is set: requests get a placeholder's answer. Set agentcore_runtime_arn or agents.",
  );
}
