import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** A state as far as it is told apart by it: each write has a higher serial, and each deployment a lineage. */
interface StateHead {
  readonly lineage: string;
  readonly serial: number;
}

/** A state that terraform could write nowhere, and that stands in a file of ours. */
export interface KeptState extends StateHead {
  readonly path: string;
}

const NAME = "errored.tfstate";

/** Folders that are likely on another disk. */
const OTHERS = [homedir(), tmpdir()];

/** Where such a state may stand: in the stack's folder terraform writes it itself, where it can. */
const placesOf = (directory: string, lineage: string, others: readonly string[]): string[] => [
  join(directory, NAME),
  ...others.map((folder) => join(folder, `quickturn-${lineage.replaceAll(/[^\w-]/g, "")}.${NAME}`)),
];

/**
 * Writes a state to the first place that has room for it.
 * @param state as terraform's emergency dump has it
 * @returns undefined where there is none
 */
export function keepState(directory: string, state: StateHead, others = OTHERS): KeptState | undefined {
  for (const path of placesOf(directory, state.lineage, others)) {
    try {
      if (existsSync(path) && !isOurs(path)) continue;
      writeFileSync(path, JSON.stringify(state), { mode: 0o600, flush: true });
      return { path, lineage: state.lineage, serial: state.serial };
    } catch {
      // No room, or no permission: the next place.
    }
  }
  return undefined;
}

/** The newest state of a lineage that was kept; undefined where there is none that is newer than a serial. */
export function keptState(directory: string, { lineage, serial }: StateHead, others = OTHERS): KeptState | undefined {
  const found = placesOf(directory, lineage, others).flatMap((path) => {
    const head = headOf(path);
    return head?.lineage === lineage && head.serial > serial ? [{ path, ...head }] : [];
  });
  return found.sort((one, other) => other.serial - one.serial)[0];
}

/** What terraform itself has left in the stack's folder, because the backend did not take it. */
export const stateLeftBy = (directory: string): KeptState | undefined => {
  const path = join(directory, NAME);
  const head = existsSync(path) ? headOf(path) : undefined;
  return head && { path, ...head };
};

/** Of a file that may be cut: its head comes first. */
export function headIn(text: string): StateHead | undefined {
  const [, serial] = /"serial":\s*(\d+)/.exec(text) ?? [];
  const [, lineage] = /"lineage":\s*"([^"]+)"/.exec(text) ?? [];
  return serial === undefined || lineage === undefined ? undefined : { serial: Number(serial), lineage };
}

function headOf(path: string): StateHead | undefined {
  try {
    if (!isOurs(path)) return undefined;
    const { lineage, serial } = JSON.parse(readFileSync(path, "utf8")) as Partial<StateHead>;
    return lineage !== undefined && serial !== undefined ? { lineage, serial } : undefined;
  } catch {
    return undefined; // None, or one that was cut itself.
  }
}

/** In a folder that all may write to somebody else may have put one. */
const isOurs = (path: string): boolean => statSync(path).uid === process.getuid?.();
