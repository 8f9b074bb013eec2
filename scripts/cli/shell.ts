import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import type { CommandContext, CommandResult } from "../kit/context";

/** What the command line gives to each group of commands. */
export interface Shell {
  /** Runs a command, shows what it found, and sets the exit code. */
  readonly perform: (command: (context: CommandContext) => Promise<CommandResult>) => Promise<void>;
  /** Whether a person types the standard input. */
  readonly isTerminal: boolean;
  /** Asks the person; undefined where nobody can answer. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Asks the person for a text; undefined where nobody can answer. */
  readonly ask?: (question: string) => Promise<string>;
}

/** What {@link withVariables} adds, under the names of the command line. */
interface VariableOptions {
  readonly var: readonly string[];
  readonly varFile: readonly string[];
}

/** Options of a command that takes settings, under the names of the command line. */
export type Given<Options> = Omit<Options, "vars" | "varFiles"> & VariableOptions;

/** Adds `--var`, `--var-file` and `--reset`. */
export function withVariables(command: Command): Command {
  return command
    .option("--var <name=value>", "value of a setting; may be repeated", collect, [])
    .option("--var-file <path>", "tfvars file; may be repeated", collect, [])
    .option("--reset <setting>", "take back what was given by hand before; may be repeated", collect, []);
}

/** Names the options as commands do, and makes the paths of var-files absolute. */
export function planInput<T extends VariableOptions>({ var: vars, varFile, ...others }: T) {
  return { ...others, vars, varFiles: varFile.map((file) => resolve(file)) };
}

/** The absolute path, where one was given. */
export const absolute = (path: string | undefined): string | undefined => (path ? resolve(path) : undefined);

/** Collects the values of an option that may be repeated. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** Makes a parser of whole numbers within limits. */
export function parseCount(minimum: number, maximum: number): (value: string) => number {
  return (value) => {
    const count = Number(value);
    if (!/^\d+$/.test(value) || count < minimum || count > maximum)
      throw new InvalidArgumentError(`Allowed: a whole number from ${minimum} to ${maximum}.`);
    return count;
  };
}

/** Makes a parser of seconds, which need not be whole. */
export function parseSeconds(maximum: number): (value: string) => number {
  return (value) => {
    const seconds = Number(value);
    if (!/^\d+(\.\d+)?$/.test(value) || seconds <= 0 || seconds > maximum)
      throw new InvalidArgumentError(`Allowed: seconds above 0, up to ${maximum}.`);
    return seconds;
  };
}

/** Checks a duration as Terraform takes it, such as `90s`, `10m` or `1h`. */
export function parseDuration(value: string): string {
  if (!/^[1-9]\d{0,4}[smh]$/.test(value))
    throw new InvalidArgumentError("Allowed: a whole number of s, m or h, such as 10m.");
  return value;
}
