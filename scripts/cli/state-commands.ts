import { Option, type Command } from "commander";
import { STACK_NAMES, type StackName } from "../../stacks/outputs";
import type { StackOptions } from "../commands/prepared-terraform";
import { duration } from "./options";
import type { Shell } from "./shell";

/** What keeps the state in order. */
export function addStateCommands(root: Command, { perform, confirm }: Shell): void {
  root
    .command("unlock")
    .description("free the state's lock of a run that is dead; says first whose it is")
    .argument("<id>", "the lock, as the run that was refused named it")
    .addOption(stackOption())
    .option("--auto-approve", "do not ask", false)
    .action((id: string, given: { stack: StackName; autoApprove: boolean }) =>
      perform(async (context) =>
        (await import("../commands/unlock")).unlock(context, { id, ...given, ...(confirm && { confirm }) }),
      ),
    );
}

/** Adds `--stack`. */
export function withStack(command: Command): Command {
  return command.addOption(stackOption());
}

/** Adds `--lock-timeout`, for what takes the lock of the state. */
export function withLockTimeout(command: Command): Command {
  return command.option(
    "--lock-timeout <duration>",
    "how long to wait for a lock that another run holds, such as 10m; default: fail at once",
    duration,
  );
}

/** What {@link withStack} or {@link withLockTimeout} was given, as commands take it. */
export function stackOf({ stack, lockTimeout }: StackOptions): StackOptions {
  return { ...(stack && { stack }), ...(lockTimeout && { lockTimeout }) };
}

const stackOption = () =>
  new Option("--stack <name>", "the stack to work on").choices([...STACK_NAMES]).default(STACK_NAMES[0]);
