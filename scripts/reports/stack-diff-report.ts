import { countBlocks, type BlockChange, type StackDiff } from "../judges/stack-diff";
import { fenced, inlineCode } from "./fenced";
import { differenceText } from "../judges/value-text";

const SIGNS = { add: "+", change: "~", remove: "-" } as const;

/** Lines of one block's differences that are shown; the rest is counted. */
const MOST_LINES = 12;

/** What a change of the sources changes in the Terraform JSON, for a terminal. The same for the same changes. */
export function stackDiffText(since: string, diffs: readonly StackDiff[]): string {
  if (diffs.length === 0) return `The Terraform JSON is that of ${since}.`;
  return diffs.map((diff) => [stackLine(diff), ...stackDiffLines(diff)].join("\n")).join("\n\n");
}

/** The same as Markdown: a line a stack, and its blocks behind it. */
export function stackDiffMarkdown(since: string, diffs: readonly StackDiff[]): string {
  if (diffs.length === 0) return `The Terraform JSON is that of ${inlineCode(since)}.\n`;
  return diffs
    .map((diff) => `${stackLine(diff)} since ${inlineCode(since)}.\n\n${fenced(stackDiffLines(diff))}\n`)
    .join("\n");
}

/** The changes of one stack, a block with its differences after the other. */
export function stackDiffLines({ blocks, assets }: StackDiff): string[] {
  return [...assets.map((name) => `  ~ assets/${name}: other content`), ...blocks.flatMap(blockLines)];
}

/** Such as `agent-api: 1 added, 2 changed, 0 removed; other content in worker.zip`. */
export function stackLine({ stack, action, blocks, assets }: StackDiff): string {
  const whole = action === "change" ? "" : action === "add" ? " (a new stack)" : " (the whole stack)";
  return `${stack}${whole}: ${countBlocks(blocks)}${assets.length > 0 ? `; other content in ${assets.join(", ")}` : ""}`;
}

function blockLines({ address, action, attributes }: BlockChange): string[] {
  const rest = attributes.length - MOST_LINES;
  return [
    `  ${SIGNS[action]} ${address}`,
    ...attributes.slice(0, MOST_LINES).map((difference) => `      ${differenceText(difference)}`),
    ...(rest > 0 ? [`      and ${rest} more differences`] : []),
  ];
}
