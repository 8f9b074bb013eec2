import { readFileSync } from "node:fs";
import { join } from "node:path";
import { outputsTable, settingsTable } from "../reports/tables";
import { writeWhole } from "../tools/files";
import type { CommandContext, CommandResult } from "./context";

/** Writes the generated tables into README.md, between their markers. */
export function docs({ projectDirectory }: Pick<CommandContext, "projectDirectory">): CommandResult {
  const path = join(projectDirectory, "README.md");
  const before = readFileSync(path, "utf8");
  const after = Object.entries({ settings: settingsTable(), outputs: outputsTable() }).reduce((text, [name, table]) => between(text, name, table), before);
  if (after !== before) writeWhole(path, after);
  return { exitCode: 0, text: after === before ? "README.md is as it should be." : "README.md was written.", json: { changed: after !== before } };
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
export function between(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} ... ${end}; put these two lines where the table belongs`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}
