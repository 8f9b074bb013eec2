import type { Command } from "commander";
import type { Shell } from "./shell";

/** From sources to Terraform JSON, and what that needs. */
export function addBuildCommands(root: Command, { perform }: Shell): void {
  root
    .command("doctor")
    .description("say what this machine has and what is missing")
    .action(() => perform(async (context) => (await import("../commands/doctor")).doctor(context)));
  root
    .command("package")
    .description("bundle and zip the functions, byte for byte the same on every machine")
    .action(() => perform(async (context) => (await import("../commands/package")).packageFunctions(context)));
  root
    .command("synth")
    .description("package, and write the stacks as Terraform JSON to cdktf.out")
    .option(
      "--diff [ref]",
      "also say what it changes since a commit (default: HEAD); exit code 0: nothing, 2: something, 1: failed",
    )
    .option("--markdown <path>", "with --diff: write a Markdown file")
    .action(({ diff, markdown }: { diff?: string | true; markdown?: string }) =>
      perform(async (context) =>
        diff === undefined
          ? (await import("../commands/synth")).synth(context)
          : (await import("../commands/synth-diff")).synthDiff(context, {
              ref: diff === true ? "HEAD" : diff,
              ...(markdown && { markdown }),
            }),
      ),
    );
  root
    .command("modules")
    .description("synth, and write the stacks as Terraform modules that need no Node.js")
    .option("--out <folder>", "folder for the modules; default: dist/terraform")
    .action((options: { out?: string }) =>
      perform(async (context) => (await import("../commands/modules")).modules(context, options)),
    );
  root
    .command("docs")
    .description("synth, and write what is generated and kept: the tables in docs and RUNBOOK.md, and openapi.json")
    .action(() => perform(async (context) => (await import("../commands/docs")).docs(context)));
  root
    .command("env")
    .description("print the variables that terraform and npx cdktf need to find the provider")
    .option("--emulator <url>", "also point them at an AWS emulator on this machine")
    .action((options: { emulator?: string }) =>
      perform(async (context) => (await import("../commands/env")).env(context, options)),
    );
}
