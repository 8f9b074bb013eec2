import { readFileSync } from "node:fs";
import { setInterval } from "node:timers";

/**
 * Milliseconds between two looks: the system keeps the peak itself, so only what comes after the last look is missed.
 */
const LOOK_MS = 100;

/**
 * Watches the most memory that a process has had.
 * @returns what ends the watch and gives the peak of resident memory in MiB; undefined where the system does not tell
 */
export function watchPeakMemory(pid: number): () => number | undefined {
  let peak = peakMiB(pid);
  const timer = setInterval(() => (peak = peakMiB(pid) ?? peak), LOOK_MS);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** As Linux counts it; undefined elsewhere, and where the process is gone. */
function peakMiB(pid: number): number | undefined {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? undefined : Number(match[1]) / 1024;
  } catch {
    return undefined;
  }
}
