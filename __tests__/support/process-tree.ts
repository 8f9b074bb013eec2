import { execFileSync } from "node:child_process";
import { sendSignal } from "../../scripts/kit/process";

/** Ids of a process and of everything that it has started, in other process groups too; its own id is the first. */
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
 * Kills a process and everything that it has started, without a chance to clean up, as the death of a machine does. The
 * process is stopped first, so that it starts nothing while its tree is read.
 * @param pid of a process that the caller has started
 */
export function killTree(pid: number): void {
  if (!sendSignal(pid, "SIGSTOP")) return;
  for (const one of processTree(pid)) sendSignal(one, "SIGKILL");
}
