import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { UsageError, EXIT_CODES } from "../kit/context";

/**
 * Names the lines of the sources in a stack trace, instead of those of the built program. The maps beside the program
 * are read only now, because Node would read every map at every start.
 * @param root folder that the sources are named from
 */
function sourceTrace(stack: string, root: string): string {
  return stack.replaceAll(
    /(file:\/\/[^\s():]+\.mjs):(\d+):(\d+)/g,
    (built: string, ...[file = "", line, column]: string[]) => {
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
  /** `usage`: what the person gave; `failed`: the work did not succeed; `crash`: a defect of the program. */
  readonly kind: "usage" | "failed" | "crash";
  readonly message: string;
  readonly exitCode: number;
}

/** Says whether the person, the world or the program is the reason of an error that ended a command. */
export function classifyFailure(error: unknown): Failure {
  if (error instanceof CommanderError) return { kind: "usage", message: usageText(error), exitCode: EXIT_CODES.usage };
  if (error instanceof UsageError) return { kind: "usage", message: error.message, exitCode: EXIT_CODES.usage };
  return isDefect(error)
    ? describeCrash(error)
    : { kind: "failed", message: (error as Error).message, exitCode: EXIT_CODES.fail };
}

/** Describes an error that nothing has caught: a defect, whatever its class. */
export function describeCrash(error: unknown): Failure {
  return { kind: "crash", message: error instanceof Error ? error.message : String(error), exitCode: EXIT_CODES.crash };
}

/** JavaScript's own errors are defects, unless they have a cause: fetch throws a TypeError where the network fails. */
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
