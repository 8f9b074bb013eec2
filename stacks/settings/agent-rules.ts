import type { Rule } from "./setting";

/** What both an agent and the arbiter have; `handlers/environment.ts` has the same as ArbiterDefinition. */
const ANSWERER =
  "name = string, kind = string, target = string, timeout_seconds = optional(number, 60), instructions = optional(string), secret_arn = optional(string)";

/** Terraform type of the arbiter. */
export const ARBITER_TYPE = `object({ ${ANSWERER} })`;

/** Terraform type of the agents. */
export const AGENTS_TYPE = `list(object({ ${ANSWERER}, phases = optional(list(number)) }))`;

/** RE2 expression of an AgentCore runtime's ARN, in words {@link RUNTIME_ARN_IN_WORDS}. */
export const RUNTIME_ARN = "^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/[A-Za-z0-9_-]+$";
export const RUNTIME_ARN_IN_WORDS = "arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>";

/** By kind: RE2 expression of its target, and what it means in words. */
const TARGETS: Readonly<Record<string, readonly [expression: string, words: string]>> = {
  agentcore: [RUNTIME_ARN, RUNTIME_ARN_IN_WORDS],
  bedrock: [
    "^([A-Za-z0-9][A-Za-z0-9.:-]{1,127}|arn:aws[a-z-]*:bedrock:[a-z0-9-]+:([0-9]{12})?:[a-z-]+/[A-Za-z0-9.:/-]+)$",
    "a model's or an inference profile's id or ARN",
  ],
  // Plain http only on loopback, where tests live: a prompt must not cross a network in clear.
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

const every = (list: string, condition: string): string => `alltrue([for agent in ${list} : ${condition}])`;

/** What holds for each agent of a list. @param list Terraform expression of the list */
export function agentRules(list: string): Rule[] {
  const kinds = Object.keys(TARGETS);
  return [
    {
      condition: every(list, 'can(regex("^[A-Za-z][A-Za-z0-9_-]{0,63}$", agent.name))'),
      message: "allowed: names of 1 to 64 letters, digits, _ and -, from a letter",
    },
    {
      condition: every(list, `contains(${JSON.stringify(kinds)}, agent.kind)`),
      message: `allowed kinds: ${kinds.join(", ")}`,
    },
    ...Object.entries(TARGETS).map(([kind, [expression, words]]) => ({
      condition: every(list, `agent.kind != "${kind}" || can(regex("${expression}", agent.target))`),
      message: `allowed target of kind ${kind}: ${words}`,
    })),
    {
      condition: every(list, "agent.timeout_seconds >= 1 && agent.timeout_seconds <= 890"),
      message: "allowed timeout_seconds: 1 to 890 (a Lambda function ends after 900)",
    },
    {
      condition: every(
        list,
        'agent.secret_arn == null ? true : agent.kind == "http" && can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$", agent.secret_arn))',
      ),
      message:
        "allowed secret_arn: with kind http, arn:aws:secretsmanager:<region>:<account>:secret:<name>; the secret's text is sent as the header Authorization",
    },
  ];
}
