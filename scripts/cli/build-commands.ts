import type { Command } from "commander";
import { docs } from "../commands/docs";
import { doctor } from "../commands/doctor";
import { env } from "../commands/env";
import { modules } from "../commands/modules";
import { packageFunctions } from "../commands/package";
import { synth } from "../commands/synth";
import { synthDiff } from "../commands/synth-diff";
import type { Shell } from "./shell";

/** From sources to Terraform JSON, and what that needs. */
export function addBuildCommands(root: Command, { perform }: Shell): void {
  root.command("doctor").description("say what this machine has and what is missing").action(() => perform(doctor));
  root.command("package").description("bundle and zip the functions, byte for byte the same on every machine").action(() => perform(packageFunctions));
  root
    .command("synth")
    .description("package, and write the stacks as Terraform JSON to cdktf.out")
    .option("--diff [ref]", "also say what it changes since a commit (default: HEAD); exit code 0: nothing, 2: something, 1: failed")
    .option("--markdown <path>", "with --diff: write a Markdown file")
    .action(({ diff, markdown }: { diff?: string | true; markdown?: string }) =>
      perform((context) => (diff === undefined ? synth(context) : synthDiff(context, { ref: diff === true ? "HEAD" : diff, ...(markdown && { markdown }) }))),
    );
  root
    .command("modules")
    .description("synth, and write the stacks as Terraform modules that need no Node.js")
    .option("--out <folder>", "folder for the modules; default: dist/terraform")
    .action((options: { out?: string }) => perform((context) => modules(context, options)));
  root.command("docs").description("synth, and write what is generated and kept: the tables in README.md and RUNBOOK.md, and openapi.json").action(() => perform(docs));
  root
    .command("env")
    .description("print the variables that terraform and npx cdktf need to find the provider")
    .option("--emulator <url>", "also point them at an AWS emulator on this machine")
    .action((options: { emulator?: string }) => perform(async (context) => env(context, options)));
}
