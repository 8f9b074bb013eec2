import { chmodSync, constants, copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { headIn, keptState } from "./errored-state";
import { writeWhole } from "./files";

/** What became of a state that cannot be read. */
export interface RestoredState {
  /** The state's file. */
  readonly path: string;
  /** Where the cut one is kept. */
  readonly aside: string;
  /** What it was restored from; undefined where there is nothing that can be read: then terraform knows nothing. */
  readonly backup: string | undefined;
}

/** Milliseconds in which a run that is writing the file now has long written it. */
const WRITING_MS = 1_000;

/**
 * The file of a local state that is empty or cut, also at a second look: terraform 1.11 empties the file and then
 * writes it, so that a kill can leave it so. For its first seconds the first apply of all has an empty one too: ask
 * terraform who holds the lock. Other backends write whole objects.
 * @param directory initialized
 * @returns undefined where the state can be read, or there is none
 */
export async function cutState(directory: string): Promise<string | undefined> {
  const path = localStatePath(directory);
  if (path === undefined || !isCut(path)) return undefined;
  await sleep(WRITING_MS);
  return isCut(path) ? path : undefined;
}

/**
 * Puts the newest whole one back where a kill or a full disk has left a local state cut: what the run that failed kept
 * of it, else the copy that terraform makes before the first change of a run. Terraform itself takes an empty file for
 * no state, and would make everything again. What was cut is kept beside it, as `.cut-1` and so on. Only for who knows
 * that nobody writes the state.
 */
export async function restoreState(directory: string): Promise<RestoredState | undefined> {
  const path = await cutState(directory);
  if (path === undefined) return undefined;
  const aside = setAside(path);
  const copy = isWhole(`${path}.backup`) ? `${path}.backup` : undefined;
  const copied = copy === undefined ? undefined : headIn(readFileSync(copy, "utf8"));
  const lineage = headIn(readFileSync(aside, "utf8"))?.lineage ?? copied?.lineage;
  const backup =
    (lineage === undefined
      ? undefined
      : keptState(directory, { lineage, serial: copied?.lineage === lineage ? copied.serial : -1 })?.path) ?? copy;
  if (backup !== undefined) {
    writeWhole(path, readFileSync(backup));
    chmodSync(path, 0o600);
    return { path, aside, backup };
  }
  // One that is cut would fail every plan.
  rmSync(path);
  return { path, aside, backup: undefined };
}

/** A copy under the next free number. */
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

/** As `terraform init` has written it down; undefined for another backend. */
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

/** Why nothing is planned against a state that a kill has cut. */
export function cutText(path: string): string {
  return `The state ${path} is cut: terraform was killed while it wrote it, or the disk was full. Nothing was changed. quickturn apply --adopt puts the newest whole copy back, and takes over what is missing in it.`;
}

/** What became of a state that a kill has cut. */
export function restoredText({ path, aside, backup }: RestoredState): string {
  const now =
    backup === undefined
      ? "there is no copy of it, so that terraform knows nothing"
      : `it is now ${backup}, the newest that is whole`;
  return `The state ${path} was cut in the middle: terraform was killed while it wrote it, or the disk was full; ${now}. What was left is ${aside}. What is missing in it, quickturn apply --adopt takes over.`;
}
