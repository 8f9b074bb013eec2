import { describeLock, type StateLock } from "../kit/state-lock";
import { EXIT_CODES, UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { prepareTerraform, type StackOptions } from "../kit/prepared-terraform";

interface UnlockOptions extends Pick<StackOptions, "stack"> {
  /** The lock, as the error of the refused run named it. */
  readonly id: string;
  /** Free it without a question. */
  readonly autoApprove: boolean;
  /** Asks the person; undefined where there is no terminal to ask at. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** Frees the lock of a run that is dead. Says first who holds it, and frees only the lock that was named. */
export async function unlock(
  context: CommandContext,
  { id, autoApprove, confirm, ...stack }: UnlockOptions,
): Promise<CommandResult> {
  if (!autoApprove && !confirm)
    throw new UsageError(
      "There is no terminal to ask at. Make sure that the run that holds the lock is dead, " +
        "then run `quickturn unlock <id> --auto-approve`.",
    );
  const terraform = await prepareTerraform(context, stack, "leave");
  const held = await context.progress.step("Ask who holds the lock", () => terraform.lock());
  if (held === undefined)
    return {
      exitCode: EXIT_CODES.fail,
      text: "Nobody holds a lock that could be freed. A state on this machine is free as soon as its run has ended.",
      json: { unlocked: false },
    };
  refuseOtherLock(held, id);
  context.progress.note(describeLock(held));
  if (!autoApprove && !(await confirm?.("Is that run dead? Two runs at once destroy the state. Free its lock?"))) {
    return { exitCode: EXIT_CODES.fail, text: "The lock stays.", json: { unlocked: false, lock: held } };
  }
  await context.progress.step("Free the lock", () => terraform.unlock(id));
  return {
    exitCode: EXIT_CODES.pass,
    text:
      `Freed the lock of ${held.who}, ${held.operation}, since ${held.created}.\n` +
      "Its run may have stopped half-way: `quickturn plan` says what is left to do.",
    json: { unlocked: true, lock: held },
  };
}

/** The lock that the person saw may be gone, and a running command may hold a new one. */
function refuseOtherLock(held: StateLock, id: string): void {
  if (held.id === id) return;
  throw new UsageError(
    `The lock is not ${id} but another:\n${describeLock(held)}\n` +
      `Wait for that run; where it is dead: quickturn unlock ${held.id}`,
  );
}
