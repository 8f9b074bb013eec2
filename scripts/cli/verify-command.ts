import type { Command } from "commander";
import type { VerifyOptions } from "../commands/verify/options";
import { collect } from "./options";
import type { Shell } from "./shell";

/** Adds `verify`, which says whether a deployment is good. */
export function addVerifyCommand(root: Command, { perform }: Shell): void {
  root
    .command("verify")
    .description(
      "say whether a deployment is good; exit code 0: pass, 1: fail, 3: inconclusive, 2: nothing was found out",
    )
    .option(
      "--state <path>",
      "folder of an initialized stack, or a file with its terraform output -json; default: this project's stack",
    )
    .option("--window <duration>", "length of what is judged, such as 30m; default: 30m")
    .option("--end <time>", "where it ends; default: as late as every run in it has ended")
    .option("--since <time>", "nothing before it, such as the time of the deployment")
    .option("--only <kpi>", "KPI to judge; may be repeated; default: all", collect, [])
    .option("--version <number>", "version of the worker to judge; default: whatever ran")
    .option("--baseline <number>", "version of the worker to compare with")
    .option("--baseline-metrics <path>", "saved evidence to compare with")
    .option("--max-latency-ratio <ratio>", "times the baseline's duration that is allowed; default: 1.25")
    .option("--max-cost-ratio <ratio>", "times the baseline's cost that is allowed; default: 1.1")
    .option("--wait <duration>", "read again each minute until there is a pass or a fail, so long at most")
    .option("--save <path>", "save the evidence, so that its verdict can be had again")
    .option("--replay <path>", "judge saved evidence; asks nobody")
    .option("--token-price-in <usd>", "dollars of 1,000 input tokens; default: an assumption")
    .option("--token-price-out <usd>", "dollars of 1,000 output tokens; default: an assumption")
    .option("--junit <path>", "write a JUnit file")
    .option("--markdown <path>", "write a Markdown file, for a pull request")
    .option("--smoke", "the checklist over HTTP instead of the metrics; it runs the agents once", false)
    .option("--prompt <text>", "prompt of the checklist's request")
    .option("--smoke-timeout <duration>", "time for the checklist's request to end; default: 5m")
    .option("--api-key <key>", "with authorization api_key; better as QUICKTURN_API_KEY")
    .option("--other-api-key <key>", "of a second caller, who must be refused; better as QUICKTURN_OTHER_API_KEY")
    .option("--other-profile <name>", "AWS profile of a second caller, who must be refused")
    .action((given: VerifyOptions) =>
      perform(async (context) => (await import("../commands/verify/verify")).verify(context, given)),
    );
}
