import type { Command } from "commander";
import { collect, variables, withVariables, type VariableOptions } from "./options";
import type { Shell } from "./shell";
import { withLockTimeout } from "./state-commands";

interface Given extends VariableOptions {
  readonly weight?: string;
  readonly steps?: string;
  readonly interval?: string;
  readonly deadline?: string;
  readonly onInconclusive?: string;
  readonly only: readonly string[];
  readonly maxLatencyRatio?: string;
  readonly resume: boolean;
  readonly abort: boolean;
  readonly retry: boolean;
  readonly allowReplace: boolean;
  readonly autoApprove: boolean;
  readonly lockTimeout?: string;
}

/** Adds `canary`, which makes a new version live step by step, or takes it back by itself. */
export function addCanaryCommand(root: Command, { perform, confirm }: Shell): void {
  withLockTimeout(withVariables(root.command("canary")))
    .description(
      "give a new version a share of the traffic, watch it, and go on or roll back; exit code 0: promoted, 1: failed and rolled back, 3: not decided in time",
    )
    .option("--weight <percent>", "share of the first step; default: 10")
    .option("--steps <percents>", "all steps, such as 10,50,100; default: the weight, then 100")
    .option("--interval <duration>", "each step takes at least so long; default: 10m")
    .option("--deadline <duration>", "each step must be decided within so long; default: 2h")
    .option("--on-inconclusive <what>", "rollback or hold, where a step is not decided in time; default: rollback")
    .option("--only <kpi>", "KPI to judge; may be repeated; default: all that can be told by version", collect, [])
    .option("--max-latency-ratio <ratio>", "times the stable version's duration that is allowed; default: 1.25")
    .option("--resume", "go on with a canary that was interrupted or held", false)
    .option("--abort", "take the canary back: the stable version is live and pinned", false)
    .option("--retry", "try a version again that was rolled back", false)
    .option("--allow-replace", "go on where the plan makes, replaces or deletes a resource", false)
    .option("--auto-approve", "do not ask", false)
    .addHelpText("after", EXAMPLES)
    .action(({ var: _vars, varFile: _files, reset: _reset, ...given }: Given) =>
      perform(async (context) =>
        (await import("../commands/canary/canary")).canary(context, {
          ...given,
          ...variables({ var: _vars, varFile: _files, reset: _reset }),
          ...(confirm && { confirm }),
        }),
      ),
    );
}

const EXAMPLES = `
Examples:
  quickturn canary --auto-approve                                     this checkout's code: 10 %, then all of it
  quickturn canary --steps 10,50,100 --interval 15m --deadline 2h     in three steps
  quickturn canary --var memory_size=2048                             a setting instead of code: whatever makes a new version
  quickturn canary --resume --auto-approve                            go on, from any machine: the state remembers
  quickturn canary --abort --auto-approve                             take it back; also weights that were set by hand`;
