import { table, alarmsTable, outputsTable, settingsTable } from "../../scripts/publish/tables";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_ENVIRONMENT } from "../../stacks/contract/outputs";
import { program } from "../../scripts/cli";
import { benchTable } from "../../bench/report";
import { usageTable } from "../../scripts/cost/usage";
import { writeReport } from "../../scripts/kit/files";
import { readResults } from "../../bench/results";
import { type CommandContext, type CommandResult, EXIT_CODE_ROWS } from "../../scripts/kit/context";
import { documentText, publishedDocument, PUBLISHED } from "../../scripts/publish/openapi";
import { synthFolder } from "../../scripts/kit/deployment-folder";
import { stackDirectory, synth } from "../../scripts/kit/synth";

/** What the table shows of a command. */
export interface ListedCommand {
  name(): string;
  usage(): string;
  description(): string;
  readonly commands: readonly ListedCommand[];
}

/** Table of the commands, those below a command after it, in Markdown. */
export function commandsTable(commands: readonly ListedCommand[]): string {
  return table(["command", "what it does"], rows(commands, ""));
}

function rows(commands: readonly ListedCommand[], before: string): readonly (readonly string[])[] {
  return commands.flatMap((command) => {
    const name = `${before}${command.name()}`;
    const usage = command
      .usage()
      .replace(/^\[options\] ?/, "")
      .replace("[command]", "")
      .trim();
    return [
      [`\`${[name, usage].filter(Boolean).join(" ")}\``, command.description()],
      ...rows(command.commands, `${name} `),
    ];
  });
}

/** Where `npm run bench` writes. */
const BENCHES_FOLDER = "bench";

/**
 * Writes what is generated and kept in the repository: the tables in the pages of docs and in RUNBOOK.md, between their
 * markers, and the callers' OpenAPI document.
 */
export async function docs(context: CommandContext): Promise<CommandResult> {
  const { projectDirectory } = context;
  await synth({ ...context, env: DEFAULT_ENVIRONMENT });
  const written = Object.entries(generatedFiles(projectDirectory)).flatMap(([name, text]) =>
    writeChanged(join(projectDirectory, name), text, name),
  );
  const text =
    written.length === 0
      ? `The pages in docs, RUNBOOK.md and ${PUBLISHED} are as they should be.`
      : `Written: ${written.join(", ")}.`;
  return { exitCode: 0, text, json: { changed: written.length > 0 } };
}

/** What `docs` writes, by the file's name; the stack must be synthesized. */
export function generatedFiles(projectDirectory: string): Readonly<Record<string, string>> {
  const document = documentText(publishedDocument(stackDirectory(synthFolder({ projectDirectory }), "agent-api")));
  return { ...withTables(projectDirectory), [PUBLISHED]: document };
}

function withTables(projectDirectory: string): Readonly<Record<string, string>> {
  const filled = Object.entries(tables(projectDirectory)).map(([file, named]) => [
    file,
    Object.entries(named).reduce(
      (text, [name, table]) => between(text, name, table, file),
      readFileSync(join(projectDirectory, file), "utf8"),
    ),
  ]);
  return Object.fromEntries(filled) as Readonly<Record<string, string>>;
}

/** The tables by file and marker. */
function tables(projectDirectory: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return {
    "docs/settings.md": { settings: settingsTable() },
    "docs/outputs.md": { outputs: outputsTable() },
    "docs/commands.md": {
      commands: commandsTable(program().commands),
      exits: table(
        ["exit code", "what it says"],
        EXIT_CODE_ROWS.map(([code, meaning]) => [`${code}`, meaning]),
      ),
    },
    "docs/cost.md": { usage: usageTable() },
    "docs/benchmarks.md": { benches: benchTable(readResults(join(projectDirectory, BENCHES_FOLDER))) },
    "RUNBOOK.md": { alarms: alarmsTable() },
  };
}

/** @returns the file's name, where it was changed */
function writeChanged(path: string, text: string, name: string): string[] {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return [];
  writeReport(path, text);
  return [name];
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
export function between(text: string, name: string, content: string, file: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`${file} has no ${start} ... ${end}; put these two lines where the table belongs`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}
