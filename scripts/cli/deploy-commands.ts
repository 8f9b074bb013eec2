import { InvalidArgumentError, type Command, Option } from "commander";
import { STACK_NAMES, type StackName } from "../../stacks/contract/outputs";
import { PROFILES } from "../../stacks/contract/settings";
import type { SavedPlanOptions } from "../deploy/apply";
import type { CanaryOptions } from "../deploy/canary";
import type { DestroyOptions } from "../deploy/destroy";
import type { PlanOptions } from "../deploy/plan";
import type { RollbackOptions } from "../deploy/rollback";
import { absolute, collect, parseDuration, planInput, withVariables, type Given, type Shell } from "./shell";

/** Adds the commands that change the deployment. */
export function addDeployCommands(root: Command, shell: Shell): void {
  const { perform, confirm } = shell;
  withLockTimeout(withStack(withVariables(root.command("plan"))))
    .description("say what an apply would change; exit code 0: nothing, 2: something, 1: failed")
    .option("--out <file>", "save the plan for `apply --plan`; it holds every value in clear")
    .action((given: Given<PlanOptions>) =>
      perform(async (context) =>
        (await import("../deploy/plan")).plan(context, { ...planInput(given), out: absolute(given.out) }),
      ),
    );
  withLockTimeout(withStack(withVariables(root.command("apply"))))
    .description("plan, show the plan, and apply exactly that plan")
    .option("--plan <file>", "apply what `plan --out` saved, and nothing else")
    .option("--adopt", "take over into the state what a killed apply has made and terraform does not know", false)
    .option("--auto-approve", "do not ask", false)
    .action((given: Given<SavedPlanOptions>) =>
      perform(async (context) =>
        (await import("../deploy/apply")).apply(context, {
          ...planInput(given),
          confirm,
          plan: absolute(given.plan),
        }),
      ),
    );
  withLockTimeout(withVariables(root.command("rollback")))
    .description(
      "take optimizations, a version or commits away; refuses to do anything but in-place updates; exit code 3: " +
        "done, and the API cannot be asked from here",
    )
    .option(
      "--to <what>",
      `what to go back to: ${PROFILES.join(", ")}, previous (the versions that were live before), or a commit, ` +
        "tag or branch",
      rollbackTarget,
      "baseline",
    )
    .option("--no-verify", "do not look afterwards whether it is so")
    .option("--allow-replace", "go on where the plan makes, replaces or deletes a resource", false)
    .option("--auto-approve", "do not ask", false)
    .action((given: Given<RollbackOptions>) =>
      perform(async (context) =>
        (await import("../deploy/rollback")).rollback(context, { ...planInput(given), confirm }),
      ),
    );
  addDestroy(root, shell);
}

function addDestroy(root: Command, { perform, ask }: Shell): void {
  withLockTimeout(root.command("destroy"))
    .description(
      "take the deployment down: shows what is gone for good, asks for its name, and takes the guards off in the " +
        "right order; once more where it was interrupted",
    )
    .option("--keep-data", "leave tables and results bucket in the account", false)
    .option("--confirm <name>", "the deployment's name, such as quickturn-dev, instead of an answer")
    .action((given: Pick<DestroyOptions, "confirm" | "keepData" | "lockTimeout">) =>
      perform(async (context) => (await import("../deploy/destroy")).destroy(context, { ...given, ask })),
    );
}

/** Refuses a text that cannot be the name of a commit, before anything starts. */
function rollbackTarget(value: string): string {
  if (!/^[^-\s]\S*$/.test(value))
    throw new InvalidArgumentError(
      `Allowed: ${PROFILES.join(", ")}, previous, or a commit, tag or branch, such as HEAD~1.`,
    );
  return value;
}

/** Adds `canary`, which makes a new version live step by step, or takes it back by itself. */
export function addCanaryCommand(root: Command, { perform, confirm }: Shell): void {
  withLockTimeout(withVariables(root.command("canary")))
    .description(
      "give a new version a share of the traffic, watch it, and go on or roll back; exit code 0: promoted, 1: " +
        "failed and rolled back, 3: not decided in time",
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
    .action((given: Given<CanaryOptions>) =>
      perform(async (context) => (await import("../deploy/canary")).canary(context, { ...planInput(given), confirm })),
    );
}

const EXAMPLES = `
Examples:
  quickturn canary --auto-approve                    this code: 10 %, all
  quickturn canary --steps 10,50,100 --interval 15m  in three steps
  quickturn canary --var memory_size=2048            a setting instead of code
  quickturn canary --resume --auto-approve           go on, from any machine
  quickturn canary --abort --auto-approve            take it back`;

/** Adds `unlock`, which frees the lock of the state. */
export function addStateCommands(root: Command, { perform, confirm }: Shell): void {
  root
    .command("unlock")
    .description("free the state's lock of a run that is dead; says first whose it is")
    .argument("<id>", "the lock, as the run that was refused named it")
    .addOption(stackOption())
    .option("--auto-approve", "do not ask", false)
    .action((id: string, given: { stack: StackName; autoApprove: boolean }) =>
      perform(async (context) => (await import("../deploy/unlock")).unlock(context, { id, ...given, confirm })),
    );
}

/** Adds `--stack`. */
export function withStack(command: Command): Command {
  return command.addOption(stackOption());
}

/** Adds `--lock-timeout`, for commands that take the lock of the state. */
function withLockTimeout(command: Command): Command {
  return command.option(
    "--lock-timeout <duration>",
    "how long to wait for a lock that another run holds, such as 10m; default: fail at once",
    parseDuration,
  );
}

const stackOption = () =>
  new Option("--stack <name>", "the stack to work on").choices([...STACK_NAMES]).default(STACK_NAMES[0]);
