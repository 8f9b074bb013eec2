import type { TerraformStack } from "cdktf";
import { allow, type AgentFunction } from "../modules";
import { declareCheck, declareLocal } from "./declare";

/** Answers where no agent is set, so that a first deployment can be tried before there is one. */
const PLACEHOLDER = `{ name = "placeholder", kind = "scripted", target = "500ms No agent is set: set agentcore_runtime_arn or agents.", timeout_seconds = 60, phases = [1] }`;

const SINGLE = `{ name = "agent", kind = "agentcore", target = var.agentcore_runtime_arn, timeout_seconds = 600, phases = [1] }`;

/** Terraform expressions of who answers, as JSON. */
export interface AgentsInEffect {
  /** Array of AgentDefinition. */
  readonly agents: string;
  /** ArbiterDefinition, or null. */
  readonly arbiter: string;
}

/** Declares who answers: `agents`, else the one of `agentcore_runtime_arn`, else a placeholder; and the arbiter. */
export function agentsInEffect(stack: TerraformStack): AgentsInEffect {
  // What is null is left out: the worker's environment has 4 KiB.
  const given = (agent: string) => `{ for key, value in ${agent} : key => value if value != null }`;
  const phased =
    "merge(agent, { phases = agent.phases != null ? agent.phases : (length(var.agents) > 1 ? [1, 2] : [1]) })";
  const fallback = `var.agentcore_runtime_arn != null ? ${SINGLE} : ${PLACEHOLDER}`;
  // Encoded on each side: the two lists have different types, which a conditional does not take.
  declareLocal(
    stack,
    "agents",
    `\${length(var.agents) > 0 ? jsonencode([for agent in var.agents : ${given(phased)}]) : jsonencode([${fallback}])}`,
  );
  declareLocal(stack, "arbiter", `\${var.arbiter == null ? "null" : jsonencode(${given("var.arbiter")})}`);
  return { agents: "local.agents", arbiter: "local.arbiter" };
}

/** Terraform expression: an attribute of all that may be called and of which a condition holds. */
const called = (attribute: string, condition: string): string =>
  `concat([for agent in var.agents : agent.${attribute} if ${condition}], [for agent in var.arbiter[*] : agent.${attribute} if ${condition}])`;

const targetsOf = (kind: string): string => called("target", `agent.kind == "${kind}"`);

/** Lets the worker call the agents that are set, and no others. */
export function agentAccess(worker: AgentFunction): void {
  const single = "var.agentcore_runtime_arn == null ? [] : [var.agentcore_runtime_arn]";
  // A call names the runtime and one of its endpoints; both are checked.
  const runtimes = `flatten([for arn in concat(${targetsOf("agentcore")}, ${single}) : [arn, "\${arn}/runtime-endpoint/*"]])`;
  grant(
    worker,
    "agentcore",
    ["bedrock-agentcore:InvokeAgentRuntime"],
    orNone(runtimes, "bedrock-agentcore", "runtime/none"),
    `length(var.agents) == 0 || length(${targetsOf("agentcore")}) > 0`,
  );
  grant(
    worker,
    "bedrock",
    ["bedrock:InvokeModel"],
    modelArns(targetsOf("bedrock")),
    `length(${targetsOf("bedrock")}) > 0`,
  );
  grant(worker, "lambda", ["lambda:InvokeFunction"], targetsOf("lambda"), `length(${targetsOf("lambda")}) > 0`);
  grant(
    worker,
    "secrets",
    ["secretsmanager:GetSecretValue"],
    orNone(called("secret_arn", "agent.secret_arn != null"), "secretsmanager", "secret:none"),
    `length(${targetsOf("http")}) > 0`,
  );
}

/**
 * @param when Terraform expression; it asks for no ARN, because those of resources of the same root are known after
 * apply alone
 */
function grant(worker: AgentFunction, id: string, actions: readonly string[], arns: string, when: string): void {
  const sid = `Call${id.charAt(0).toUpperCase()}${id.slice(1)}`;
  worker.grantWhen(`\${${when} ? 1 : 0}`, id, allow(sid, actions, `\${distinct(${arns})}`));
}

/** Terraform expression: the ARNs of a list, or one that nothing has, because IAM takes no empty list. */
const orNone = (list: string, service: string, none: string): string =>
  `coalescelist(${list}, ["arn:\${data.aws_partition.current.partition}:${service}:\${var.aws_region}:\${data.aws_caller_identity.current.account_id}:${none}"])`;

/**
 * ARNs that a Converse call of a model or an inference profile touches. A profile (`us.`, `eu.`, `apac.`, `global.`
 * before the model's id) sends the call to the model in any region of its own, and IAM checks the profile and the model
 * there.
 */
function modelArns(list: string): string {
  const model =
    'replace(element(split("/", id), length(split("/", id)) - 1), "/^(us-gov|us|eu|apac|jp|au|global)\\\\./", "")';
  const own =
    'startswith(id, "arn:") ? id : "arn:${data.aws_partition.current.partition}:bedrock:${var.aws_region}:${data.aws_caller_identity.current.account_id}:inference-profile/${id}"';
  return `flatten([for id in ${list} : [${own}, "arn:\${data.aws_partition.current.partition}:bedrock:*::foundation-model/\${${model}}"]])`;
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
