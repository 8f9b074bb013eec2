import type { Part } from "../../stacks/contract/parts";
import { OUTPUT_DESCRIPTIONS } from "../../stacks/contract/outputs";
import { SETTINGS, type Setting } from "../../stacks/contract/settings";
import type { ModuleFacts } from "./module-files";
import { formatTestFile, refuseBeyondLimits } from "./module-tests";
import { outputsTable, settingsTable } from "./tables";

/** The texts and tests of one small module. Tables and bad values come from its settings. */
export interface PartPages {
  readonly part: Part;
  /** What it is and when to use it: a paragraph or two of Markdown. */
  readonly summary: string;
  /** What its user must know: paragraphs of Markdown. */
  readonly notes: string;
  /** A root that calls it: HCL, without the block of versions. */
  readonly example: string;
  /** What all runs share: mocks and variables in HCL. */
  readonly given: string;
  /** Runs that show what it does, in HCL. */
  readonly runs: readonly string[];
  /** Runs of what its rules refuse or warn about, in HCL. Runs beyond the limits are added. */
  readonly refusals: readonly string[];
}

/** README, example and tests of a small module, by path. */
export function formatPartFiles(pages: PartPages, facts: ModuleFacts): Readonly<Record<string, string>> {
  const { part, given, runs, refusals } = pages;
  const settings = selectSettings(part.settings, facts);
  return {
    "README.md": formatReadme({
      ...pages,
      name: part.name,
      source: facts.source,
      use: facts.source === undefined ? PART_USE : REPOSITORY_USE,
      examples: "`examples/basic` is this as a whole root.",
      effects: PART_EFFECTS,
      settings,
      outputs: part.outputs,
    }),
    "examples/basic/main.tf": `${formatVersions(facts)}\n${pages.example}`,
    "tests/behaviour.tftest.hcl": formatTestFile("What it plans, and what each flip changes.", [given, ...runs]),
    "tests/refused.tftest.hcl": formatTestFile("Every bad value is refused at its variable.", [
      given,
      ...refuseBeyondLimits(settings),
      ...refusals,
    ]),
  };
}

/** README and examples of the module `agent-api`, by path. HCL is written as `terraform fmt` does. */
export function formatAgentApiPages(facts: ModuleFacts): Readonly<Record<string, string>> {
  return {
    "README.md": formatReadme({
      name: "agent-api",
      source: facts.source,
      summary: SUMMARY,
      use: facts.source === undefined ? USE : REPOSITORY_USE,
      example: BASIC,
      examples:
        "`examples/basic` is this as a whole root; `examples/two-teams` has one deployment a team, by `for_each`.",
      notes: NOTES,
      effects: EFFECTS,
      settings: selectSettings(SETTINGS, facts),
      outputs: OUTPUT_DESCRIPTIONS,
    }),
    "examples/basic/main.tf": `${formatVersions(facts)}\n${BASIC}`,
    "examples/two-teams/main.tf": `${formatVersions(facts)}\n${TWO_TEAMS}`,
  };
}

const selectSettings = (settings: readonly Setting[], { dropped }: ModuleFacts): readonly Setting[] =>
  settings.filter(({ name }) => !dropped.includes(name));

interface Readme extends Pick<PartPages, "summary" | "notes" | "example"> {
  readonly name: string;
  readonly source: ModuleFacts["source"];
  /** How to get the module. */
  readonly use: string;
  /** Which examples there are. */
  readonly examples: string;
  /** What the words in the column "a change" mean. */
  readonly effects: string;
  readonly settings: readonly Setting[];
  readonly outputs: Readonly<Record<string, string>>;
}

function formatReadme({ name, source, summary, use, ...readme }: Readme): string {
  const { example, examples, notes, effects, settings, outputs } = readme;
  const text = `# Quickturn: ${name}

${summary}
${use}

## Example

\`\`\`hcl
${extractModuleCall(example, name)}\`\`\`

${examples}

## What to know

${notes}
**Tests.** \`terraform init && terraform test\` in this folder plans it with a mocked provider: no account is needed.

## Inputs

${effects}

${settingsTable(settings)}

## Outputs

${outputsTable(outputs)}
`;
  const folder = `"./modules/${name}"`;
  return text.replaceAll(folder, source === undefined ? folder : JSON.stringify(source));
}

/** The call of a module in an example's root, as somebody writes it who has copied the module's folder. */
function extractModuleCall(example: string, folder: string): string {
  const [call = ""] = /^module "[\s\S]*?^}\n/m.exec(example) ?? [];
  return call.replace('"../.."', `"./modules/${folder}"`);
}

/** The block with which a root says which versions it takes. */
function formatVersions({ terraform, aws }: ModuleFacts): string {
  return `terraform {
  required_version = "${terraform}"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "${aws}"
    }
  }
}
`;
}

/** Joins the lines of each paragraph of Markdown, which are wrapped in the source. Blocks of code stay unchanged. */
export function joinLines(markdown: string): string {
  return markdown
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/(?<=[^\n])\n(?=[^\n])/g, " ")))
    .join("");
}

const PART_USE = joinLines(`Plain Terraform: JSON, no Node.js. Copy this folder into your repository, or unpack it
where your modules stand. \`count\`, \`for_each\` and \`providers\` work; the region is the provider's.`);

const REPOSITORY_USE =
  joinLines(`Plain Terraform in the registry's layout, no Node.js. Push this folder to a repository of
its name, and tag it: \`source\` is then its git address, as below, or its address in a registry. \`count\`,
\`for_each\` and \`providers\` work; the region is the provider's.`);

const PART_EFFECTS = joinLines(`What a change does: *alias* moves the alias (seconds); *stage* changes the stage
(seconds); *in place* updates a resource (seconds); *minutes* says what AWS takes; *identity*: another value is another
resource, set it once.`);

const BASIC = `provider "aws" {
  region = "us-east-1"
}

module "agent_api" {
  source = "../.."

  name        = "support"
  environment = "dev"
  alarm_email = "on.call@example.org"

  # A placeholder that answers after a second. Put your agent here: see agents in the module's README.
  agents = [{ name = "placeholder", kind = "scripted", target = "1000ms done" }]
}

output "api_endpoint" {
  description = "URL that callers use, without the route."
  value       = module.agent_api.api_endpoint
}
`;

const TWO_TEAMS = `provider "aws" {
  region = "us-east-1"
}

variable "teams" {
  description = "Each team's deployment by its name. What is left out follows the profile."
  nullable    = false

  type = map(object({
    profile             = optional(string, "optimized")
    memory_size         = optional(number)
    deletion_protection = optional(bool, true)
  }))

  default = {
    research = { memory_size = 2048 }
    support  = {}
  }
}

module "agent_api" {
  source   = "../.."
  for_each = var.teams

  name                = each.key
  environment         = "dev"
  profile             = each.value.profile
  memory_size         = each.value.memory_size
  deletion_protection = each.value.deletion_protection
  alarm_email         = "on.call@example.org"
  tags                = { team = each.key }

  # A placeholder that answers after a second. Put the team's agent here: see agents in the module's README.
  agents = [{ name = "placeholder", kind = "scripted", target = "1000ms done" }]
}

output "api_endpoints" {
  description = "URL that each team's callers use, without the route."
  value       = { for team, deployment in module.agent_api : team => deployment.api_endpoint }
}
`;

const SUMMARY =
  joinLines(`An HTTP API in front of slow LLM agents: it answers 202 at once, queues the request, runs the agents in a
worker, and serves polls from a cache; with alarms and a dashboard. Every optimization is a variable: flip it,
and it is taken away again, in place.
`);

const USE =
  joinLines(`Plain Terraform: JSON and three zips, no Node.js. Copy this folder into your repository, or unpack
it where your modules stand.`);

const EFFECTS = joinLines(`What a change does: *new version* publishes a function's version and moves the alias
(seconds); *alias* moves the alias (seconds); *stage* changes method settings (seconds); *deployment* puts a new
deployment behind the same URL (seconds); *in place* updates a resource (seconds); *minutes* says what AWS takes;
*identity* names the deployment: set it once. A setting that is null follows \`profile\`.`);

const NOTES =
  joinLines(`**Region.** The provider's. There is no \`aws_region\`: a variable beside the provider could only
contradict it. Elsewhere:

\`\`\`hcl
module "agent_api_ireland" {
  source    = "./modules/agent-api"
  providers = { aws = aws.ireland }
  name      = "support-eu"
}
\`\`\`

**Several instances.** Each by its own \`name\` or \`environment\`, also where they are in different regions of
one account: IAM roles and dashboards are the account's, and bear these names. \`count\`, \`for_each\` and
\`providers\` work.

**The account's logging role.** API Gateway has one setting a region and account for the role that it writes
logs with. Where it has none yet, set \`account_logging_role_enabled = true\` in one instance of that region,
and in no other.

**Values of your own resources.** ARNs of agents and secrets, \`alarm_topic_arns\` and \`former_kms_key_arns\`
may be attributes of resources that the same root makes. For \`alarm_email\`, \`alarm_topic_arn\` and
\`kms_key_arn\` Terraform must know when planning that there is one, else it says "Invalid count argument":

\`\`\`hcl
module "agent_api" {
  source            = "./modules/agent-api"
  alarm_topic_arn   = aws_sns_topic.pages.arn
  kms_key_arn       = aws_kms_key.data.arn
  known_after_apply = ["alarm_topic_arn", "kms_key_arn"]
}
\`\`\`

**Runbook.** \`RUNBOOK.md\` in this folder says what to do when an alarm rings. Where you keep it for your
people, \`runbook_url\` has each alarm end with a link to its section.

**Tags.** \`quickturn:name\` and \`quickturn:environment\` stand at each resource that takes tags, with those
of \`tags\`, which win over your provider's \`default_tags\`. So two instances under one provider keep their own.

**Taking it down.** \`deletion_protection\` (true by default) makes DynamoDB itself refuse to delete the
tables, whoever asks, and keeps the results bucket from being emptied. Set it to false, apply, then destroy or
delete the call. There is no \`prevent_destroy\`: it takes no variable, so only an edit of this folder would
get past it; and it guards nothing once the call is deleted.
`);
