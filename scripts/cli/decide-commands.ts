import type { Command } from "commander";
import { PROFILES } from "../../stacks/settings";
import type { CostOptions } from "../commands/cost";
import { collect, secondsUpTo } from "./options";
import type { Shell } from "./shell";

/** What says from figures whether something is good, and what to do. */
export function addDecideCommands(root: Command, shell: Shell): void {
  addAnalyzeCommand(root, shell);
  addCostCommand(root, shell);
}

/** Seconds: no run of a function is longer. */
const LONGEST_RUN = 900;

function addAnalyzeCommand(root: Command, { perform, isTerminal }: Shell): void {
  const command = root
    .command("analyze")
    .description(
      "say from Lambda's REPORT lines how long runs take, why, and which settings that supports; exit code 1: no such line",
    )
    .argument("[files...]", "logs in the text or JSON format, as they are, exported or .gz; - or none: standard input")
    .option("--log-group <name>", "read a CloudWatch log group instead, such as /aws/lambda/quickturn-dev-worker")
    .option("--since <span>", "with --log-group: how far back, such as 90m, 24h, 7d (default: 24h)")
    .option("--threshold <seconds>", "a run that takes longer counts as slow", secondsUpTo(LONGEST_RUN), 60)
    .option("--tfvars <path>", "write the settings that the evidence supports; hypotheses stand in it as comments")
    .option("--html <path>", "write a page with charts: one file, nothing fetched")
    .addHelpText("after", ANALYZE_EXAMPLES)
    .action(
      (
        files: string[],
        given: { logGroup?: string; since?: string; threshold: number; tfvars?: string; html?: string },
      ) => {
        // Else it would wait at a terminal for lines that nobody types.
        if (files.length === 0 && given.logGroup === undefined && isTerminal) command.help({ error: true });
        const { threshold: thresholdSeconds, ...others } = given;
        return perform(async (context) =>
          (await import("../commands/analyze")).analyze(context, { files, thresholdSeconds, ...others }),
        );
      },
    );
}

const ANALYZE_EXAMPLES = `
Examples:
  quickturn analyze worker.log --html report.html               a log in a file, and a page to show around
  quickturn analyze before.log after.log                        both together; memory sizes and versions are told apart
  aws logs tail /aws/lambda/quickturn-dev-worker --since 24h | quickturn analyze
  quickturn analyze --log-group /aws/lambda/quickturn-dev-worker --since 7d --tfvars tuned.tfvars
  quickturn apply --var-file tuned.tfvars                       what it recommends; leave a line out to take it back`;

function addCostCommand(root: Command, { perform }: Shell): void {
  root
    .command("cost")
    .description("reckon what a deployment costs a month and a request, by part, from dated list prices; asks nobody")
    .option("--compare <two...>", `two side by side: ${PROFILES.join(", ")}, or plan with --from-plan`)
    .option("--profile <profile>", "the one to reckon alone; default: optimized, or the plan")
    .option("--var <name=value>", "value of a setting, for every profile; may be repeated", collect, [])
    .option("--usage <file>", "JSON file that says how it is used; docs/cost.md has its fields")
    .option("--requests <counts>", "requests a month, with commas between", "10000,100000,1000000")
    .option("--region <region>", "AWS region; default: the setting aws_region")
    .option("--from-plan <file>", "what terraform show -json printed of a plan or a state, instead of a profile")
    .action(({ var: vars, ...given }: Omit<CostOptions, "vars"> & { var: string[] }) =>
      perform(async (context) => (await import("../commands/cost")).cost(context, { ...given, vars })),
    );
}
