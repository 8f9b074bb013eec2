import type { Command } from "commander";
import { STRATEGIES, type Strategy } from "../judges/tuning/strategy";
import type { TuneOptions, TunedFunction } from "../commands/tune-options";
import { collect, countOf } from "./options";
import type { Shell } from "./shell";

type Given = Omit<TuneOptions, "function" | "strategy"> & {
  readonly function: TunedFunction;
  readonly strategy: Strategy;
};

/** Adds `tune`, which chooses a function's memory from measurements. */
export function addTuneCommand(root: Command, { perform }: Shell): void {
  root
    .command("tune")
    .description(
      "choose a function's memory from runs at several sizes; changes nothing live; exit code 0: chosen, 3: inconclusive, 1: not measured",
    )
    .option("--function <name>", "worker or api", "worker")
    .option("--strategy <strategy>", STRATEGIES.join(", "), "cost")
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
    .option("--seed <number>", "of the bootstrap", countOf(0, 4_294_967_295), 1)
    .option(
      "--state <path>",
      "folder of an initialized stack, or a file with its terraform output -json; default: this project's stack",
    )
    .option("--write <path>", "write the setting as a .tfvars file")
    .option("--save <path>", "write the runs, for --replay")
    .option("--html <path>", "write a page with charts: one file, nothing fetched")
    .option("--cleanup", "remove what a killed tuning left, and nothing else", false)
    .addHelpText("after", HELP)
    .action((given: Given) => perform(async (context) => (await import("../commands/tune")).tune(context, given)));
}

const HELP = `
Each size is published as a version of its own, invoked by its number, and deleted; callers get the live one all the
time. While it runs, apply nothing: terraform takes the newest version for the one to make live, and plan, apply and
canary refuse. A worker's run is a request of its own in the table, which no caller owns and no queue holds; the agents
are really asked. It takes rights that no pipeline has, such as lambda:InvokeFunction: docs/tune.md.

Examples:
  quickturn tune --prompt "Flight EY123 delayed 3 hours" --sizes 512,1024,1769,3072 --budget-usd 2 --write tuned.tfvars
  quickturn tune --function api --payload health.json --strategy speed --save runs.jsonl --html tuning.html
  quickturn tune --replay runs.jsonl --strategy balanced     the same runs, asked otherwise; asks nobody
  quickturn tune --replay worker.log                         a log of several sizes: REPORT lines as they are
  quickturn canary --var memory_size=1769                    the answer, on some of the traffic first
  quickturn tune --cleanup                                   after kill -9: versions away, the memory as it was applied`;
