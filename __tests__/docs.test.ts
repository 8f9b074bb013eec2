import { readFileSync } from "node:fs";
import { join } from "node:path";
import { between, generatedFiles, commandsTable } from "./runner/docs";
import { PROJECT } from "./support/stack-json";
import { Command } from "commander";

describe("docs", () => {
  test.each(Object.entries(generatedFiles(PROJECT)))("%s is what npm run docs writes", (name, text) => {
    expect(readFileSync(join(PROJECT, name), "utf8")).toBe(text);
  });

  test("what stands between the markers is replaced, and nothing else", () => {
    expect(between("a\n<!-- t -->\nold\n<!-- /t -->\nb", "t", "new", "docs/a.md")).toBe(
      "a\n<!-- t -->\nnew\n<!-- /t -->\nb",
    );
  });

  test("a document without the markers is left alone, with an error that names them", () => {
    expect(() => between("a", "t", "new", "docs/a.md")).toThrow(
      "docs/a.md has no <!-- t --> ... <!-- /t -->; put these two lines where the table belongs",
    );
  });
});

describe("commands table", () => {
  test("a row a command, with its arguments, and those below it", () => {
    const root = new Command("quickturn");
    root.command("plan").description("say what would change").option("--out <path>", "file");
    root.command("unlock").argument("<id>", "the lock").description("free the lock");
    root
      .command("image")
      .description("one image")
      .command("build")
      .description("build it | or not")
      .option("--tag <name>", "name");
    expect(commandsTable(root.commands).split("\n").slice(2)).toEqual([
      "| `plan` | say what would change |",
      "| `unlock <id>` | free the lock |",
      "| `image` | one image |",
      "| `image build` | build it \\| or not |",
    ]);
  });
});
