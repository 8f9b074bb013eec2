import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { FunctionEnvironment } from "../local";
import { median } from "../judges/statistics/median";

const SAMPLE_MS = 1_000;

/** Samples of a process that are needed to say anything of its growth. */
const MIN_SAMPLES = 9;

/** Resident memory of a process over its life, in MiB. */
export interface MemoryTrend {
  readonly functionName: string;
  readonly pid: number;
  readonly samples: number;
  /** Median of the first third. */
  readonly firstMiB: number;
  /** Median of the last third. */
  readonly lastMiB: number;
}

/** Samples the environments' memory until the signal. Those that died early are left out. */
export async function watchMemory(
  environments: () => readonly FunctionEnvironment[],
  signal: AbortSignal,
): Promise<MemoryTrend[]> {
  const samples = new Map<number, { functionName: string; values: number[] }>();
  while (!signal.aborted) {
    for (const { pid, functionName } of environments()) {
      const value = residentMiB(pid);
      if (value === undefined) continue;
      const entry = samples.get(pid) ?? { functionName, values: [] };
      samples.set(pid, entry);
      entry.values.push(value);
    }
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
  return [...samples].flatMap(([pid, { functionName, values }]) => {
    if (values.length < MIN_SAMPLES) return [];
    const third = Math.floor(values.length / 3);
    return [
      {
        functionName,
        pid,
        samples: values.length,
        firstMiB: median(values.slice(0, third)),
        lastMiB: median(values.slice(-third)),
      },
    ];
  });
}

/** Undefined where the system does not tell, or the process is gone. */
function residentMiB(pid: number): number | undefined {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? undefined : Number(match[1]) / 1024;
  } catch {
    return undefined;
  }
}
