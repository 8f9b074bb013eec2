import { fork, type ChildProcess } from "node:child_process";
import type { ProbeAnswer, ProbeCommand } from "./wake-probe";

const live = new Set<ChildProcess>();
let watching = false;

/** A probe in a process of its own, which can be frozen. */
export class WakeProcess {
  private readonly child: ChildProcess;
  private errors = "";

  /** @param file the probe's bundle  @param nodePath the Node to run it */
  constructor(file: string, nodePath: string) {
    this.child = fork(file, [], {
      execPath: nodePath,
      execArgv: [],
      env: {},
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.child.stderr?.on("data", (chunk: Buffer) => (this.errors += chunk.toString()));
    live.add(this.child);
    this.child.once("exit", () => live.delete(this.child));
    if (!watching) process.once("exit", killAll);
    watching = true;
  }

  /**
   * Gives a command and waits for its answer: undefined where there is none within `limitMs`. Rejects where the process
   * is gone.
   */
  async perform(command: ProbeCommand, limitMs: number): Promise<ProbeAnswer | undefined> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(limit);
        child.off("message", answered).off("exit", gone);
        end();
      };
      const answered = (answer: unknown) => settle(() => resolve(answer as ProbeAnswer));
      const gone = () =>
        settle(() =>
          reject(
            new Error(`The probe ended early (${child.signalCode ?? child.exitCode}): ${this.errors.slice(-2_000)}`),
          ),
        );
      const limit = setTimeout(() => settle(() => resolve(undefined)), limitMs);
      child.once("message", answered).once("exit", gone);
      if (child.exitCode !== null || child.signalCode !== null) gone();
      else child.send(command);
    });
  }

  /** As Lambda does between invocations: nothing runs, timers and sockets included. */
  freeze(): void {
    this.child.kill("SIGSTOP");
  }

  thaw(): void {
    this.child.kill("SIGCONT");
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}

/** A frozen process would outlive us for ever: whichever way we end, it ends first. */
function killAll(): void {
  for (const child of live) child.kill("SIGKILL");
}
