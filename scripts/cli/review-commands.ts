import type { Command } from "commander";
import type { CommentOptions } from "../commands/comment";
import { collect, countOf, variables, withVariables, type VariableOptions } from "./options";
import type { Shell } from "./shell";

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
    .option("--limit <characters>", "what is longer is cut, and says so", countOf(2_000, 1_000_000), DEFAULT_LIMIT)
    .option("--out <path>", "write it here instead")
    .action((given: VariableOptions & { diff: string; limit: number; out?: string }) =>
      perform(async (context) =>
        (await import("../commands/review")).review(context, {
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
    .option("--number <number>", "of the request; default: the pipeline's", countOf(1, 2 ** 31))
    .action((given: CommentOptions) =>
      perform(async (context) => (await import("../commands/comment")).comment(context, given)),
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
        (await import("../commands/drift")).drift(context, {
          ...variables(given),
          ignore: given.ignore,
          ...(given.markdown && { markdown: given.markdown }),
        }),
      ),
    );
}
