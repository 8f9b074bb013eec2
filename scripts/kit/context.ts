import pc from "picocolors";

/** Everything that a command gets from outside. It prints nothing and reads no environment itself: the CLI does. */
export interface CommandContext {
  /** Folder of Quickturn's own sources: a clone, or an installed package. */
  readonly projectDirectory: string;
  /**
   * Folder of the deployment's own files: settings, local states, live files, synthesized stacks. Default: the folder
   * of the sources, as in a clone.
   */
  readonly deploymentDirectory?: string;
  /** The environment that the command works on, as --env names it. Default: `default`. */
  readonly env?: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
}

/** Tells a person what a command is doing. */
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

/** What a command found; `Json` is the shape of what `--json` prints. */
export interface CommandResult<Json extends object = object> {
  /** One of {@link EXIT_CODES}. */
  readonly exitCode: number;
  /** For a person. */
  readonly text: string;
  /** For a program: what `--json` prints. */
  readonly json: Json;
}

/** The person can mend this error, by what they give or by what is there. It is shown without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * How commands end. A pipeline goes on at 0, rolls back at 1, waits or asks a person at 3. 64 and 70 are those of
 * sysexits.h (BSD).
 */
export const EXIT_CODES = {
  pass: 0,
  fail: 1,
  changes: 2,
  error: 2,
  inconclusive: 3,
  usage: 64,
  crash: 70,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** The meaning of each code, for `--help` and the README. */
export const EXIT_CODE_ROWS: readonly (readonly [number, string])[] = [
  [EXIT_CODES.pass, "done: the answer is yes, or nothing would change"],
  [EXIT_CODES.fail, "fail: the answer is no, or a step of the work failed"],
  [EXIT_CODES.changes, "plan, drift and synth --diff: something changes; verify and audit: it could not be judged"],
  [
    EXIT_CODES.inconclusive,
    "verify, tune and canary: there is too little evidence to decide; rollback: done, and the API cannot be " +
      "asked from here",
  ],
  [EXIT_CODES.usage, "usage: refused, because what was given, or what is there, does not allow it"],
  [EXIT_CODES.crash, "crash: a defect of quickturn; it prints a stack"],
  [EXIT_CODES.hungUp, "interrupted by SIGHUP: the terminal was closed"],
  [EXIT_CODES.interrupted, "interrupted by SIGINT: Ctrl-C"],
  [EXIT_CODES.terminated, "interrupted by SIGTERM"],
];

/** Milliseconds between two lines of a step's details where there is no terminal. */
const BETWEEN_DETAILS_MS = 30_000;

/**
 * Shows steps on a stream. At a terminal: a spinner with the step's last detail. Elsewhere: a line where a step begins
 * and ends, and its details at most each 30 s.
 */
export function progressOn(stream: NodeJS.WriteStream, nowMs = () => performance.now()): Progress {
  const show = stream.isTTY ? spinning(stream) : plain(stream, nowMs);
  return {
    async step(title, work, result) {
      const started = nowMs();
      const seconds = () => `${((nowMs() - started) / 1_000).toFixed(1)} s`;
      const line = show(title);
      let isRunning = true;
      try {
        const value = await work((detail) =>
          isRunning ? line.detail(`${title} ${pc.dim(detail.slice(0, 100))}`) : undefined,
        );
        line.end(pc.green("✔"), `${title}  ${pc.dim(seconds())}${result ? `  ${result(value)}` : ""}`);
        return value;
      } catch (error) {
        line.end(pc.red("✘"), `${title}  ${pc.dim(seconds())}`);
        throw error;
      } finally {
        isRunning = false;
      }
    },
    note: (text) => void stream.write(`${stream.isTTY ? CLEAR_LINE : ""}\n${text}\n\n`),
  };
}

/** Nothing is shown: for `--json`. */
export const SILENT: Progress = {
  step: (_title, work) => work(() => undefined),
  note: () => undefined,
};

interface Line {
  detail(text: string): void;
  end(mark: string, text: string): void;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;
const CLEAR_LINE = "\r\x1b[2K";
/** Makes the terminal cut a line that is too long, instead of wrapping it. */
const cutAtEdge = (text: string): string => `\x1b[?7l${text}\x1b[?7h`;

/** Draws a spinner. The libraries for it end the process at a signal, before the work has ended in order. */
function spinning(stream: NodeJS.WriteStream): (title: string) => Line {
  return (title) => {
    let [text, frame] = [title, 0];
    const draw = () =>
      void stream.write(`${CLEAR_LINE}${cutAtEdge(`${pc.yellow(FRAMES[frame++ % FRAMES.length])} ${text}`)}`);
    const timer = setInterval(draw, FRAME_MS);
    draw();
    return {
      detail: (detail) => (text = detail),
      end: (mark, last) => {
        clearInterval(timer);
        stream.write(`${CLEAR_LINE}${mark} ${last}\n`);
      },
    };
  };
}

function plain(stream: NodeJS.WriteStream, nowMs: () => number): (title: string) => Line {
  return (title) => {
    const write = (mark: string, text: string) => void stream.write(`${mark} ${text}\n`);
    let lastMs = nowMs();
    write(pc.dim("…"), title);
    return {
      detail: (text) => {
        if (nowMs() - lastMs < BETWEEN_DETAILS_MS) return;
        lastMs = nowMs();
        write(pc.dim("…"), text);
      },
      end: write,
    };
  };
}
