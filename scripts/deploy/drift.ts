import { UsageError, type CommandContext, type CommandResult, EXIT_CODES } from "../kit/context";
import { ownFile, writeReport } from "../kit/files";
import { codeBlock } from "../kit/markdown";
import {
  changedResources,
  driftedResources,
  isMarked,
  isSensitive,
  staysNothing,
  type PlanResource,
} from "../kit/plan-changes";
import { prepareTerraform } from "../kit/prepared-terraform";
import type { PlanInput } from "../kit/terraform";
import { differenceText, valueDifferences, type ValueDifference } from "../kit/value-text";
import { resolveInput, type GivenBefore } from "./live-input";

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
    // A normal plan has what -refresh-only finds, and also what was not applied yet.
    const file = ownFile(terraform.directory, "drift.tfplan");
    await terraform.plan(file, { ...input, lock: false });
    return terraform.show(file);
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

/** An attribute whose value is not the applied one. */
export interface DriftedAttribute extends ValueDifference {
  /** Neither value may be printed. */
  readonly sensitive: boolean;
}

/** A resource that somebody else changed or deleted. */
interface DriftedResource {
  readonly address: string;
  readonly type: string;
  readonly action: "changed" | "deleted";
  readonly attributes: readonly DriftedAttribute[];
}

/** A change that an apply would make because of configuration that was not applied yet, not because of the drift. */
interface UnappliedChange {
  readonly address: string;
  readonly action: "create" | "update" | "replace" | "delete";
  /** Attributes whose new value the configuration gives. Those that follow from others are left out. */
  readonly attributes: readonly string[];
}

/** What a plan says about the present resources. */
export interface Drift {
  readonly drifted: readonly DriftedResource[];
  /** Differences that were ignored, as `address.attribute`. */
  readonly ignored: readonly string[];
  /** Rules to ignore that no difference matched, as they were given. */
  readonly unmatched: readonly string[];
  readonly unapplied: readonly UnappliedChange[];
}

/** Attributes that say when something changed, not what. */
const BOOKKEEPING = new Set(["last_modified", "last_modified_date", "last_modified_time", "last_updated_date"]);

/**
 * Separates, in one plan with its refresh, what others changed from what the configuration would change.
 * @param plan output of `terraform show -json` for the plan
 * @param ignore known noise, as `<resource type>.<attribute>`
 */
export function findDrift(plan: unknown, ignore: readonly string[] = []): Drift {
  const all = driftedResources(plan).flatMap(driftOfResource);
  const isIgnored = (type: string, path: string) => ignore.includes(`${type}.${attributeOf(path)}`);
  const drifted = all.flatMap((resource) => {
    const attributes = resource.attributes.filter(({ path }) => !isIgnored(resource.type, path));
    return resource.action === "deleted" || attributes.length > 0 ? [{ ...resource, attributes }] : [];
  });
  const noise = all.flatMap(({ address, type, attributes }) =>
    attributes
      .filter(({ path }) => isIgnored(type, path))
      .map(({ path }) => ({ name: `${address}.${attributeOf(path)}`, rule: `${type}.${attributeOf(path)}` })),
  );
  return {
    drifted,
    ignored: [...new Set(noise.map(({ name }) => name))],
    unmatched: ignore.filter((rule) => !noise.some((ignored) => ignored.rule === rule)),
    unapplied: changedResources(plan).flatMap((resource) => unappliedChange(resource, all)),
  };
}

function driftOfResource({ address, type, change }: PlanResource): DriftedResource[] {
  const { before, after } = change;
  if (!after) return [{ address, type, action: "deleted", attributes: [] }];
  const attributes = valueDifferences(before ?? {}, after)
    .filter((difference) => !BOOKKEEPING.has(difference.path) && !staysNothing(difference))
    .map((difference) => ({ ...difference, sensitive: isSensitive({ type, change }, attributeOf(difference.path)) }));
  return attributes.length === 0 ? [] : [{ address, type, action: "changed", attributes }];
}

/** `environment` of `environment[0].variables.AGENTS`. */
export const attributeOf = (path: string): string => /^[^.[]*/.exec(path)?.[0] ?? path;

/** Leaves out what takes the drift back, and what only follows from that: its new value is not known yet. */
function unappliedChange({ address, change }: PlanResource, drifted: readonly DriftedResource[]): UnappliedChange[] {
  const known = drifted.find((resource) => resource.address === address);
  if (known?.action === "deleted") return [];
  const { before, after, after_unknown: unknown = {} } = change;
  const action = change.actions.length > 1 ? "replace" : (change.actions[0] as UnappliedChange["action"]);
  if (!before || !after) return [{ address, action, attributes: [] }];
  const drift = new Set(known?.attributes.map(({ path }) => attributeOf(path)));
  const names = Object.keys(after).filter(
    (name) =>
      !isMarked(unknown[name]) &&
      !drift.has(name) &&
      valueDifferences(before[name], after[name]).some((difference) => !staysNothing(difference)),
  );
  return names.length === 0 ? [] : [{ address, action, attributes: names.sort() }];
}
