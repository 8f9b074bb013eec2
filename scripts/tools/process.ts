import { spawn, type ChildProcess } from "node:child_process";
import { Interrupted } from "./interrupted";
import { sendSignal } from "./process-tree";
import { rememberProgram } from "./started-programs";

export interface RunOptions {
  readonly cwd: string;
  /** The whole environment of the program; nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  /** Called for each line that the program prints. Default: none is. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are no failure. Default: 0 alone. */
  readonly acceptedCodes?: readonly number[];
  /** Given the process's id when it has started. */
  readonly onStart?: (pid: number) => void;
  /**
   * Interrupts the program once, as Ctrl-C does, and waits for it to end by itself. Once it is aborted no program is
   * started.
   */
  readonly signal?: AbortSignal;
  /** Kills the program and all that it started, at once, without a chance to put anything in order. */
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
}

/**
 * Runs a program to its end. Arguments are passed as they are, never through a shell.
 * @throws Interrupted where that is the signal's reason and the program has not started, or has not done its work; its
 * cause is then the {@link ProgramFailed}
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { cwd, env, onLine, acceptedCodes = [0], signal, kill } = options;
  signal?.throwIfAborted();
  // A group of its own: a terminal's Ctrl-C would otherwise reach it beside our own interrupt, and terraform
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

/**
 * Asks a program that was started to end, by the signal it takes for that, kills it where it does not, and waits until
 * it is gone.
 */
export async function end(child: ChildProcess, exited: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const kill = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await exited;
  clearTimeout(kill);
}

/** Gathers a stream as text and hands on its whole lines as they come. */
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
