import type { CommandContext, CommandResult } from "../commands/context";

/** What the groups of commands are given by the command line. */
export interface Shell {
  /** Runs a command, shows what it found, and sets the exit code. */
  readonly perform: (command: (context: CommandContext) => Promise<CommandResult>) => Promise<void>;
  /** Whether a person types the standard input. */
  readonly isTerminal: boolean;
  /** Asks the person; undefined where nobody can answer. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
  /** Asks the person for a text; undefined where nobody can answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}
