import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { Command } from "commander";
import { addCommands } from "../scripts/cli";
import { PIPELINE_ACCESS_SETTINGS } from "../stacks/contract/settings/platform";
import { SETTINGS } from "../stacks/contract/settings";
import { runProgram } from "./support/command-line";
import { PROJECT } from "./support/stack-json";
import { temporaryFolder } from "./support/temporary-folder";

/** Every command line that a page shows is one that the command line takes: its command, options and values. */

const PAGES = [
  "README.md",
  "RUNBOOK.md",
  "THREATS.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...readdirSync(join(PROJECT, "docs")),
]
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

describe("npx, as long as the package is not on npm", () => {
  const filesOf = (folder: string) =>
    readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
      .map((entry) => relative(PROJECT, join(entry.parentPath, entry.name)));
  const isThere = (folder: string) => existsSync(join(PROJECT, folder));
  const read = (file: string) => readFileSync(join(PROJECT, file), "utf8");

  test("runs the clone's own command in a clone, and asks no registry", async () => {
    const environment = {
      PATH: process.env["PATH"],
      HOME: temporaryFolder("npx"),
      npm_config_registry: "http://127.0.0.1:1",
      npm_config_fetch_retries: "0",
      npm_config_update_notifier: "false",
    };
    const { version } = JSON.parse(read("package.json")) as { version: string };
    for (const folder of ["", "docs"])
      expect(
        await runProgram("npx", ["quickturn", "--version"], { project: join(PROJECT, folder), environment }),
      ).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test("no page, workflow, container or message has npm fetch a package of our name", () => {
    const files = [
      ...PAGES,
      ...[".github", ".ci", ".devcontainer", "scripts", "stacks", "docs"].filter(isThere).flatMap(filesOf),
    ];
    const fetching = /npx (-y|--yes|-p|--package)\b|npx quickturn@|npm (i|install|add|exec|x) (-\S+ )*quickturn\b/;
    expect(files.filter((file) => fetching.test(read(file)))).toEqual([]);
  });

  test("what is read where there is no clone names npx nowhere, or says where it belongs", () => {
    const texts = ["RUNBOOK.md", ...filesOf("scripts/publish").filter((file) => /module|parts\//.test(file))];
    const naming = texts.filter((file) => read(file).includes("npx quickturn"));
    expect(naming.filter((file) => !read(file).includes("the package is not on npm"))).toEqual([]);
    for (const page of ["README.md", "docs/commands.md"]) expect(read(page)).toContain("the package is not on npm");
  });
});
