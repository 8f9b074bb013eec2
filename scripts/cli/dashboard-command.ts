import type { Command } from "commander";
import type { DashboardOptions } from "../commands/dashboard";
import type { Shell } from "./shell";

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
      perform(async (context) => (await import("../commands/dashboard")).dashboard(context, given)),
    );
}
