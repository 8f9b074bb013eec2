import { resolve } from "node:path";
import type { Command } from "commander";
import type { StackOptions } from "../commands/prepared-terraform";
import { variables, withVariables, type VariableOptions } from "./options";
import type { Shell } from "./shell";
import { stackOf, withStack } from "./state-commands";

interface Given extends VariableOptions, StackOptions {
  readonly plan?: string;
  readonly planJson?: string;
  readonly suppressions?: string;
  readonly sarif?: string;
  readonly gitlabSast?: string;
  readonly all: boolean;
}

/** Adds `audit`, which asks whether what a plan makes is safe. */
export function addAuditCommand(root: Command, { perform }: Shell): void {
  withStack(withVariables(root.command("audit")))
    .description(
      "say whether what a plan makes is safe; exit code 0: nothing fails, 1: something does, 2: nothing was found out",
    )
    .option("--plan <path>", "what `quickturn plan --out` wrote; default: it is planned now")
    .option("--plan-json <path>", "what `terraform show -json` printed of a plan; asks nobody")
    .option(
      "--suppressions <path>",
      "what is not met on purpose, with reason and last day; default: audit.json, where it is there",
    )
    .option("--sarif <path>", "write a SARIF file, for code scanning")
    .option("--gitlab-sast <path>", "write a SAST report, for GitLab's merge requests")
    .option("--all", "show every row, what passes too", false)
    .action(({ plan, planJson, suppressions, sarif, gitlabSast, all, ...given }: Given) =>
      perform(async (context) =>
        (await import("../commands/audit")).audit(context, {
          ...variables(given),
          ...stackOf(given),
          all,
          ...(plan && { plan: resolve(plan) }),
          ...(planJson && { planJson }),
          ...(suppressions && { suppressions }),
          ...(sarif && { sarif: resolve(sarif) }),
          ...(gitlabSast && { gitlabSast: resolve(gitlabSast) }),
        }),
      ),
    );
}
