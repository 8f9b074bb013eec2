import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Command, CommanderError, Option } from "commander";
import pc from "picocolors";
import { DEFAULT_ENVIRONMENT } from "../stacks/contract/outputs";
import { addBuildCommands, addContractCommands, addImageCommand, addLocalCommand } from "./cli/build-commands";
import { addDashboardCommand, addDecideCommands, addTuneCommand, addVerifyCommand } from "./cli/decide-commands";
import { addCanaryCommand, addDeployCommands, addStateCommands } from "./cli/deploy-commands";
import { describeCrash, classifyFailure, type Failure, traceCauses } from "./cli/failure";
import { Interruption, SIGNAL_EXIT_CODES } from "./cli/interruption";
import { addAuditCommand, addReviewCommands } from "./cli/review-commands";
import type { Shell } from "./cli/shell";
import { type CommandContext, type CommandResult, EXIT_CODE_ROWS, SILENT, progressOn } from "./kit/context";
import { findDeploymentFolder } from "./kit/deployment-folder";
import { type EndingSignal, interruptPrograms, killPrograms, runningPrograms } from "./kit/process";
import { writePrivately } from "./kit/files";

/** Folder of Quickturn itself. */
const SOURCES = join(__dirname, "..");

const interruption = new Interruption({
  nowMs: () => performance.now(),
  showNote: (text) => progressOn(process.stderr).note(text),
  running: runningPrograms,
  interruptAgain: interruptPrograms,
  endNow: (exitCode) => {
    killPrograms();
    process.exit(exitCode);
  },
});

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(SOURCES, "package.json"), "utf8")) as { version: string }).version;
}

/** A command line: its name, what it is for, examples for its help, and its commands. */
interface CommandLine {
  readonly name: string;
  readonly description: string;
  readonly help: string;
  readonly addCommands: (root: Command, shell: Shell) => void;
}

/** Builds a command line. The only place that prints, exits, or reads the environment. */
export function program({ name, description, help, addCommands }: CommandLine = QUICKTURN): Command {
  const root = new Command(name)
    .description(description)
    // Narrow terminals wrap at words too.
    .configureHelp({ minWidthToWrap: 20 })
    .addOption(
      new Option(
        "--env <name>",
        "the environment: settings of environments/<name>.tfvars.json, with a state of its own",
      )
        .env("QUICKTURN_ENV")
        .default(DEFAULT_ENVIRONMENT),
    )
    .option("--json", "print one JSON document instead of text; progress is not shown")
    .option("--debug", "show where a failure comes from, with each of its causes")
    .version(packageVersion(), "--version", "print the version")
    .showHelpAfterError(`(${name} --help teaches)`)
    .exitOverride();
  const shell: Shell = {
    perform: (command) => perform(root, command),
    isTerminal: process.stdin.isTTY,
    ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm, ask } : {}),
  };
  addCommands(root, shell);
  root.addHelpText("after", `${help}\n\nExit codes:\n${exitCodesText(root)}`);
  return root;
}

const EXAMPLES = `
Examples:
  quickturn local --once                       see it answer, without an account
  quickturn plan --var memory_size=2048        what an apply would change
  quickturn apply                              plan, ask, apply that plan
  quickturn verify --smoke                     ask what its callers ask
  quickturn rollback                           take all optimizations away
  quickturn canary --steps 10,50,100           a new version, step by step
  quickturn review --diff HEAD^1               what a change does, as Markdown
  quickturn cost --compare baseline optimized  what each costs a month
  quickturn analyze worker.log                 how long runs take, and why
  eval "$(quickturn env)"                      let terraform find the provider

In a clone, and where the package is installed, npx quickturn runs it. Anywhere
else npx would fetch a package of that name from npm, which is not ours.`;

const QUICKTURN: CommandLine = {
  name: "quickturn",
  description: "Slow LLM agents behind a fast HTTP API on AWS, in Terraform: every optimization is a variable.",
  help: EXAMPLES,
  addCommands,
};

/** Every command, in the order of `--help`. */
export function addCommands(root: Command, shell: Shell): void {
  addLocalCommand(root, shell);
  addDeployCommands(root, shell);
  addCanaryCommand(root, shell);
  addStateCommands(root, shell);
  addVerifyCommand(root, shell);
  addDashboardCommand(root, shell);
  addReviewCommands(root, shell);
  addAuditCommand(root, shell);
  addDecideCommands(root, shell);
  addTuneCommand(root, shell);
  addBuildCommands(root, shell);
  addImageCommand(root, shell);
  addContractCommands(root, shell);
  for (const [heading, names] of Object.entries(GROUPS))
    for (const command of root.commands) if (names.includes(command.name())) command.helpGroup(heading);
  root.commandsGroup("Help:").helpCommand(true);
}

/** The commands by what a person wants. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "Begin here:": ["local", "doctor"],
  "Deploy:": ["plan", "apply", "rollback", "canary", "destroy", "unlock"],
  "Look at what is deployed:": ["verify", "dashboard", "drift"],
  "Review a change:": ["review", "comment", "audit"],
  "Choose settings:": ["cost", "analyze", "tune"],
  "Build:": ["package", "synth", "modules", "env", "image", "openapi"],
};

/** The table of exit codes, as wide as the help. */
function exitCodesText(root: Command): string {
  const helper = root.createHelp();
  return EXIT_CODE_ROWS.map(([code, meaning]) => helper.formatItem(String(code), 3, meaning, helper)).join("\n");
}

async function confirm(question: string): Promise<boolean> {
  return (await ask(`${question} Only "yes" goes on:`)) === "yes";
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // While readline asks, a Ctrl-C is a key and not a signal. Ctrl-D, or a terminal that is gone, counts as no.
  terminal.on("SIGINT", () => interruption.receive("SIGINT"));
  const closed = new Promise<string>((resolve) =>
    ["close", "error"].forEach((event) => terminal.once(event, () => resolve(""))),
  );
  try {
    return (await Promise.race([terminal.question(`${question} `, { signal: interruption.signal }), closed])).trim();
  } finally {
    terminal.close();
  }
}

async function perform(root: Command, command: (context: CommandContext) => Promise<CommandResult>): Promise<void> {
  const { json = false, env } = root.opts<{ json?: boolean; env: string }>();
  // A command writes state, plans and credentials.
  writePrivately();
  const context = {
    env,
    projectDirectory: SOURCES,
    deploymentDirectory: findDeploymentFolder(process.cwd(), SOURCES),
    environment: process.env,
    progress: json ? SILENT : progressOn(process.stderr),
    signal: interruption.signal,
  };
  const result = await command(context);
  process.stdout.write(json ? `${JSON.stringify(result.json, null, 2)}\n` : `${result.text}\n`);
  process.exitCode = result.exitCode;
}

/** Says why the command has not done its work: in a sentence, and with `--json` as one document too. */
function report(root: Command, error: unknown, failure: Failure): void {
  const { json = false, debug = false } = root.opts<{ json?: boolean; debug?: boolean }>();
  if (json) process.stdout.write(`${JSON.stringify({ error: failure }, null, 2)}\n`);
  const trace = () => traceCauses(error, SOURCES) || failure.message;
  const said =
    failure.kind === "crash" ? `${trace()}\nThis is a defect of quickturn.` : debug ? trace() : failure.message;
  // Commander has said its sentence already.
  if (!(error instanceof CommanderError))
    process.stderr.write(`\n${pc.red(failure.kind === "crash" ? "Crash:" : "Error:")} ${said}\n`);
  process.exitCode = failure.exitCode;
}

/** Runs the command line. Signals end the work in order. */
export async function main(argv: readonly string[], commandLine = QUICKTURN): Promise<void> {
  for (const name of Object.keys(SIGNAL_EXIT_CODES) as EndingSignal[])
    process.on(name, () => interruption.receive(name));
  // The reader, a pager or the terminal, may end first. The work and its clean-up go on.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreUnread);
  process.on("exit", dieWithTerminal);
  const root = program(commandLine);
  process.on("uncaughtException", (error) => {
    report(root, error, describeCrash(error));
    process.exit();
  });
  try {
    await root.parseAsync([...argv]);
  } catch (thrown) {
    // Help that was asked for is no failure.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return;
    const error = interruption.explain(thrown);
    const failure = classifyFailure(error);
    report(
      root,
      error,
      interruption.signal.aborted ? { ...failure, kind: "failed", exitCode: interruption.exitCode } : failure,
    );
  }
}

let terminalIsGone = false;

function ignoreUnread(error: NodeJS.ErrnoException): void {
  if (error.code === "EIO") terminalIsGone = true;
  else if (error.code !== "EPIPE") throw error;
}

/**
 * Ends by SIGHUP, which gives a shell the same exit code: Node aborts at its exit where it cannot reset the terminal.
 */
function dieWithTerminal(): void {
  if (!terminalIsGone) return;
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}
