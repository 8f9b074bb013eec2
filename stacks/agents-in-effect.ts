import type { TerraformStack } from "cdktf";
import { allow, expression, interpolate, type AgentFunction, type Expression } from "../modules";
import { declareCheck, declareLocal } from "./declare";

/** Answers where no agent is set, so that a first deployment can be tried without one. */
const PLACEHOLDER =
  '{ name = "placeholder", kind = "scripted", ' +
  'target = "500ms No agent is set: set agentcore_runtime_arn or agents.", timeout_seconds = 60, phases = [1] }';

/** The agent that the setting `agentcore_runtime_arn` stands for. */
const SINGLE =
  '{ name = "agent", kind = "agentcore", target = var.agentcore_runtime_arn, timeout_seconds = 600, phases = [1] }';

/** The agents in effect, as JSON. */
interface AgentsInEffect {
  /** Array of AgentDefinition. */
  readonly agents: Expression;
  /** ArbiterDefinition, or null. */
  readonly arbiter: Expression;
}

/** Declares who answers: `agents`, else the one of `agentcore_runtime_arn`, else a placeholder; and the arbiter. */
export function declareAgents(stack: TerraformStack): AgentsInEffect {
  // Null attributes are left out, because the worker's environment has only 4 KiB.
  const withoutNulls = (agent: string) => expression`{ for key, value in ${agent} : key => value if value != null }`;
  const defaultPhases = "(length(var.agents) > 1 ? [1, 2] : [1])";
  const phased = `merge(agent, { phases = agent.phases != null ? agent.phases : ${defaultPhases} })`;
  const several = expression`jsonencode([for agent in var.agents : ${withoutNulls(phased)}])`;
  const single = expression`jsonencode([var.agentcore_runtime_arn != null ? ${SINGLE} : ${PLACEHOLDER}])`;
  // Each side is encoded, because the two lists have different types and a conditional takes only one.
  const agents = expression`length(var.agents) > 0 ? ${several} : ${single}`;
  const arbiter = expression`var.arbiter == null ? "null" : jsonencode(${withoutNulls("var.arbiter")})`;
  return {
    agents: declareLocal(stack, "agents", interpolate(agents)),
    arbiter: declareLocal(stack, "arbiter", interpolate(arbiter)),
  };
}

/** List of an attribute of the agents and the arbiter for which a condition holds. */
function listAttribute(attribute: string, condition: string): Expression {
  const ofAgents = `[for agent in var.agents : agent.${attribute} if ${condition}]`;
  const ofArbiter = `[for agent in var.arbiter[*] : agent.${attribute} if ${condition}]`;
  return expression`concat(${ofAgents}, ${ofArbiter})`;
}

const listTargets = (kind: string): Expression => listAttribute("target", `agent.kind == "${kind}"`);

/** A permission to call agents of one kind. */
interface AgentPermission {
  /** Name of the policy. */
  readonly id: string;
  readonly action: string;
  /** List of the ARNs that may be called. */
  readonly arns: Expression;
  /** Whether the policy exists. It reads no ARN, because the ARN of a planned resource is not known yet. */
  readonly enabled: Expression;
}

/** Lets the worker call the agents that are set, and no others. */
export function allowAgents(worker: AgentFunction): void {
  const [runtimes, models, functions] = [listTargets("agentcore"), listTargets("bedrock"), listTargets("lambda")];
  const single = "var.agentcore_runtime_arn == null ? [] : [var.agentcore_runtime_arn]";
  // IAM checks a call on the runtime and on one of its endpoints.
  const endpoints = '"${arn}/runtime-endpoint/*"';
  const withEndpoints = expression`flatten([for arn in concat(${runtimes}, ${single}) : [arn, ${endpoints}]])`;
  const secrets = listAttribute("secret_arn", "agent.secret_arn != null");
  const permissions: readonly AgentPermission[] = [
    {
      id: "agentcore",
      action: "bedrock-agentcore:InvokeAgentRuntime",
      arns: neverEmpty(withEndpoints, "bedrock-agentcore", "runtime/none"),
      enabled: expression`length(var.agents) == 0 || length(${runtimes}) > 0`,
    },
    {
      id: "bedrock",
      action: "bedrock:InvokeModel",
      arns: listModelArns(models),
      enabled: expression`length(${models}) > 0`,
    },
    {
      id: "lambda",
      action: "lambda:InvokeFunction",
      arns: functions,
      enabled: expression`length(${functions}) > 0`,
    },
    {
      id: "secrets",
      action: "secretsmanager:GetSecretValue",
      arns: neverEmpty(secrets, "secretsmanager", "secret:none"),
      enabled: expression`length(${listTargets("http")}) > 0`,
    },
  ];
  for (const { id, action, arns, enabled } of permissions) {
    const sid = `Call${id.charAt(0).toUpperCase()}${id.slice(1)}`;
    worker.grantWhen(enabled, id, [allow(sid, [action], interpolate(expression`distinct(${arns})`))]);
  }
}

const PARTITION = "${data.aws_partition.current.partition}";
const HERE = "${var.aws_region}:${data.aws_caller_identity.current.account_id}";

/** The ARNs of a list, or one that no resource has, because IAM takes no empty list. */
const neverEmpty = (list: Expression, service: string, absent: string): Expression =>
  expression`coalescelist(${list}, ["arn:${PARTITION}:${service}:${HERE}:${absent}"])`;

/**
 * ARNs that a Converse call of a model or an inference profile touches. A profile (`us.`, `eu.`, `apac.`, `global.`
 * before the model's id) sends the call to the model in any of its regions, and IAM checks the profile and the model.
 */
function listModelArns(ids: Expression): Expression {
  const lastPart = 'element(split("/", id), length(split("/", id)) - 1)';
  const model = `replace(${lastPart}, "/^(us-gov|us|eu|apac|jp|au|global)\\\\./", "")`;
  const given = `startswith(id, "arn:") ? id : "arn:${PARTITION}:bedrock:${HERE}:inference-profile/\${id}"`;
  const modelArn = `"arn:${PARTITION}:bedrock:*::foundation-model/\${${model}}"`;
  return expression`flatten([for id in ${ids} : [${given}, ${modelArn}]])`;
}

/** Warns while only the placeholder answers. */
export function warnAboutAgents(stack: TerraformStack): void {
  declareCheck(stack, "an_agent_is_set", {
    condition: expression`length(var.agents) > 0 || var.agentcore_runtime_arn != null`,
    warning: "No agent is set: requests get a placeholder's answer. Set agentcore_runtime_arn or agents.",
  });
}
