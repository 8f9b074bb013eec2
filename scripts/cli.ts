import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { apply } from "./commands/apply";
import { BENCHES, bench } from "./commands/bench";
import type { CommandContext, CommandResult } from "./commands/context";
import { docs } from "./commands/docs";
import { doctor } from "./commands/doctor";
import { env } from "./commands/env";
import { local } from "./commands/local";
import { packageFunctions } from "./commands/package";
import { plan } from "./commands/plan";
import { rollback } from "./commands/rollback";
import { soak } from "./commands/soak";
import { synth } from "./commands/synth";
import { PROFILES } from "../stacks/settings";
import { SILENT, progressOn } from "./progress";

interface VariableOptions {
  readonly var: readonly string[];
  readonly varFile: readonly string[];
}

const interrupted = new AbortController();

/** The command line. The only place that prints, exits, or reads the environment. */
export function program(): Command {
  const root = new Command("quickturn")
    .description("Slow LLM agents behind a fast HTTP API on AWS, in Terraform: every optimization is a variable.")
    .option("--json", "print one JSON document instead of text; progress is not shown")
    .showHelpAfterError("(quickturn --help teaches)")
    .addHelpText("after", EXAMPLES);
  addBuildCommands(root);
  addDeployCommands(root);
  addLocalCommand(root);
  addProofCommands(root);
  return root;
}

const EXAMPLES = `
Examples:
  quickturn local --once                        see the applied stack answer a request, without an account
  quickturn plan --var agentcore_runtime_arn=…  what an apply would change (exit code 2: something)
  quickturn apply --auto-approve                plan, and apply exactly that plan
  quickturn rollback --auto-approve             take every optimization away, in place
  quickturn bench agents                        seven agents, one after the other against all at once
  quickturn soak --requests 2000 --faults       kill, freeze and disturb, and check that no request is lost
  eval "$(quickturn env)"                       let terraform and npx cdktf find the provider`;

function addBuildCommands(root: Command): void {
  root.command("doctor").description("say what this machine has and what is missing").action(() => perform(root, doctor));
  root.command("package").description("bundle and zip the functions, byte for byte the same on every machine").action(() => perform(root, packageFunctions));
  root.command("synth").description("package, and write the stacks as Terraform JSON to cdktf.out").action(() => perform(root, (context) => synth(context)));
  root.command("docs").description("write the generated tables into README.md").action(() => perform(root, async (context) => docs(context)));
  root
    .command("env")
    .description("print the variables that terraform and npx cdktf need to find the provider")
    .option("--emulator <url>", "also point them at an AWS emulator on this machine")
    .action((options: { emulator?: string }) => perform(root, async (context) => env(context, options)));
}

function addDeployCommands(root: Command): void {
  withVariables(root.command("plan"))
    .description("say what an apply would change; exit code 0: nothing, 2: something, 1: failed")
    .action((given: VariableOptions) => perform(root, (context) => plan(context, variables(given))));
  withVariables(root.command("apply"))
    .description("plan, show the plan, and apply exactly that plan")
    .option("--auto-approve", "do not ask", false)
    .action((given: VariableOptions & { autoApprove: boolean }) => perform(root, (context) => apply(context, { ...variables(given), ...answer(given) })));
  withVariables(root.command("rollback"))
    .description("take optimizations away by variables; refuses to do anything but in-place updates")
    .option("--to <profile>", `profile to go back to: ${PROFILES.join(", ")}`, profileName, "baseline")
    .option("--allow-replace", "go on where the plan makes, replaces or deletes a resource", false)
    .option("--auto-approve", "do not ask", false)
    .action((given: VariableOptions & { autoApprove: boolean; to: string; allowReplace: boolean }) =>
      perform(root, (context) => rollback(context, { ...variables(given), ...answer(given), to: given.to, allowReplace: given.allowReplace })),
    );
}

function addLocalCommand(root: Command): void {
  root
    .command("local")
    .description("apply the stack to an AWS emulator, serve what was applied on loopback, and show a request under both profiles")
    .option("--once", "stop after the demonstration", false)
    .option("--serve-only", "serve without a demonstration", false)
    .option("--port <port>", "loopback port of the API; default: any free one", portNumber)
    .option("--var <name=value>", "setting to apply; may be repeated", collect, [])
    .option("--keep", "keep the folder with state and logs", false)
    .action((given: { once: boolean; serveOnly: boolean; port?: number; var: string[]; keep: boolean }) =>
      perform(root, (context) => local(context, { once: given.once, quiet: given.serveOnly, vars: given.var, keep: given.keep, ...(given.port ? { port: given.port } : {}) })),
    );
}

function addProofCommands(root: Command): void {
  root
    .command("bench")
    .description(`measure side by side, in one run: ${Object.keys(BENCHES).join(", ")}; exit code 1 where a bound is missed`)
    .argument("[names...]", "which; default: all")
    .action((names: string[]) => perform(root, (context) => bench(context, names)));
  root
    .command("soak")
    .description("send requests to the local runtime and check every caller's history; exit code 1 where a promise is broken")
    .option("--requests <count>", "how many", countOf(1, 100_000), 2_000)
    .option("--faults", "kill and freeze functions, and disturb their calls", false)
    .option("--concurrency <count>", "callers at once", countOf(1, 64), 16)
    .option("--seed <number>", "draws the faults", countOf(0, 2 ** 31), 1)
    .option("--keep", "keep the folder with state and logs", false)
    .action((given: { requests: number; faults: boolean; concurrency: number; seed: number; keep: boolean }) => perform(root, (context) => soak(context, given)));
}

function countOf(minimum: number, maximum: number): (value: string) => number {
  return (value) => {
    const count = Number(value);
    if (!/^\d+$/.test(value) || count < minimum || count > maximum) throw new InvalidArgumentError(`Allowed: a whole number from ${minimum} to ${maximum}.`);
    return count;
  };
}

function withVariables(command: Command): Command {
  return command
    .option("--var <name=value>", "value of a setting; may be repeated", collect, [])
    .option("--var-file <path>", "tfvars file; may be repeated", collect, []);
}

function variables(given: VariableOptions) {
  return { vars: given.var, varFiles: given.varFile.map((file) => resolve(file)) };
}

function answer({ autoApprove }: { autoApprove: boolean }) {
  return process.stdin.isTTY && process.stderr.isTTY ? { autoApprove, confirm } : { autoApprove };
}

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} Only "yes" goes on: `, { signal: interrupted.signal })).trim());
  } finally {
    terminal.close();
  }
}

async function perform(root: Command, command: (context: CommandContext) => Promise<CommandResult>): Promise<void> {
  const { json = false } = root.opts<{ json?: boolean }>();
  // State, plans and credentials are written by what runs below: for this user's eyes only.
  process.umask(0o077);
  const context = { projectDirectory: join(__dirname, ".."), environment: process.env, progress: json ? SILENT : progressOn(process.stderr), signal: interrupted.signal };
  try {
    const result = await command(context);
    process.stdout.write(json ? `${JSON.stringify(result.json, null, 2)}\n` : `${result.text}\n`);
    process.exitCode = result.exitCode;
  } catch (error) {
    report(error, json);
    process.exitCode = interrupted.signal.aborted ? 130 : 1;
  }
}

function report(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: message }, null, 2)}\n`);
  else process.stderr.write(`\n${pc.red("Error:")} ${message}\n`);
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function profileName(value: string): string {
  if (!(PROFILES as readonly string[]).includes(value)) throw new InvalidArgumentError(`Allowed: ${PROFILES.join(", ")}.`);
  return value;
}

function portNumber(value: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError("Allowed: a whole number from 1 to 65535.");
  return port;
}

/** Runs the command line. The first interrupt ends the work in order; the second ends it at once. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = () => (interrupted.signal.aborted ? process.exit(130) : interrupted.abort());
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  await program().parseAsync([...argv]);
}
