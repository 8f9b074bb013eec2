import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { addCommands } from "../scripts/cli";
import { PIPELINE_ACCESS_SETTINGS } from "../stacks/contract/settings/platform";
import { SETTINGS } from "../stacks/contract/settings";
import { PROJECT } from "./support/stack-json";

/** Every command line that a page shows is one that the command line takes: its command, options and values. */

const PAGES = ["README.md", "RUNBOOK.md", "THREATS.md", "CONTRIBUTING.md", ...readdirSync(join(PROJECT, "docs"))]
  .filter((name) => name.endsWith(".md"))
  .map((name) => (/^[A-Z]+\.md$/.test(name) ? name : `docs/${name}`));

/** Code of a page: the lines of its shell blocks, and what stands between backticks in its text. */
function codeIn(page: string): string[] {
  const text = readFileSync(join(PROJECT, page), "utf8");
  const blocks = [...text.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block]) => block!.split("\n"));
  return [...blocks, ...[...text.replace(/```[^]*?```/g, "").matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!)];
}

/** Splits a line as a shell does: quotes join. What stands in angle brackets is one word that the reader fills in. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s'"<]|'[^']*'|"[^"]*"|<[^>]*>)+/g)].map(([word]) =>
    word.replace(/['"]/g, "").replace(/<([^>]*)>/g, (_, name: string) => name.replaceAll(" ", "-")),
  );
}

const lines = PAGES.flatMap((page) =>
  codeIn(page)
    .flatMap((code) => code.replace(/\s+#.*$/, "").split(/ && | \| | > |\$\(|\)"/))
    .map((code) => code.trim().replace(/ {2,}/g, " ")),
);
/** An ellipsis stands for what the reader fills in. */
const isWhole = (line: string) => !/…|\.\.\./.test(line);
const linesOf = (program: RegExp) => [
  ...new Set(lines.filter((line) => program.test(line) && isWhole(line)).map((line) => line.replace(program, ""))),
];

/** Takes the line as the program does, and runs nothing. A command's bare name may lack what it needs. */
async function parse(line: string): Promise<void> {
  const root = new Command("quickturn").option("--env <name>").option("--json").option("--debug").exitOverride();
  root.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  addCommands(root, { perform: async () => undefined, isTerminal: false });
  for (const command of root.commands) command.exitOverride().copyInheritedSettings(root);
  const words = wordsOf(line);
  if (words.length === 1) expect(root.commands.map((command) => command.name())).toContain(words[0]);
  else await root.parseAsync(words, { from: "user" });
}

const quickturn = linesOf(/^(npx )?quickturn (?=[a-z-])/);

test("the pages show command lines", () => expect(quickturn.length).toBeGreaterThan(60));

test.each(quickturn)("quickturn %s", async (line) => {
  await parse(line);
});

test("a command or an option that is not there is found", async () => {
  await expect(parse("rollbak --to baseline")).rejects.toThrow("unknown command");
  await expect(parse("plan --outt x")).rejects.toThrow("unknown option");
});

test("each setting that a command line gives is a setting", () => {
  const known = new Set<string>([...SETTINGS, ...PIPELINE_ACCESS_SETTINGS].map(({ name }) => name));
  const given = lines.flatMap((line) => [...line.matchAll(/-var[ =]["']?(\w+)=/g)].map(([, name]) => name!));
  expect(given.length).toBeGreaterThan(10);
  expect(given.filter((name) => !known.has(name))).toEqual([]);
});

test("each npm script that a page names is one", () => {
  const { scripts } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as { scripts: object };
  const named = linesOf(/^npm run (?=[a-z])/).map((line) => wordsOf(line)[0]!);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
