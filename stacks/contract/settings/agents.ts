import { numberBetween, type Rule, type Setting } from "./setting";

/** Attributes of both an agent and the arbiter; the same as ArbiterDefinition in `handlers/environment.ts`. */
const ANSWERER =
  "name = string, kind = string, target = string, timeout_seconds = optional(number, 60), instructions = " +
  "optional(string), secret_arn = optional(string)";

/** Terraform type of the arbiter. */
const ARBITER_TYPE = `object({ ${ANSWERER} })`;

/** Terraform type of the agents. */
export const AGENTS_TYPE = `list(object({ ${ANSWERER}, phases = optional(list(number)) }))`;

/** RE2 expression of an AgentCore runtime's ARN. */
const RUNTIME_ARN = "^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/[A-Za-z0-9_-]+$";
const RUNTIME_ARN_IN_WORDS = "arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>";

/** RE2 expression of each kind's target, and its meaning in words. */
const TARGETS: Readonly<Record<string, readonly [expression: string, words: string]>> = {
  agentcore: [RUNTIME_ARN, RUNTIME_ARN_IN_WORDS],
  bedrock: [
    "^([A-Za-z0-9][A-Za-z0-9.:-]{1,127}|arn:aws[a-z-]*:bedrock:[a-z0-9-]+:([0-9]{12})?:[a-z-]+/[A-Za-z0-9.:/-]+)$",
    "a model's or an inference profile's id or ARN",
  ],
  // A prompt must not cross a network in clear, so plain http is for tests on loopback.
  http: [
    "^(https://[A-Za-z0-9.-]+|http://(127\\\\.0\\\\.0\\\\.1|localhost))(:[0-9]{1,5})?(/[^\\\\s]*)?$",
    "https://<host>/<path>, without user and password",
  ],
  lambda: [
    "^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]{1,128})?$",
    "arn:aws:lambda:<region>:<account>:function:<name>, with or without :<version or alias>",
  ],
  scripted: ["^[0-9]{1,6}ms .+$", "`<milliseconds>ms <answer>`"],
};

/** A condition that is met if another one is met for each agent of a list. */
const holdsForAll = (list: string, condition: string): string => `alltrue([for agent in ${list} : ${condition}])`;

/** Rules for each agent of a list. @param list Terraform expression of the list */
function agentRules(list: string): Rule[] {
  const kinds = Object.keys(TARGETS);
  return [
    {
      condition: holdsForAll(list, 'can(regex("^[A-Za-z][A-Za-z0-9_-]{0,63}$", agent.name))'),
      message: "allowed: names of 1 to 64 letters, digits, _ and -, from a letter",
    },
    {
      condition: holdsForAll(list, `contains(${JSON.stringify(kinds)}, agent.kind)`),
      message: `allowed kinds: ${kinds.join(", ")}`,
    },
    ...Object.entries(TARGETS).map(([kind, [expression, words]]) => ({
      condition: holdsForAll(list, `agent.kind != "${kind}" || can(regex("${expression}", agent.target))`),
      message: `allowed target of kind ${kind}: ${words}`,
    })),
    {
      condition: holdsForAll(list, "agent.timeout_seconds >= 1 && agent.timeout_seconds <= 890"),
      message: "allowed timeout_seconds: 1 to 890 (a Lambda function ends after 900)",
    },
    {
      condition: holdsForAll(
        list,
        'agent.secret_arn == null ? true : agent.kind == "http" && ' +
          'can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$", ' +
          "agent.secret_arn))",
      ),
      message:
        "allowed secret_arn: with kind http, arn:aws:secretsmanager:<region>:<account>:secret:<name>; the " +
        "secret's text is sent as the header Authorization",
    },
  ];
}

/** The arbiter as a list, to which the agents' rules apply. */
const ARBITERS = "(var.arbiter == null ? [] : [var.arbiter])";

/** The agents that answer, how many run at once, and how many must succeed. */
export const agentSettings = [
  {
    name: "agentcore_runtime_arn",
    type: "string",
    description: "ARN of the Bedrock AgentCore runtime that answers; the short form of `agents` for a single one.",
    value: null,
    pattern: { expression: RUNTIME_ARN, meaning: RUNTIME_ARN_IN_WORDS },
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
    terraformType: AGENTS_TYPE,
    description:
      "The agents: name, kind and target (agentcore: a runtime's ARN; bedrock: a model's or inference profile's " +
      "id or ARN; lambda: a function's ARN; http: a URL; scripted: `<milliseconds>ms <answer>`), timeout_seconds " +
      "(60), phases ([1] for a single agent, [1, 2] for several), instructions, secret_arn (http: the header " +
      "Authorization).",
    value: [],
    effect: "new version",
    rules: [
      {
        condition: "length(distinct([for agent in var.agents : agent.name])) == length(var.agents)",
        message: "allowed: a different name for each agent",
      },
      ...agentRules("var.agents"),
      {
        condition:
          "alltrue([for agent in var.agents : agent.phases == null ? true : length(agent.phases) > 0 && " +
          "alltrue([for phase in agent.phases : phase >= 1 && phase <= 9 && floor(phase) == phase])])",
        message: "allowed phases: at least one, each a whole number from 1 to 9",
      },
      {
        // A Lambda's environment holds 4,096 bytes; the other variables and their names take under 1,100.
        condition: "length(base64encode(jsonencode([var.agents, var.arbiter]))) <= 4000",
        message:
          "allowed: at most 3,000 bytes as JSON, the arbiter's among them, because the worker gets it in its " +
          "environment; shorten targets and instructions",
      },
    ],
  },
  {
    name: "arbiter",
    type: "structured",
    terraformType: ARBITER_TYPE,
    description:
      "Merges the last phase's answers into one: name, kind, target, timeout_seconds (60), instructions, " +
      "secret_arn, as for an agent. null = the answers stand one after the other.",
    value: null,
    effect: "new version",
    rules: agentRules(ARBITERS),
  },
  {
    name: "max_parallel_agents",
    ...numberBetween(0, 50, "agents"),
    description: "How many agents of a phase run at once; 0 = all, 1 = one after the other.",
    profiles: { baseline: 1, optimized: 0, low_latency: 0 },
    effect: "new version",
  },
  {
    name: "agent_policy",
    type: "string",
    description:
      "How many agents of a phase must succeed: any (one; all are waited for), quorum (agent_quorum; the others " +
      "are cancelled as soon as that many have), all.",
    value: "any",
    allowed: ["all", "quorum", "any"],
    effect: "new version",
  },
  {
    name: "agent_quorum",
    ...numberBetween(0, 50, "agents"),
    description: "With agent_policy = quorum: how many agents of a phase must succeed; 0 = more than half.",
    value: 0,
    effect: "new version",
  },
  {
    name: "request_deadline_in_seconds",
    ...numberBetween(60, 86_400, "seconds"),
    description:
      "How long a request may take from being accepted, the wait in the queue among it; after that it is " +
      "expired, and no agent is called for it.",
    value: 3600,
    effect: "new version",
  },
] as const satisfies readonly Setting[];
