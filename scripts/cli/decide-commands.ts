import type { Command } from "commander";
import { PROFILES } from "../../stacks/settings";
import { cost, type CostOptions } from "../commands/cost";
import { collect } from "./options";
import type { Shell } from "./shell";

/** What says from figures whether something is good, and what to do. */
export function addDecideCommands(root: Command, { perform }: Shell): void {
  root
    .command("cost")
    .description("reckon what a deployment costs a month and a request, by part, from dated list prices; asks nobody")
    .option("--compare <two...>", `two side by side: ${PROFILES.join(", ")}, or plan with --from-plan`)
    .option("--profile <profile>", "the one to reckon alone; default: optimized, or the plan")
    .option("--var <name=value>", "value of a setting, for every profile; may be repeated", collect, [])
    .option("--usage <file>", "JSON file that says how it is used; README has its fields")
    .option("--requests <counts>", "requests a month, with commas between", "10000,100000,1000000")
    .option("--region <region>", "AWS region; default: the setting aws_region")
    .option("--from-plan <file>", "what terraform show -json printed of a plan or a state, instead of a profile")
    .action(({ var: vars, ...given }: Omit<CostOptions, "vars"> & { var: string[] }) => perform((context) => cost(context, { ...given, vars })));
}
