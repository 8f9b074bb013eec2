import { counted } from "../kit/figures";
import type { Recommended } from "./recommendations";
import type { RunAnalysis } from "./analysis";

/** Width of a comment's lines. */
const WIDTH = 110;

/**
 * The recommended settings as a tfvars file, in the order of the table of settings. A hypothesis stands in it as a
 * comment: it is applied only by a person who takes the `#` away.
 */
export function tfvarsText({
  recommended,
  analysis,
}: {
  readonly recommended: Recommended;
  readonly analysis: Pick<RunAnalysis, "count">;
}): string {
  const head = comment(
    `Settings that ${counted(analysis.count, "run")} support, by quickturn analyze. Apply: quickturn apply --var-file <this file>. Take back: leave a line out and apply again.`,
  );
  const blocks = recommended.settings.map(({ setting, value, certainty, expected, effect }) => {
    const line = `${setting} = ${value}`;
    return [
      ...comment(`${setting}: ${expected} Certainty: ${certainty}. Effect: ${effect}.`),
      certainty === "hypothesis" ? `# ${line}` : line,
    ].join("\n");
  });
  const nothing = recommended.settings.length === 0 ? ["# Nothing: the evidence supports no change of a setting."] : [];
  const withheld = recommended.withheld.map((reason) => comment(`Not here: ${reason}`).join("\n"));
  return `${[head.join("\n"), ...blocks, ...nothing, ...withheld].join("\n\n")}\n`;
}

/**
 * A text as a comment, in lines. What it tells may hold names out of a log: a line's end in one must not begin a
 * setting.
 */
export function comment(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines;
}
