/** What a command is given. A command prints nothing and reads no environment: the CLI does both. */
export interface CommandContext {
  /** Folder of Quickturn's own sources: a clone, or an installed package. */
  readonly projectDirectory: string;
  /**
   * Folder of what belongs to the deployment: settings, local states, live files, what is synthesized. Default: that of
   * the sources, as in a clone.
   */
  readonly deploymentDirectory?: string;
  /** The environment that the command works on, as --env names it. Default: `default`. */
  readonly env?: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** Set when the person interrupts. */
  readonly signal: AbortSignal;
}

/** How a command tells what it is doing while it takes long. */
export interface Progress {
  /** Runs a step; its title is shown while it runs, with its time and result when it ends. */
  step<T>(
    title: string,
    work: (detail: (text: string) => void) => Promise<T>,
    result?: (value: T) => string,
  ): Promise<T>;
  /** Shows a paragraph as it is. */
  note(text: string): void;
}

/** What a command found. */
export interface CommandResult {
  /** One of {@link EXIT_CODES}. */
  readonly exitCode: number;
  /** For a person. */
  readonly text: string;
  /** For a program: what `--json` prints. */
  readonly json: unknown;
}

/** The person, or what they gave, is in the way, not the program: shown without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
