import type { ChildProcess } from "node:child_process";
import { sendSignal } from "./process-tree";

interface Started {
  readonly program: string;
  /** Helpers, such as the emulator, are ended by who started them: what runs in the meantime needs them. */
  readonly isHelper: boolean;
}

const running = new Map<ChildProcess, Started>();

/** Remembers a program that was started in a process group of its own (`detached`) for as long as it runs. */
export function rememberProgram(child: ChildProcess, program: string, { isHelper = false } = {}): void {
  running.set(child, { program, isHelper });
  for (const event of ["error", "exit"]) child.once(event, () => running.delete(child));
}

/** Names of the programs that run now, without helpers. */
export const runningPrograms = (): string[] =>
  [...running.values()].filter(({ isHelper }) => !isHelper).map(({ program }) => program);

/** Sends each program that runs now, without helpers, a SIGINT. */
export function interruptPrograms(): void {
  for (const [child, { isHelper }] of running) if (!isHelper) child.kill("SIGINT");
}

/** Kills every program that runs now, helpers too, with all that it has started. */
export function killPrograms(): void {
  for (const { pid } of running.keys()) if (pid !== undefined) sendSignal(-pid, "SIGKILL");
}
