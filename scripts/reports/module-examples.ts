/** Versions that the examples ask for: the module's own. */
export interface Versions {
  readonly terraform: string;
  /** Of the provider hashicorp/aws. */
  readonly aws: string;
}

/** The roots that show how a module of the stack `agent-api` is called, by path: HCL, as `terraform fmt` writes it. */
export function moduleExamples(versions: Versions): Readonly<Record<string, string>> {
  return {
    "examples/basic/main.tf": `${head(versions)}\n${BASIC}`,
    "examples/two-teams/main.tf": `${head(versions)}\n${TWO_TEAMS}`,
  };
}

/** The block with which a root says what it takes. */
export function head({ terraform, aws }: Versions): string {
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
