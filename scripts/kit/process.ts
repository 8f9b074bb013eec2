import { type ChildProcess, spawn } from "node:child_process";

interface Started {
  readonly program: string;
  /** A helper, such as the emulator, is ended by its starter, because other programs need it until then. */
  readonly isHelper: boolean;
}

const running = new Map<ChildProcess, Started>();

/** Remembers a running program that has a process group of its own (`detached`). */
export function rememberProgram(child: ChildProcess, program: string, { isHelper = false } = {}): void {
  running.set(child, { program, isHelper });
  for (const event of ["error", "exit"]) child.once(event, () => running.delete(child));
}

/** Lists the names of the running programs, without helpers. */
export const runningPrograms = (): string[] =>
  [...running.values()].filter(({ isHelper }) => !isHelper).map(({ program }) => program);

/** Sends a SIGINT to each running program, except for helpers. */
export function interruptPrograms(): void {
  for (const [child, { isHelper }] of running) if (!isHelper) child.kill("SIGINT");
}

/** Kills all running programs and helpers, with everything that they have started. */
export function killPrograms(): void {
  for (const { pid } of running.keys()) if (pid !== undefined) sendSignal(-pid, "SIGKILL");
}

/** Whether a process with this id exists, also one of another user. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * @param pid of a process, or of a group as a negative number
 * @returns false where it has ended meanwhile
 */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Signals on which a command ends in order: Ctrl-C, a request to end, a terminal that was closed. */
export type EndingSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

const NAMES: Readonly<Record<EndingSignal, string>> = {
  SIGINT: "Interrupted",
  SIGTERM: "Asked to end (SIGTERM)",
  SIGHUP: "The terminal was closed (SIGHUP)",
};

/** A signal has ended the work. The commands' abort signal has this error as its reason. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";

  constructor(
    readonly by: EndingSignal,
    options?: ErrorOptions & { readonly message?: string },
  ) {
    super(options?.message ?? `${NAMES[by]}.`, options);
  }
}

export interface RunOptions {
  readonly cwd: string;
  /** The whole environment of the program; nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  /** Called with each line that the program prints. Default: nothing is called. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are no failure. Default: 0 alone. */
  readonly acceptedCodes?: readonly number[];
  /** Called with the process's id when it has started. */
  readonly onStart?: (pid: number) => void;
  /**
   * Interrupts the program once, as Ctrl-C does, and waits until it ends by itself. Once aborted, no program starts.
   */
  readonly signal?: AbortSignal;
  /** Kills the program and everything that it started, without any clean-up. */
  readonly kill?: AbortSignal;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program ended with a code that is a failure. */
export class ProgramFailed extends Error {
  constructor(
    readonly program: string,
    readonly result: RunResult,
  ) {
    super(
      `${program} ended with code ${result.code}:\n${(result.stderr.trim() || result.stdout.trim()).slice(-4_000)}`,
    );
    this.name = "ProgramFailed";
  }

  get output(): string {
    return `${this.result.stdout}\n${this.result.stderr}`;
  }
}

/**
 * Runs a program to its end. Arguments are passed as they are, never through a shell.
 * @throws ProgramFailed where it ends with a code that is not accepted
 * @throws Interrupted instead, where that is the signal's reason; its cause is then the {@link ProgramFailed}
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { cwd, env, onLine, acceptedCodes = [0], signal, kill } = options;
  signal?.throwIfAborted();
  // In a process group of its own a terminal's Ctrl-C does not reach the program beside our own interrupt: terraform
  // takes a second one as "stop at once", which loses state.
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  rememberProgram(child, program);
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const interrupt = () => child.kill("SIGINT");
  signal?.addEventListener("abort", interrupt, { once: true });
  const die = () => void (child.pid !== undefined && sendSignal(-child.pid, "SIGKILL"));
  kill?.addEventListener("abort", die, { once: true });
  if (kill?.aborted) die();
  const [stdout, stderr] = [collect(child.stdout, onLine), collect(child.stderr, onLine)];
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", (cause) =>
        reject(
          new Error(
            `${program} cannot be started: ${cause.message}. Run \`quickturn doctor\` to see what is missing.`,
            { cause },
          ),
        ),
      );
      child.once("close", (exitCode, killedBy) => resolve(exitCode ?? (killedBy ? 128 : 1)));
    });
    const result = { code, stdout: stdout(), stderr: stderr() };
    if (acceptedCodes.includes(code)) return result;
    const failed = new ProgramFailed(`${program} ${args[0] ?? ""}`.trim(), result);
    const reason: unknown = signal?.reason;
    throw reason instanceof Interrupted ? new Interrupted(reason.by, { cause: failed }) : failed;
  } finally {
    signal?.removeEventListener("abort", interrupt);
    kill?.removeEventListener("abort", die);
  }
}

/** Milliseconds that a program has to end by itself. */
const GRACE_MS = 5_000;

/** Asks a program to end by its own signal for that, kills it where it does not end, and waits until it is gone. */
export async function endProgram(child: ChildProcess, exited: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const kill = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await exited;
  clearTimeout(kill);
}

/** Collects a stream as text, and calls `onLine` with each whole line as it comes. */
function collect(stream: NodeJS.ReadableStream, onLine?: (line: string) => void): () => string {
  let text = "";
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text += chunk;
    if (!onLine) return;
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  });
  return () => text;
}
