import type { Command } from "commander";
import type { DriftOptions } from "../deploy/drift";
import type { AuditOptions } from "../review/audit";
import type { CommentOptions } from "../review/comment";
import type { ReviewOptions } from "../review/review";
import { withStack } from "./deploy-commands";
import { absolute, collect, parseCount, planInput, withVariables, type Given, type Shell } from "./shell";

/** Adds `audit`, which says whether the resources of a plan are safe. */
export function addAuditCommand(root: Command, { perform }: Shell): void {
  withStack(withVariables(root.command("audit")))
    .description(
      "say whether what a plan makes is safe; exit code 0: nothing fails, 1: something does, 2: it could not be judged",
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
    .action(({ plan, sarif, gitlabSast, ...given }: Given<AuditOptions>) =>
      perform(async (context) =>
        (await import("../review/audit")).audit(context, {
          ...planInput(given),
          plan: absolute(plan),
          sarif: absolute(sarif),
          gitlabSast: absolute(gitlabSast),
        }),
      ),
    );
}

/** Characters: GitHub's limit of a comment, less the marker's line. */
const DEFAULT_LIMIT = 65_000;

/** Adds the commands that people and pipelines look at before a change, and every night. */
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
    .action((given: Given<ReviewOptions>) =>
      perform(async (context) =>
        (await import("../review/review")).review(context, { ...planInput(given), out: given.out || undefined }),
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
    .action((given: Given<DriftOptions>) =>
      perform(async (context) =>
        (await import("../deploy/drift")).drift(context, {
          ...planInput(given),
          markdown: given.markdown || undefined,
        }),
      ),
    );
}
