import { findDrift, type Drift, type DriftedAttribute } from "./drifted-resources";
import { codeBlock } from "../kit/markdown";
import { differenceText } from "../kit/value-text";
import { writeReport } from "../kit/files";
import type { PlanInput } from "../kit/terraform";
import { resolveInput, type GivenBefore } from "./live-input";
import { UsageError, type CommandContext, type CommandResult, EXIT_CODES } from "../kit/context";
import { prepareTerraform } from "../kit/prepared-terraform";
import { ownPlanFile } from "./plan";

export interface DriftOptions extends PlanInput, GivenBefore {
  /** Known noise, as `<resource type>.<attribute>`; several are separated by spaces or commas. */
  readonly ignore: readonly string[];
  /** Path of a Markdown file to write. Default: none is written. */
  readonly markdown?: string;
}

/** Says what somebody else changed since the last apply, and changes nothing. Exit code: 0 nothing, 2 something. */
export async function drift(
  context: CommandContext,
  { ignore: given, markdown, ...wanted }: DriftOptions,
): Promise<CommandResult> {
  const ignore = given.flatMap((rules) => rules.split(/[\s,]+/).filter((rule) => rule !== ""));
  const wrong = ignore.filter((rule) => !/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/.test(rule));
  if (wrong.length > 0)
    throw new UsageError(
      `--ignore is ${wrong.map((rule) => JSON.stringify(rule)).join(", ")}; ` +
        "allowed: <resource type>.<attribute>, such as aws_sqs_queue.policy",
    );
  const terraform = await prepareTerraform(context, wanted);
  // What a canary or a rollback has pinned is no drift.
  const { input } = await resolveInput(context, terraform, wanted);
  const plan = await context.progress.step("Compare", async (detail) => {
    detail("terraform asks AWS for the present state");
    // A normal plan: it has what -refresh-only finds, and what was not applied yet.
    await terraform.plan(ownPlanFile(terraform), { ...input, lock: false });
    return terraform.show(ownPlanFile(terraform));
  });
  const found = findDrift(plan, ignore);
  if (markdown !== undefined) writeReport(markdown, driftMarkdown(found));
  const changed = found.drifted.length > 0;
  return {
    exitCode: changed ? EXIT_CODES.changes : EXIT_CODES.pass,
    text: driftText(found),
    json: { changed, ...hideSensitive(found) },
  };
}

/** Leaves sensitive values out of what a program reads. */
function hideSensitive(found: Drift): object {
  const hide = (attribute: DriftedAttribute) =>
    attribute.sensitive ? { path: attribute.path, sensitive: true } : attribute;
  const drifted = found.drifted.map((resource) => ({ ...resource, attributes: resource.attributes.map(hide) }));
  return { ...found, drifted };
}

/** What others changed, and what was not applied yet, for a terminal. */
export function driftText(found: Drift): string {
  return [[headline(found), ...driftLines(found)].join("\n"), ...notes(found)].join("\n\n");
}

/** The same as Markdown, for a summary or an issue. */
export function driftMarkdown(found: Drift): string {
  const isDrifted = found.drifted.length > 0;
  return `${[
    `## ${isDrifted ? "Drift" : "No drift"}`,
    headline(found),
    ...(isDrifted ? [codeBlock(driftLines(found))] : []),
    ...notes(found).map((note) => codeBlock(note.split("\n"))),
  ].join("\n\n")}\n`;
}

function headline({ drifted }: Drift): string {
  if (drifted.length === 0) return "No drift: the resources are as they were applied.";
  const [resources, them] = drifted.length === 1 ? ["resource is", "it"] : ["resources are", "them"];
  return (
    `${drifted.length} ${resources} not as applied; somebody else changed ${them}. ` +
    "An apply takes that back; put what should stay into the configuration."
  );
}

function driftLines({ drifted }: Drift): string[] {
  return drifted.flatMap(({ address, action, attributes }) => [
    action === "deleted" ? `  - ${address}  (deleted)` : `  ~ ${address}`,
    ...attributes.map((attribute) => `      ${attributeText(attribute)}`),
  ]);
}

/** Of a sensitive attribute only its path is shown. */
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
