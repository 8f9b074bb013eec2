import { liveAliasPart } from "../../../stacks/contract/parts";
import { joinLines, type PartPages } from "../module-readme";
import { formatRefusal, formatRun } from "../module-tests";

const SUMMARY = joinLines(`An alias over a Lambda function of yours: what callers and event sources call
instead of the function. Deployment, canary and rollback are moves of it, by variables, and take seconds.
`);

const NOTES = joinLines(`**The function** publishes versions (\`publish = true\`), and nobody calls it but by
the alias: an event source, a permission or an integration that names the function itself goes past it.

**Canary.** Pin the version that is live, then change the function and give the newest a share:

\`\`\`hcl
  live_version  = 7
  canary_weight = 0.1
\`\`\`

Promote it with both left out. Take it back with \`canary_weight = 0\` and the pin kept: every step is an
update in place. Read the version from the output \`live_version\` before you pin it.

**Provisioned concurrency** sits on the alias. Lambda takes none on an alias with weights, so a canary needs
\`provisioned_concurrent_executions = 0\`.

**Old versions** must stay: Lambda keeps them until you delete them. A function that is replaced begins again at 1.
`);

const EXAMPLE = `provider "aws" {
  region = "us-east-1"
}

variable "archive" {
  description = "Path of the function's zip."
  type        = string
  nullable    = false
}

variable "role_arn" {
  description = "ARN of the role that the function runs as."
  type        = string
  nullable    = false
}

resource "aws_lambda_function" "agent" {
  function_name    = "agent"
  role             = var.role_arn
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = var.archive
  source_code_hash = filebase64sha256(var.archive)
  publish          = true
}

module "live_alias" {
  source = "../.."

  function_name  = aws_lambda_function.agent.function_name
  newest_version = aws_lambda_function.agent.version
}

output "alias_arn" {
  description = "What callers call."
  value       = module.live_alias.alias_arn
}
`;

const GIVEN = `mock_provider "aws" {}

variables {
  function_name  = "agent"
  newest_version = "8"
}
`;

const VERSION = "aws_lambda_alias.live_alias.function_version";
const PROVISIONED = "aws_lambda_provisioned_concurrency_config.live_provisioned_concurrency";
const WEIGHTS = "aws_lambda_alias.live_alias.routing_config";

/** README, example and tests of the module \`live-alias\`. */
export const liveAliasPages: PartPages = {
  part: liveAliasPart,
  summary: SUMMARY,
  notes: NOTES,
  example: EXAMPLE,
  given: GIVEN,
  runs: [
    formatRun("newest_is_live", {
      asserts: {
        "The newest version does not get all traffic.": `${VERSION} == "8" && length(${WEIGHTS}) == 0`,
        "The alias is not live.": 'aws_lambda_alias.live_alias.name == "live"',
        "Executions are kept initialized without being asked for.": `length(${PROVISIONED}) == 0`,
      },
    }),
    formatRun("canary", {
      variables: { canary_weight: 0.1, live_version: 7 },
      asserts: {
        "The pinned version is not live.": `${VERSION} == "7"`,
        "The newest version does not get its share.": `${WEIGHTS}[0].additional_version_weights["8"] == 0.1`,
      },
    }),
    formatRun("rolled_back", {
      variables: { live_version: 7 },
      asserts: {
        "The pinned version does not get all traffic.": `${VERSION} == "7" && length(${WEIGHTS}) == 0`,
      },
    }),
    formatRun("provisioned", {
      variables: { provisioned_concurrent_executions: 2 },
      asserts: {
        "Two executions are not kept initialized.": `${PROVISIONED}[0].provisioned_concurrent_executions == 2`,
      },
    }),
  ],
  refusals: [
    formatRefusal("a_canary_without_a_stable_version", { canary_weight: 0.1 }, "var.canary_weight"),
    formatRefusal(
      "a_canary_with_provisioned_executions",
      { canary_weight: 0.1, live_version: 7, provisioned_concurrent_executions: 1 },
      "var.canary_weight",
    ),
    formatRefusal(
      "a_canary_that_is_live_already",
      { canary_weight: 0.1, live_version: 8 },
      "aws_lambda_alias.live_alias",
    ),
    formatRefusal("a_version_that_was_not_published", { newest_version: "$LATEST" }, "var.newest_version"),
  ],
};
