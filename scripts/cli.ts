import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import pc from "picocolors";
import { addAuditCommand } from "./cli/audit-command";
import { addBuildCommands } from "./cli/build-commands";
import { addCanaryCommand } from "./cli/canary-command";
import { addContractCommands } from "./cli/contract-commands";
import { addDashboardCommand } from "./cli/dashboard-command";
import { addDecideCommands } from "./cli/decide-commands";
import { addDeployCommands } from "./cli/deploy-commands";
import { addImageCommand } from "./cli/image-command";
import { addProofCommands } from "./cli/proof-commands";
import { addRehearseCommand } from "./cli/rehearse-command";
import { addReleaseCommands } from "./cli/release-commands";
import { addReviewCommands } from "./cli/review-commands";
import type { Shell } from "./cli/shell";
import { addStateCommands } from "./cli/state-commands";
import { addTuneCommand } from "./cli/tune-command";
import { addVerifyCommand } from "./cli/verify-command";
import type { CommandContext, CommandResult } from "./commands/context";
import { SILENT, progressOn } from "./progress";

const interrupted = new AbortController();

/** The command line. The only place that prints, exits, or reads the environment. */
export function program(): Command {
  const root = new Command("quickturn")
    .description("Slow LLM agents behind a fast HTTP API on AWS, in Terraform: every optimization is a variable.")
    .option("--json", "print one JSON document instead of text; progress is not shown")
    .showHelpAfterError("(quickturn --help teaches)")
    .addHelpText("after", EXAMPLES);
  const shell: Shell = {
    perform: (command) => perform(root, command),
    isTerminal: process.stdin.isTTY,
    confirm: process.stdin.isTTY && process.stderr.isTTY ? confirm : undefined,
  };
  addBuildCommands(root, shell);
  addImageCommand(root, shell);
  addDeployCommands(root, shell);
  addCanaryCommand(root, shell);
  addVerifyCommand(root, shell);
  addContractCommands(root, shell);
  addDashboardCommand(root, shell);
  addDecideCommands(root, shell);
  addTuneCommand(root, shell);
  addProofCommands(root, shell);
  addRehearseCommand(root, shell);
  addReleaseCommands(root, shell);
  addReviewCommands(root, shell);
  addAuditCommand(root, shell);
  addStateCommands(root, shell);
  return root;
}

const EXAMPLES = `
Examples:
  quickturn local --once                        see the applied stack answer a request, without an account
  quickturn plan --var agentcore_runtime_arn=…  what an apply would change (exit code 2: something)
  quickturn apply --auto-approve                plan, and apply exactly that plan
  quickturn apply --auto-approve --adopt        go on after a killed apply: take over what it made
  quickturn review --diff HEAD^1 --out review.md  what a change does, for a pull request; then quickturn comment
  quickturn audit --sarif audit.sarif           whether what a plan makes is safe; what is not met on purpose has a reason and a last day
  quickturn unlock <id>                         free the state's lock of a run that was killed
  quickturn rollback --auto-approve             take every optimization away, in place
  quickturn canary --steps 10,50,100            make a new version live step by step, or take it back by itself
  quickturn verify --smoke                      ask the API what its callers ask, after a deployment
  quickturn verify --wait 20m --junit gate.xml  read the KPIs until they decide; 0 pass, 1 fail, 3 inconclusive, 2 error
  quickturn dashboard --html dashboard.html     draw the applied dashboard as one page; --metrics: without an account
  quickturn cost --compare baseline optimized   what each costs a month and a request, by part
  quickturn analyze worker.log                  how long runs take, why, and which settings that supports
  quickturn tune --replay runs.jsonl            which memory a function should have, from runs at several sizes
  quickturn bench agents                        seven agents, one after the other against all at once
  quickturn rehearse                            release good and bad versions to callers here, in time-lapse, and see who notices
  quickturn rehearse --kills 20                 kill applies and canaries with kill -9, and see that the next run goes on
  quickturn soak --requests 2000 --faults       kill, freeze and disturb, and check that no request is lost
  quickturn fuzz --requests 2000                what the OpenAPI document allows and forbids, sent; every answer judged
  quickturn release                             archives, bills of materials and checksums of this commit; publishes nothing
  eval "$(quickturn env)"                       let terraform and npx cdktf find the provider`;

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

/** Runs the command line. The first interrupt ends the work in order; the second ends it at once. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = () => (interrupted.signal.aborted ? process.exit(130) : interrupted.abort());
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  await program().parseAsync([...argv]);
}
