import { driftOf } from "../judges/drift";
import { driftMarkdown, driftText } from "../reports/drift-report";
import { writeReport } from "../tools/files";
import type { PlanInput } from "../tools/terraform";
import { withLive, type GivenBefore } from "./canary/with-live";
import { UsageError, type CommandContext, type CommandResult } from "./context";
import { EXIT_CODES } from "./exit-codes";
import { preparedTerraform } from "./prepared-terraform";
import { ownPlanFile } from "./write-plan";

export interface DriftOptions extends PlanInput, GivenBefore {
  /** Known noise, as `<resource type>.<attribute>`; several with spaces or commas between. */
  readonly ignore: readonly string[];
  /** Path of a Markdown file to write. */
  readonly markdown?: string;
}

/** Says what somebody else changed since the last apply. Exit code: 0 nothing, 2 something. Nothing is changed. */
export async function drift(
  context: CommandContext,
  { ignore: given, markdown, ...input }: DriftOptions,
): Promise<CommandResult> {
  const ignore = given.flatMap((rules) => rules.split(/[\s,]+/).filter((rule) => rule !== ""));
  const wrong = ignore.filter((rule) => !/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/.test(rule));
  if (wrong.length > 0)
    throw new UsageError(
      `--ignore is ${wrong.map((rule) => JSON.stringify(rule)).join(", ")}; allowed: <resource type>.<attribute>, such as aws_sqs_queue.policy`,
    );
  const terraform = await preparedTerraform(context, input);
  // What is pinned by a canary or a rollback is no drift.
  const live = await withLive(context, terraform, input);
  const plan = await context.progress.step("Compare", async (detail) => {
    detail("terraform asks AWS for the present state");
    // An ordinary plan: it holds what a plan with -refresh-only finds, and what was not applied yet.
    await terraform.plan(ownPlanFile(terraform), { ...live.input, lock: false });
    return terraform.show(ownPlanFile(terraform));
  });
  const found = driftOf(plan, ignore);
  if (markdown !== undefined) writeReport(markdown, driftMarkdown(found));
  return {
    exitCode: found.drifted.length === 0 ? EXIT_CODES.pass : EXIT_CODES.changes,
    text: driftText(found),
    json: shown(found),
  };
}

/** Sensitive values stay out of what a program is given, too. */
function shown(found: ReturnType<typeof driftOf>): object {
  const drifted = found.drifted.map((resource) => ({
    ...resource,
    attributes: resource.attributes.map((attribute) =>
      attribute.sensitive ? { path: attribute.path, sensitive: true } : attribute,
    ),
  }));
  return { changed: drifted.length > 0, ...found, drifted };
}
