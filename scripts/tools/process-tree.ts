import { execFileSync } from "node:child_process";

/** Ids of a process and of all that it has started, those of other groups too; itself first. */
export function processTree(pid: number): readonly number[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8", maxBuffer: 1 << 24 })
    .trim()
    .split("\n");
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] => [
    parent,
    ...pairs.filter(([child, of]) => of === parent && child !== parent).flatMap(([child]) => below(child)),
  ];
  return below(pid);
}

/**
 * Ends a process and all that it has started as a machine that dies does: at once, and without a chance to put anything
 * in order. It is stopped first, so that it starts nothing while it is looked at.
 * @param pid of a process that the caller has started
 */
export function killTree(pid: number): void {
  if (!sendSignal(pid, "SIGSTOP")) return;
  for (const one of processTree(pid)) sendSignal(one, "SIGKILL");
}

/** Whether a process of this id is there; another user's counts. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** @param pid of a process, or of a group as a negative number @returns false where it has ended meanwhile */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
