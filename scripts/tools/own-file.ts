import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "./process-tree";

/**
 * Milliseconds after which a file of a process that is not there is nobody's: in another container the same id may be
 * alive.
 */
const DEAD_MS = 60 * 60 * 1_000;

const NAME = /^run-(\d+)-/;
const mine = new Set<string>();

/**
 * The name of a file that this process alone writes and reads, in a folder where another command may be at work: else
 * the plan that one person looks at is another's by the time it is applied. It holds values in clear, and goes with the
 * process; what killed ones have left goes with the next.
 * @returns the same name for the same file, each time
 */
export function ownFile(directory: string, name: string): string {
  const own = `run-${process.pid}-${name}`;
  if (mine.size === 0) process.once("exit", () => mine.forEach((path) => rmSync(path, { force: true })));
  if (!mine.has(join(directory, own))) removeDead(directory);
  mine.add(join(directory, own));
  return own;
}

function removeDead(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(NAME.exec(name)?.[1] ?? process.pid);
    const path = join(directory, name);
    if (!isRunning(pid) && Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > DEAD_MS)
      rmSync(path, { force: true });
  }
}
