import { chmodSync, existsSync, readFileSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeWhole } from "./files";

/** What became of a state that cannot be read. */
export interface RestoredState {
  /** The state's file. */
  readonly path: string;
  /** The copy that it was restored from; undefined where there is none that can be read: then terraform knows nothing. */
  readonly backup: string | undefined;
}

/** Milliseconds in which a run that is writing the file now has long written it. */
const WRITING_MS = 1_000;

/**
 * Puts the last copy back where a kill has left a local state empty or cut: terraform 1.11 empties the file and then writes
 * it, and makes the copy beside it before the first change of a run. Terraform itself takes an empty file for no state, and would
 * make everything again. Other backends write whole objects.
 * What was cut is kept beside it, as `.cut`.
 * @param directory initialized; where it is not, nothing is done
 * @returns undefined where the state can be read, or there is none
 */
export async function restoreState(directory: string): Promise<RestoredState | undefined> {
  const path = localStatePath(directory);
  if (path === undefined || !isCut(path)) return undefined;
  await sleep(WRITING_MS);
  if (!isCut(path)) return undefined;
  // One that is cut would fail every plan.
  renameSync(path, `${path}.cut`);
  const backup = `${path}.backup`;
  if (!isWhole(backup)) return { path, backup: undefined };
  writeWhole(path, readFileSync(backup));
  chmodSync(path, 0o600);
  return { path, backup };
}

/** As `terraform init` has written it down; undefined for another backend. */
function localStatePath(directory: string): string | undefined {
  const initialized = join(directory, ".terraform", "terraform.tfstate");
  // Without a backend there is no such file, nor is there before the first init.
  if (!existsSync(initialized)) return join(directory, "terraform.tfstate");
  const { backend } = JSON.parse(readFileSync(initialized, "utf8")) as { readonly backend?: { readonly type: string; readonly config: { readonly path?: string | null } } };
  return backend === undefined || backend.type === "local" ? resolve(directory, backend?.config.path ?? "terraform.tfstate") : undefined;
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
