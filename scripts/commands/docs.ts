import { readFileSync } from "node:fs";
import { join } from "node:path";
import { alarmsTable, outputsTable, settingsTable } from "../reports/tables";
import { usageTable } from "../reports/usage-table";
import { writeWhole } from "../tools/files";
import type { CommandContext, CommandResult } from "./context";

/** Writes the generated tables into README.md and RUNBOOK.md, between their markers. */
export function docs({ projectDirectory }: Pick<CommandContext, "projectDirectory">): CommandResult {
  const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = { "README.md": { settings: settingsTable(), outputs: outputsTable(), usage: usageTable() }, "RUNBOOK.md": { alarms: alarmsTable() } };
  const written = Object.entries(tables).filter(([file, named]) => {
    const path = join(projectDirectory, file);
    const before = readFileSync(path, "utf8");
    const after = Object.entries(named).reduce((text, [name, table]) => between(text, name, table, file), before);
    if (after !== before) writeWhole(path, after);
    return after !== before;
  });
  const text = written.length === 0 ? "README.md and RUNBOOK.md are as they should be." : `Written: ${written.map(([file]) => file).join(", ")}.`;
  return { exitCode: 0, text, json: { changed: written.length > 0 } };
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
export function between(text: string, name: string, content: string, file = "README.md"): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${start} ... ${end}; put these two lines where the table belongs`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}
