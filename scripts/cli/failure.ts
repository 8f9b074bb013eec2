import { CommanderError } from "commander";
import { UsageError } from "../commands/context";
import { EXIT_CODES } from "../commands/exit-codes";

/** Why a command did not do its work: what `--json` prints below `error`. */
export interface Failure {
  /** The person's to mend, the world's, or the program's. */
  readonly kind: "usage" | "failed" | "crash";
  readonly message: string;
  readonly exitCode: number;
}

/** Says of an error that ended a command whose it is. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return { kind: "usage", message: usageText(error), exitCode: EXIT_CODES.usage };
  if (error instanceof UsageError) return { kind: "usage", message: error.message, exitCode: EXIT_CODES.usage };
  return isDefect(error)
    ? crashOf(error)
    : { kind: "failed", message: (error as Error).message, exitCode: EXIT_CODES.fail };
}

/** An error that no command has caught is a defect, whatever it says. */
export function crashOf(error: unknown): Failure {
  return { kind: "crash", message: error instanceof Error ? error.message : String(error), exitCode: EXIT_CODES.crash };
}

/**
 * Errors of the language are the program's own, but for those with a cause: fetch throws a TypeError where the network
 * fails.
 */
function isDefect(error: unknown): boolean {
  return (
    !(error instanceof Error) ||
    ([TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind) &&
      error.cause === undefined)
  );
}

/** Commander's help for a call without a command has no sentence. */
function usageText({ code, message }: CommanderError): string {
  return code === "commander.help"
    ? "A command or its input is missing; allowed: what the help shows."
    : message.replace(/^error: /, "");
}
