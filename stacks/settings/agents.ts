import type { Setting } from "./setting";

/** The shape of one agent; `handlers/environment.ts` has the same as AgentDefinition. */
const AGENT = "object({ name = string, kind = string, target = string, timeout_seconds = optional(number, 60), phases = optional(list(number), [1]) })";

/** Which agents answer, and how many at once. */
export const agentSettings = [
  {
    name: "agentcore_runtime_arn",
    type: "string",
    description: "ARN of the Bedrock AgentCore runtime that answers; the short form of `agents` for a single one.",
    value: null,
    pattern: {
      expression: "^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/[A-Za-z0-9_-]+$",
      meaning: "arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>",
    },
    effect: "new version",
    rules: [
      {
        condition: "var.agentcore_runtime_arn == null || length(var.agents) == 0",
        message: "allowed: this or agents, not both; move the ARN into agents as a target of kind agentcore",
      },
    ],
  },
  {
    name: "agents",
    type: "structured",
    terraformType: `list(${AGENT})`,
    description:
      "The agents: name, kind (agentcore: target is a runtime's ARN; scripted: target is `<milliseconds>ms <answer>`), timeout_seconds (60), phases ([1]).",
    value: [],
    effect: "new version",
    rules: [
      {
        condition: "length(distinct([for agent in var.agents : agent.name])) == length(var.agents)",
        message: "allowed: a different name for each agent",
      },
      {
        condition: 'alltrue([for agent in var.agents : can(regex("^[A-Za-z][A-Za-z0-9_-]{0,63}$", agent.name))])',
        message: "allowed: names of 1 to 64 letters, digits, _ and -, from a letter",
      },
      {
        condition: 'alltrue([for agent in var.agents : contains(["agentcore", "scripted"], agent.kind)])',
        message: "allowed kinds: agentcore, scripted",
      },
      {
        condition:
          'alltrue([for agent in var.agents : agent.kind != "agentcore" || can(regex("^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/[A-Za-z0-9_-]+$", agent.target))])',
        message: "allowed target of kind agentcore: arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>",
      },
      {
        condition: 'alltrue([for agent in var.agents : agent.kind != "scripted" || can(regex("^[0-9]{1,6}ms .+$", agent.target))])',
        message: "allowed target of kind scripted: `<milliseconds>ms <answer>`",
      },
      {
        condition: "alltrue([for agent in var.agents : agent.timeout_seconds >= 1 && agent.timeout_seconds <= 890])",
        message: "allowed timeout_seconds: 1 to 890 (a Lambda function ends after 900)",
      },
      {
        condition:
          "alltrue([for agent in var.agents : length(agent.phases) > 0 && alltrue([for phase in agent.phases : phase >= 1 && phase <= 9 && floor(phase) == phase])])",
        message: "allowed phases: at least one, each a whole number from 1 to 9",
      },
      {
        // A Lambda's environment holds 4,096 bytes; the other variables and their names take under 800.
        condition: "length(base64encode(jsonencode(var.agents))) <= 4400",
        message: "allowed: at most 3,300 bytes as JSON, because the worker gets it in its environment; shorten targets",
      },
    ],
  },
  {
    name: "max_parallel_agents",
    type: "number",
    unit: "agents",
    description: "How many agents of a phase run at once; 0 = all, 1 = one after the other.",
    profiles: { baseline: 1, optimized: 0, low_latency: 0 },
    minimum: 0,
    maximum: 50,
    effect: "new version",
  },
] as const satisfies readonly Setting[];
