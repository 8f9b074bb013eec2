import { SETTINGS } from "../../stacks/contract/settings";
import { outputsTable, settingsTable } from "./tables";

/** Versions that the examples ask for: the module's own. */
export interface Versions {
  readonly terraform: string;
  /** Of the provider hashicorp/aws. */
  readonly aws: string;
}

/** The roots that show how a module of the stack `agent-api` is called, by path: HCL, as `terraform fmt` writes it. */
export function formatExamples(versions: Versions): Readonly<Record<string, string>> {
  return {
    "examples/basic/main.tf": `${formatVersions(versions)}\n${BASIC}`,
    "examples/two-teams/main.tf": `${formatVersions(versions)}\n${TWO_TEAMS}`,
  };
}

/** The block with which a root says what it takes. */
export function formatVersions({ terraform, aws }: Versions): string {
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

/**
 * README of the module of the stack `agent-api`, in Markdown.
 * @param dropped names of the stack's variables that the module has not
 * @param example the basic example's HCL
 */
export function formatReadme(dropped: readonly string[], example: string): string {
  return `${TOP}
## Example

\`\`\`hcl
${extractModuleCall(example, "agent-api")}\`\`\`

\`examples/basic\` is this as a whole root; \`examples/two-teams\` has one deployment a team, by \`for_each\`.

${NOTES}
## Inputs

${EFFECTS}

${settingsTable(SETTINGS.filter(({ name }) => !dropped.includes(name)))}

## Outputs

${outputsTable()}
`;
}

/** Joins the lines of each paragraph of Markdown, which are wrapped in the source. Blocks of code stay as they are. */
export function joinLines(markdown: string): string {
  return markdown
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/(?<=[^\n])\n(?=[^\n])/g, " ")))
    .join("");
}

/** The call of a module alone out of an example's root, as somebody who has copied the module's folder writes it. */
export function extractModuleCall(example: string, folder: string): string {
  const call = /^module "[\s\S]*?^}\n/m.exec(example)?.[0];
  if (call === undefined) throw new Error(`The example has no module block; it is ${JSON.stringify(example)}`);
  return call.replace('"../.."', `"./modules/${folder}"`);
}

const TOP = joinLines(`# Quickturn: agent-api

An HTTP API in front of slow LLM agents: it answers 202 at once, queues the request, runs the agents in a
worker, and serves polls from a cache; with alarms and a dashboard. Every optimization is a variable: flip it,
and it is taken away again, in place.

Plain Terraform: JSON and three zips, no Node.js. Copy this folder into your repository, or unpack it where
your modules stand.
`);

const EFFECTS = joinLines(`What a change does: *new version* publishes a function's version and moves the alias
(seconds); *alias* moves the alias (seconds); *stage* changes method settings (seconds); *deployment* puts a new
deployment behind the same URL (seconds); *in place* updates a resource (seconds); *minutes* says what AWS takes;
*identity* names the deployment: set it once. A setting that is null follows \`profile\`.`);

const NOTES = joinLines(`## What to know

**Region.** The provider's. There is no \`aws_region\`: a variable beside the provider could only contradict
it. Elsewhere:

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

**Tests.** \`terraform init && terraform test\` in this folder plans it with a mocked provider: no account is needed.
`);
