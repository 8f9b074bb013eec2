import type { Command } from "commander";
import { PROFILES } from "../../stacks/settings";
import { apply } from "../commands/apply";
import { plan } from "../commands/plan";
import { rollback } from "../commands/rollback";
import { profileName, variables, withVariables, type VariableOptions } from "./options";
import type { Shell } from "./shell";

/** What changes what is deployed. */
export function addDeployCommands(root: Command, { perform, confirm }: Shell): void {
  const answer = (given: { autoApprove: boolean }) => ({ autoApprove: given.autoApprove, ...(confirm && { confirm }) });
  withVariables(root.command("plan"))
    .description("say what an apply would change; exit code 0: nothing, 2: something, 1: failed")
    .action((given: VariableOptions) => perform((context) => plan(context, variables(given))));
  withVariables(root.command("apply"))
    .description("plan, show the plan, and apply exactly that plan")
    .option("--auto-approve", "do not ask", false)
    .action((given: VariableOptions & { autoApprove: boolean }) => perform((context) => apply(context, { ...variables(given), ...answer(given) })));
  withVariables(root.command("rollback"))
    .description("take optimizations away by variables; refuses to do anything but in-place updates")
    .option("--to <profile>", `profile to go back to: ${PROFILES.join(", ")}`, profileName, "baseline")
    .option("--allow-replace", "go on where the plan makes, replaces or deletes a resource", false)
    .option("--auto-approve", "do not ask", false)
    .action((given: VariableOptions & { autoApprove: boolean; to: string; allowReplace: boolean }) =>
      perform((context) => rollback(context, { ...variables(given), ...answer(given), to: given.to, allowReplace: given.allowReplace })),
    );
}
