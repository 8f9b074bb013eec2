import { type Drift, type DriftedAttribute, type DriftedResource, driftOf } from "./drifted-resources";
import { codeBlock } from "../kit/markdown";
import { differenceText } from "../kit/value-text";
import { writeReport } from "../kit/files";
import type { PlanInput } from "../kit/terraform";
import { withLive, type GivenBefore } from "./live-input";
import { UsageError, type CommandContext, type CommandResult, EXIT_CODES } from "../kit/context";
import { prepareTerraform } from "../kit/prepared-terraform";
import { ownPlanFile } from "./write-plan";

/** What others changed and what was not applied yet, for a terminal. The same for the same findings. */
export function driftText(drift: Drift): string {
  return [
    `${driftHeadline(drift)}${drift.drifted.length > 0 ? "\n" : ""}${driftLines(drift).join("\n")}`,
    ...notes(drift),
  ].join("\n\n");
}

/** The same as Markdown, for a summary or an issue. */
export function driftMarkdown(drift: Drift): string {
  const { drifted } = drift;
  return (
    [
      `## ${drifted.length > 0 ? "Drift" : "No drift"}`,
      driftHeadline(drift),
      ...(drifted.length > 0 ? [codeBlock(driftLines(drift))] : []),
      ...notes(drift).map((note) => codeBlock(note.split("\n"))),
    ].join("\n\n") + "\n"
  );
}

function driftHeadline({ drifted }: Drift): string {
  if (drifted.length === 0) return "No drift: the resources are as they were applied.";
  return `${drifted.length} ${drifted.length === 1 ? "resource is" : "resources are"} not as applied; somebody else changed ${drifted.length === 1 ? "it" : "them"}. An apply takes that back; put what shall stay into the configuration.`;
}

function driftLines({ drifted }: Drift): string[] {
  return drifted.flatMap(({ address, action, attributes }: DriftedResource) => [
    `  ${action === "deleted" ? "-" : "~"} ${address}${action === "deleted" ? "  (deleted)" : ""}`,
    ...attributes.map((attribute) => `      ${attributeText(attribute)}`),
  ]);
}

/** A sensitive value stands nowhere: the path alone says what differs. */
function attributeText(attribute: DriftedAttribute): string {
  return attribute.sensitive ? `${attribute.path}: (sensitive) -> (sensitive)` : differenceText(attribute);
}

function notes({ unapplied, ignored, unmatched }: Drift): string[] {
  const changes = unapplied.map(
    ({ address, action, attributes }) =>
      `  ${action} ${address}${attributes.length > 0 ? `  (${attributes.join(", ")})` : ""}`,
  );
  return [
    ...(changes.length > 0 ? [`Configuration that is not applied yet, which is no drift:\n${changes.join("\n")}`] : []),
    ...(ignored.length > 0 ? [`Ignored, as --ignore says:\n${ignored.map((name) => `  ${name}`).join("\n")}`] : []),
    ...(unmatched.length > 0 ? [`--ignore ${unmatched.join(", ")} met no drift; leave it out if it never does.`] : []),
  ];
}

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
  const terraform = await prepareTerraform(context, input);
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
