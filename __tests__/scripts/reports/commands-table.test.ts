import { Command } from "commander";
import { commandsTable } from "../../../scripts/reports/commands-table";

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
