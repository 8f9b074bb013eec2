import type { Drift, DriftedAttribute, DriftedResource } from "../judges/drift";
import { fenced } from "./fenced";
import { differenceText } from "../judges/value-text";

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
      ...(drifted.length > 0 ? [fenced(driftLines(drift))] : []),
      ...notes(drift).map((note) => fenced(note.split("\n"))),
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
