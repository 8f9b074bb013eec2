import type { Command } from "commander";
import type { VerifyOptions } from "../gate/verify";
import { collect, type Shell, parseCount, parseSeconds } from "./shell";
import type { DashboardOptions } from "../dashboard/dashboard";
import type { Strategy } from "../tune/verdict";
import type { TuneOptions, TunedFunction } from "../tune/options";
import { PROFILES } from "../../stacks/contract/settings";
import type { CostOptions } from "../cost/cost";

/** Adds `verify`, which says whether a deployment is good. */
export function addVerifyCommand(root: Command, { perform }: Shell): void {
  root
    .command("verify")
    .description(
      "say whether a deployment is good; exit code 0: pass, 1: fail, 3: inconclusive, 2: it could not be judged",
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
    .option("--url <url>", "with --smoke: the stage to ask, such as a local run's; default: the output api_endpoint")
    .option("--prompt <text>", "prompt of the checklist's request")
    .option("--smoke-timeout <duration>", "time for the checklist's request to end; default: 5m")
    .option("--api-key <key>", "with authorization api_key; better as QUICKTURN_API_KEY")
    .option("--other-api-key <key>", "of a second caller, who must be refused; better as QUICKTURN_OTHER_API_KEY")
    .option("--other-profile <name>", "AWS profile of a second caller, who must be refused")
    .action((given: VerifyOptions) =>
      perform(async (context) => (await import("../gate/verify")).verify(context, given)),
    );
}

/** Adds `dashboard`, which draws the applied dashboard without the console. */
export function addDashboardCommand(root: Command, { perform }: Shell): void {
  root
    .command("dashboard")
    .description(
      "draw the applied CloudWatch dashboard as one HTML file; it takes no console, and with --metrics no account",
    )
    .requiredOption("--html <path>", "write the page here")
    .option(
      "--state <path>",
      "folder of an initialized stack, or a file with its terraform show -json; default: this project's stack",
    )
    .option(
      "--metrics <path>",
      "saved metrics instead of CloudWatch's: what --json prints as metrics, or GetMetricData's queries and results",
    )
    .option("--end <time>", "where the window ends; default: with --metrics where they end, else now")
    .option("--window <duration>", "length of what is shown, such as 24h; default: 3h")
    .action((given: DashboardOptions) =>
      perform(async (context) => (await import("../dashboard/dashboard")).dashboard(context, given)),
    );
}

type Given = Omit<TuneOptions, "function" | "strategy"> & {
  readonly function: TunedFunction;
  readonly strategy: Strategy;
};

/** Adds `tune`, which chooses a function's memory from measurements. */
export function addTuneCommand(root: Command, { perform }: Shell): void {
  root
    .command("tune")
    .description(
      "choose a function's memory from runs at several sizes; changes nothing live; exit code 0: chosen, 3: " +
        "inconclusive, 1: not measured",
    )
    .option("--function <name>", "worker or api", "worker")
    .option("--strategy <strategy>", "cost, speed, balanced", "cost")
    .option("--sizes <list>", "MiB with commas between; default: 512,1024,1769,3072 and the one in effect")
    .option("--runs <count>", "warm runs of each size; one more is cold; default: 20")
    .option(
      "--prompt <text>",
      "of the worker's runs, which ask the agents; may be repeated, taken in turn",
      collect,
      [],
    )
    .option(
      "--payload <file>",
      'of the front door\'s runs: an event as API Gateway sends it, or [{"payload": …, "weight": 2}, …]',
    )
    .option("--budget-usd <dollars>", "refuse where the runs could cost more; default: 5")
    .option(
      "--run-usd <dollars>",
      "what a run costs elsewhere, such as its agents' tokens; counts in the budget; default: 0",
    )
    .option("--concurrency <count>", "runs at once, out of the function's reserved concurrency; default: 1")
    .option("--cold-share <share>", "of the runs in production; default: the cost model's (worker 0.05, api 0.01)")
    .option("--replay <file>", "judge saved runs or a log with REPORT lines instead; - is standard input")
    .option("--region <region>", "with --replay: whose prices count; default: us-east-1")
    .option("--seed <number>", "of the bootstrap", parseCount(0, 4_294_967_295), 1)
    .option(
      "--state <path>",
      "folder of an initialized stack, or a file with its terraform output -json; default: this project's stack",
    )
    .option("--write <path>", "write the setting as a .tfvars file")
    .option("--save <path>", "write the runs, for --replay")
    .option("--html <path>", "write a page with charts: one file, nothing fetched")
    .option("--cleanup", "remove what a killed tuning left, and nothing else", false)
    .addHelpText("after", HELP)
    .action((given: Given) => perform(async (context) => (await import("../tune/tune")).tune(context, given)));
}

const HELP = `
Each size is published as a version of its own, invoked by its number, and
deleted; callers get the live one all the time. While it runs, apply nothing:
plan, apply and canary refuse. A worker's run really asks the agents. It takes
rights that no pipeline has, such as lambda:InvokeFunction: docs/tune.md.

Examples:
  quickturn tune --prompt "Flight EY123 delayed 3 hours" --write tuned.tfvars
  quickturn tune --function api --payload health.json --save runs.jsonl
  quickturn tune --replay runs.jsonl --strategy speed  asks nobody
  quickturn tune --replay worker.log                   a log's REPORT lines
  quickturn canary --var memory_size=1769              try the answer
  quickturn tune --cleanup                             what a killed one left`;

/** Adds `analyze` and `cost`, which compute from figures and change nothing. */
export function addDecideCommands(root: Command, shell: Shell): void {
  addAnalyzeCommand(root, shell);
  addCostCommand(root, shell);
}

/** Seconds that a run of a function can take at most. */
const LONGEST_RUN = 900;

function addAnalyzeCommand(root: Command, { perform, isTerminal }: Shell): void {
  const command = root
    .command("analyze")
    .description(
      "say from Lambda's REPORT lines how long runs take, why, and which settings that supports; exit code 1: no " +
        "such line",
    )
    .argument("[files...]", "logs in the text or JSON format, as they are, exported or .gz; - or none: standard input")
    .option("--log-group <name>", "read a CloudWatch log group instead, such as /aws/lambda/quickturn-dev-worker")
    .option("--since <span>", "with --log-group: how far back, such as 90m, 24h, 7d (default: 24h)")
    .option("--threshold <seconds>", "a run that takes longer counts as slow", parseSeconds(LONGEST_RUN), 60)
    .option("--tfvars <path>", "write the settings that the evidence supports; hypotheses stand in it as comments")
    .option("--html <path>", "write a page with charts: one file, nothing fetched")
    .addHelpText("after", ANALYZE_EXAMPLES)
    .action(
      (
        files: string[],
        given: { logGroup?: string; since?: string; threshold: number; tfvars?: string; html?: string },
      ) => {
        // Without a file it would wait for lines that nobody types.
        if (files.length === 0 && given.logGroup === undefined && isTerminal) command.help({ error: true });
        const { threshold: thresholdSeconds, ...others } = given;
        return perform(async (context) =>
          (await import("../analyze/analyze")).analyze(context, { files, thresholdSeconds, ...others }),
        );
      },
    );
}

const ANALYZE_EXAMPLES = `
Examples:
  quickturn analyze worker.log --html report.html
  quickturn analyze before.log after.log   told apart by memory size and version
  aws logs tail /aws/lambda/quickturn-dev-worker --since 24h | quickturn analyze
  quickturn analyze --log-group /aws/lambda/quickturn-dev-worker --since 7d
  quickturn analyze worker.log --tfvars tuned.tfvars
  quickturn apply --var-file tuned.tfvars  what it recommends`;

function addCostCommand(root: Command, { perform }: Shell): void {
  root
    .command("cost")
    .description("estimate what a deployment costs a month and a request, by part, from dated list prices; asks nobody")
    .option("--compare <two...>", `two side by side: ${PROFILES.join(", ")}, or plan with --from-plan`)
    .option("--profile <profile>", "the one to estimate alone; default: optimized, or the plan")
    .option("--var <name=value>", "value of a setting, for every profile; may be repeated", collect, [])
    .option("--usage <file>", "JSON file that says how it is used; docs/cost.md has its fields")
    .option("--requests <counts>", "requests a month, with commas between", "10000,100000,1000000")
    .option("--region <region>", "AWS region; default: the setting aws_region")
    .option("--from-plan <file>", "what terraform show -json printed of a plan or a state, instead of a profile")
    .action(({ var: vars, ...given }: Omit<CostOptions, "vars"> & { var: string[] }) =>
      perform(async (context) => (await import("../cost/cost")).cost(context, { ...given, vars })),
    );
}
