import { chmodSync, constants, copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeAtomically } from "./files";
import { homedir, tmpdir } from "node:os";

/** Where the parts of a damaged state are now. */
export interface RestoredState {
  /** The state's file. */
  readonly path: string;
  /** Copy of the damaged file. */
  readonly aside: string;
  /** What it was restored from; undefined where no copy can be read, so that terraform knows nothing. */
  readonly backup: string | undefined;
}

/** Milliseconds after which a run that writes the file now has certainly written it. */
const WRITING_MS = 1_000;

/**
 * Finds the file of a local state that is empty or cut, also at a second look. Terraform 1.11 empties the file before
 * it writes it, so that a kill can leave it so. A first apply has an empty file too, for seconds: ask terraform who
 * holds the lock.
 * @param directory initialized
 * @returns undefined where the state can be read, where there is none, and for other backends
 */
export async function findCutState(directory: string): Promise<string | undefined> {
  const path = localStatePath(directory);
  if (path === undefined || !isCut(path)) return undefined;
  await sleep(WRITING_MS);
  return isCut(path) ? path : undefined;
}

/**
 * Restores a local state that a kill or a full disk has cut: from the copy of the run that failed, else from the one
 * that terraform makes before the first change of a run. Terraform takes an empty file for no state, and would make
 * everything again. The cut file is kept as `.cut-1` and so on. The caller must know that nobody writes the state.
 */
export async function restoreState(directory: string): Promise<RestoredState | undefined> {
  const path = await findCutState(directory);
  if (path === undefined) return undefined;
  const aside = setAside(path);
  const copy = isWhole(`${path}.backup`) ? `${path}.backup` : undefined;
  const copied = copy === undefined ? undefined : parseStateHead(readFileSync(copy, "utf8"));
  const lineage = parseStateHead(readFileSync(aside, "utf8"))?.lineage ?? copied?.lineage;
  const backup =
    (lineage === undefined
      ? undefined
      : findKeptState(directory, { lineage, serial: copied?.lineage === lineage ? copied.serial : -1 })?.path) ?? copy;
  if (backup !== undefined) {
    writeAtomically(path, readFileSync(backup));
    chmodSync(path, 0o600);
    return { path, aside, backup };
  }
  // A cut file would fail every plan.
  rmSync(path);
  return { path, aside, backup: undefined };
}

/** Copies the file under the next free number. */
function setAside(path: string): string {
  for (let number = 1; ; number++) {
    try {
      copyFileSync(path, `${path}.cut-${number}`, constants.COPYFILE_EXCL);
      return `${path}.cut-${number}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Path of the state, as `terraform init` has noted it; undefined for another backend. */
function localStatePath(directory: string): string | undefined {
  const initialized = join(directory, ".terraform", "terraform.tfstate");
  // Without a backend there is no such file, nor is there before the first init.
  if (!existsSync(initialized)) return join(directory, "terraform.tfstate");
  const { backend } = JSON.parse(readFileSync(initialized, "utf8")) as {
    readonly backend?: { readonly type: string; readonly config: { readonly path?: string | null } };
  };
  return backend === undefined || backend.type === "local"
    ? resolve(directory, backend?.config.path ?? "terraform.tfstate")
    : undefined;
}

const isCut = (path: string): boolean => existsSync(path) && !isWhole(path);

function isWhole(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, "utf8"));
    return true;
  } catch {
    return false;
  }
}

/** What identifies a state: each deployment has a lineage, and each write a higher serial. */
interface StateHead {
  readonly lineage: string;
  readonly serial: number;
}

/** A state that terraform could not write to its backend, and that was kept in a file. */
interface KeptState extends StateHead {
  readonly path: string;
}

const NAME = "errored.tfstate";

/** Folders that are probably on another disk. */
const OTHERS = [homedir(), tmpdir()];

/** Paths of such a state. Terraform itself writes it to the stack's folder, where it can. */
const placesOf = (directory: string, lineage: string, others: readonly string[]): string[] => [
  join(directory, NAME),
  ...others.map((folder) => join(folder, `quickturn-${lineage.replaceAll(/[^\w-]/g, "")}.${NAME}`)),
];

/**
 * Writes a state to the first place that has room for it.
 * @param state of terraform's emergency dump
 * @returns undefined where no place has room
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

/** Finds the newest kept state of a lineage; undefined where none is newer than the serial. */
export function findKeptState(
  directory: string,
  { lineage, serial }: StateHead,
  others = OTHERS,
): KeptState | undefined {
  const found = placesOf(directory, lineage, others).flatMap((path) => {
    const head = headOf(path);
    return head?.lineage === lineage && head.serial > serial ? [{ path, ...head }] : [];
  });
  return found.sort((one, other) => other.serial - one.serial)[0];
}

/** Finds the state that terraform itself left in the stack's folder, because the backend did not take it. */
export const findErroredState = (directory: string): KeptState | undefined => {
  const path = join(directory, NAME);
  const head = existsSync(path) ? headOf(path) : undefined;
  return head && { path, ...head };
};

/**
 * Copies the state that terraform left in a folder because its backend did not take it.
 * @returns path of the copy; undefined where there is no such state
 */
export function copyErroredState(from: string, to: string): string | undefined {
  const [source, target] = [join(from, NAME), join(to, NAME)];
  if (!existsSync(source)) return undefined;
  copyFileSync(source, target);
  return target;
}

/** Reads the head of a state's text. A text that was cut still has it, because the head comes first. */
export function parseStateHead(text: string): StateHead | undefined {
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
    return undefined; // There is no file, or it is cut itself.
  }
}

/** Somebody else may have put a file into a folder that all may write to. */
const isOurs = (path: string): boolean => statSync(path).uid === process.getuid?.();
