import { resolve } from "node:path";
import type { Command } from "commander";
import type { StackOptions } from "../kit/prepared-terraform";
import { variables, withVariables, type VariableOptions, type Shell, collect, parseCount } from "./shell";
import { stackOf, withStack } from "./deploy-commands";
import type { CommentOptions } from "../review/comment";

interface Given extends VariableOptions, StackOptions {
  readonly plan?: string;
  readonly planJson?: string;
  readonly suppressions?: string;
  readonly sarif?: string;
  readonly gitlabSast?: string;
  readonly all: boolean;
}

/** Adds `audit`, which asks whether what a plan makes is safe. */
export function addAuditCommand(root: Command, { perform }: Shell): void {
  withStack(withVariables(root.command("audit")))
    .description(
      "say whether what a plan makes is safe; exit code 0: nothing fails, 1: something does, 2: nothing was found out",
    )
    .option("--plan <path>", "what `quickturn plan --out` wrote; default: it is planned now")
    .option("--plan-json <path>", "what `terraform show -json` printed of a plan; asks nobody")
    .option(
      "--suppressions <path>",
      "what is not met on purpose, with reason and last day; default: audit.json, where it is there",
    )
    .option("--sarif <path>", "write a SARIF file, for code scanning")
    .option("--gitlab-sast <path>", "write a SAST report, for GitLab's merge requests")
    .option("--all", "show every row, what passes too", false)
    .action(({ plan, planJson, suppressions, sarif, gitlabSast, all, ...given }: Given) =>
      perform(async (context) =>
        (await import("../review/audit")).audit(context, {
          ...variables(given),
          ...stackOf(given),
          all,
          ...(plan && { plan: resolve(plan) }),
          ...(planJson && { planJson }),
          ...(suppressions && { suppressions }),
          ...(sarif && { sarif: resolve(sarif) }),
          ...(gitlabSast && { gitlabSast: resolve(gitlabSast) }),
        }),
      ),
    );
}

/** Characters: GitHub's limit of a comment, less the marker's line. */
const DEFAULT_LIMIT = 65_000;

/** What people and pipelines look at before a change, and every night. */
export function addReviewCommands(root: Command, shell: Shell): void {
  addReview(root, shell);
  addComment(root, shell);
  addDrift(root, shell);
}

function addReview(root: Command, { perform }: Shell): void {
  withVariables(root.command("review"))
    .description(
      "say for a pull request what a change does: security, plan, cost and Terraform JSON, as one Markdown document",
    )
    .option("--diff <ref>", "commit whose Terraform JSON is compared", "HEAD")
    .option("--limit <characters>", "what is longer is cut, and says so", parseCount(2_000, 1_000_000), DEFAULT_LIMIT)
    .option("--out <path>", "write it here instead")
    .action((given: VariableOptions & { diff: string; limit: number; out?: string }) =>
      perform(async (context) =>
        (await import("../review/review")).review(context, {
          ...variables(given),
          diff: given.diff,
          limit: given.limit,
          ...(given.out && { out: given.out }),
        }),
      ),
    );
}

function addComment(root: Command, { perform }: Shell): void {
  root
    .command("comment")
    .description("post a Markdown file to the pull or merge request as one comment, which later runs update")
    .requiredOption("--file <path>", "what `quickturn review --out` wrote")
    .option("--on <forge>", "github (GITHUB_TOKEN) or gitlab (GITLAB_TOKEN); default: where the pipeline runs")
    .option("--name <name>", "tells several comments of one request apart, such as those of two environments", "review")
    .option("--number <number>", "of the request; default: the pipeline's", parseCount(1, 2 ** 31))
    .action((given: CommentOptions) =>
      perform(async (context) => (await import("../review/comment")).comment(context, given)),
    );
}

function addDrift(root: Command, { perform }: Shell): void {
  withVariables(root.command("drift"))
    .description("say what somebody else changed since the last apply; exit code 0: nothing, 2: something, 1: failed")
    .option(
      "--ignore <type.attribute>",
      "known noise, such as aws_sqs_queue.policy; several with spaces between; may be repeated",
      collect,
      [],
    )
    .option("--markdown <path>", "write a Markdown file, for a summary or an issue")
    .action((given: VariableOptions & { ignore: readonly string[]; markdown?: string }) =>
      perform(async (context) =>
        (await import("../deploy/drift")).drift(context, {
          ...variables(given),
          ignore: given.ignore,
          ...(given.markdown && { markdown: given.markdown }),
        }),
      ),
    );
}
