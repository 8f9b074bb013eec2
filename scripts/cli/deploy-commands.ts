import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { PROFILES } from "../../stacks/settings";
import type { DestroyOptions } from "../commands/destroy";
import type { StackOptions } from "../commands/prepared-terraform";
import { duration, variables, withVariables, type VariableOptions } from "./options";
import type { Shell } from "./shell";
import { stackOf, withLockTimeout, withStack } from "./state-commands";

/** What changes what is deployed. */
export function addDeployCommands(root: Command, shell: Shell): void {
  const { perform, confirm } = shell;
  addDestroy(root, shell);
  const answer = (given: { autoApprove: boolean }) => ({ autoApprove: given.autoApprove, ...(confirm && { confirm }) });
  withLockTimeout(withStack(withVariables(root.command("plan"))))
    .description("say what an apply would change; exit code 0: nothing, 2: something, 1: failed")
    .option("--out <file>", "save the plan for `apply --plan`; it holds every value in clear")
    .action((given: VariableOptions & StackOptions & { out?: string }) =>
      perform(async (context) =>
        (await import("../commands/plan")).plan(context, {
          ...variables(given),
          ...stackOf(given),
          ...(given.out && { out: resolve(given.out) }),
        }),
      ),
    );
  withLockTimeout(withStack(withVariables(root.command("apply"))))
    .description("plan, show the plan, and apply exactly that plan")
    .option("--plan <file>", "apply what `plan --out` saved, and nothing else")
    .option("--adopt", "take over into the state what a killed apply has made and terraform does not know", false)
    .option("--auto-approve", "do not ask", false)
    .action((given: VariableOptions & StackOptions & { autoApprove: boolean; adopt: boolean; plan?: string }) =>
      perform(async (context) =>
        (await import("../commands/apply")).apply(context, {
          ...variables(given),
          ...stackOf(given),
          ...answer(given),
          adopt: given.adopt,
          ...(given.plan && { plan: resolve(given.plan) }),
        }),
      ),
    );
  withLockTimeout(withVariables(root.command("rollback")))
    .description(
      "take optimizations, a version or commits away; refuses to do anything but in-place updates; exit code 3: done, and the API cannot be asked from here",
    )
    .option(
      "--to <what>",
      `what to go back to: ${PROFILES.join(", ")}, previous (the versions that were live before), or a commit, tag or branch`,
      rollbackTarget,
      "baseline",
    )
    .option("--no-verify", "do not look afterwards whether it is so")
    .option("--allow-replace", "go on where the plan makes, replaces or deletes a resource", false)
    .option("--auto-approve", "do not ask", false)
    .action(
      (
        given: VariableOptions &
          StackOptions & { autoApprove: boolean; to: string; allowReplace: boolean; verify: boolean },
      ) =>
        perform(async (context) =>
          (await import("../commands/rollback")).rollback(context, {
            ...variables(given),
            ...stackOf(given),
            ...answer(given),
            to: given.to,
            allowReplace: given.allowReplace,
            verify: given.verify,
          }),
        ),
    );
}

function addDestroy(root: Command, { perform, ask }: Shell): void {
  root
    .command("destroy")
    .description(
      "take the deployment down: shows what is gone for good, asks for its name, and takes the guards off in the right order; once more where it was interrupted",
    )
    .option("--keep-data", "leave tables and results bucket in the account", false)
    .option("--confirm <name>", "the deployment's name, such as quickturn-dev, instead of an answer")
    .option(
      "--lock-timeout <duration>",
      "how long to wait for a lock that another run holds, such as 10m; default: fail at once",
      duration,
    )
    .action((given: Pick<DestroyOptions, "confirm" | "keepData" | "lockTimeout">) =>
      perform(async (context) =>
        (await import("../commands/destroy")).destroy(context, { ...given, ...(ask && { ask }) }),
      ),
    );
}

/** What no commit can be called is a slip: told before anything starts. */
function rollbackTarget(value: string): string {
  if (!/^[^-\s]\S*$/.test(value))
    throw new InvalidArgumentError(
      `Allowed: ${PROFILES.join(", ")}, previous, or a commit, tag or branch, such as HEAD~1.`,
    );
  return value;
}
