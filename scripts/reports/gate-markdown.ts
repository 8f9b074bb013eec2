/** A line of a gate's table. */
export interface GateRow {
  readonly what: string;
  readonly value: string;
  readonly bound: string;
  readonly samples: string;
  readonly verdict: string;
  readonly reason: string;
}

const COLUMNS = ["verdict", "what", "value", "bound", "samples", "why"] as const;

/** A gate's verdict for a pull request: the verdict, one sentence, a table. The same for the same findings. */
export function gateMarkdown(headline: string, sentence: string, rows: readonly GateRow[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [
    `## ${cell(headline)}`,
    "",
    cell(sentence),
    "",
    line(COLUMNS),
    line(COLUMNS.map(() => "---")),
    ...rows.map(({ verdict, what, value, bound, samples, reason }) =>
      line([
        verdict === "fail" || verdict === "error" ? `**${verdict}**` : verdict,
        what,
        value,
        bound,
        samples,
        reason,
      ]),
    ),
    "",
  ].join("\n");
}

/** Text in a table: nothing in it is Markdown or HTML. The two stars of a verdict are ours. */
function cell(text: string): string {
  const bold = /^\*\*(fail|error)\*\*$/.test(text);
  return bold
    ? text
    : text
        .replaceAll(/[\\`*_{}[\]|~@#]/g, "\\$&")
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll(/\s+/g, " ");
}
