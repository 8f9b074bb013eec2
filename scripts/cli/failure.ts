import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { UsageError, EXIT_CODES } from "../kit/context";

/**
 * A stack trace that names the lines of the sources instead of those of the built program, by the maps beside it. Node
 * would read every map at every start; so they are read when something has gone wrong.
 * @param root folder that the sources are named from
 */
function sourceTrace(stack: string, root: string): string {
  return stack.replaceAll(
    /(file:\/\/[^\s():]+\.mjs):(\d+):(\d+)/g,
    (built: string, file: string, line: string, column: string) => {
      const map = `${fileURLToPath(file)}.map`;
      if (!existsSync(map)) return built;
      const entry = new SourceMap(JSON.parse(readFileSync(map, "utf8")) as SourceMapPayload).findEntry(
        Number(line) - 1,
        Number(column) - 1,
      );
      return "originalSource" in entry
        ? `${relative(root, resolve(dirname(map), entry.originalSource))}:` +
            `${entry.originalLine + 1}:${entry.originalColumn + 1}`
        : built;
    },
  );
}

/**
 * Returns the stack traces of an error and of its causes, the outermost first; "" for what is no error.
 * @param root folder that the sources are named from
 */
export function traceCauses(error: unknown, root: string): string {
  if (!(error instanceof Error)) return "";
  const trace = sourceTrace(error.stack ?? error.message, root);
  const cause = traceCauses(error.cause, root);
  return cause === "" ? trace : `${trace}\nCaused by: ${cause}`;
}

/** Why a command did not do its work: what `--json` prints below `error`. */
export interface Failure {
  /** The person's to mend, the world's, or the program's. */
  readonly kind: "usage" | "failed" | "crash";
  readonly message: string;
  readonly exitCode: number;
}

/** Says of an error that ended a command whose it is. */
export function classifyFailure(error: unknown): Failure {
  if (error instanceof CommanderError) return { kind: "usage", message: usageText(error), exitCode: EXIT_CODES.usage };
  if (error instanceof UsageError) return { kind: "usage", message: error.message, exitCode: EXIT_CODES.usage };
  return isDefect(error)
    ? describeCrash(error)
    : { kind: "failed", message: (error as Error).message, exitCode: EXIT_CODES.fail };
}

/** An error that no command has caught is a defect, whatever it says. */
export function describeCrash(error: unknown): Failure {
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
