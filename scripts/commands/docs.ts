import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { benchTable } from "../reports/bench-table";
import { alarmsTable, outputsTable, settingsTable } from "../reports/tables";
import { usageTable } from "../reports/usage-table";
import { writeWhole } from "../tools/files";
import { readResults } from "./bench/record";
import type { CommandContext, CommandResult } from "./context";
import { documentText, publishedDocument, PUBLISHED } from "./openapi";
import { stackDirectory, synth } from "./synth";

/** Where `npm run bench` writes. */
const BENCHES_FOLDER = "bench";

/** Writes what is generated and kept in the repository: the tables in README.md and RUNBOOK.md, between their markers, and the callers' OpenAPI document. */
export async function docs(context: CommandContext): Promise<CommandResult> {
  const { projectDirectory } = context;
  await synth(context);
  const document = documentText(publishedDocument(stackDirectory(join(projectDirectory, "cdktf.out"), "agent-api")));
  const written = [...writeTables(projectDirectory), ...writeChanged(join(projectDirectory, PUBLISHED), document, PUBLISHED)];
  const text = written.length === 0 ? `README.md, RUNBOOK.md and ${PUBLISHED} are as they should be.` : `Written: ${written.join(", ")}.`;
  return { exitCode: 0, text, json: { changed: written.length > 0 } };
}

/** @returns the names of the files that were changed */
function writeTables(projectDirectory: string): string[] {
  const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = { "README.md": { settings: settingsTable(), outputs: outputsTable(), usage: usageTable(), benches: benchTable(readResults(join(projectDirectory, BENCHES_FOLDER))) }, "RUNBOOK.md": { alarms: alarmsTable() } };
  return Object.entries(tables).flatMap(([file, named]) => {
    const path = join(projectDirectory, file);
    const text = Object.entries(named).reduce((changed, [name, table]) => between(changed, name, table, file), readFileSync(path, "utf8"));
    return writeChanged(path, text, file);
  });
}

function writeChanged(path: string, text: string, name: string): string[] {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return [];
  writeWhole(path, text);
  return [name];
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
export function between(text: string, name: string, content: string, file = "README.md"): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${start} ... ${end}; put these two lines where the table belongs`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}
