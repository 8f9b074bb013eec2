import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeWhole } from "./files";

/** What became of a state that cannot be read. */
export interface RestoredState {
  /** The state's file. */
  readonly path: string;
  /** The copy that it was restored from; undefined where there is none that can be read: then terraform knows nothing. */
  readonly backup: string | undefined;
}

/**
 * Puts the last copy back where a kill has left a local state empty or cut: terraform 1.11 empties the file and then writes
 * it, and makes the copy beside it before the first change of a run. Terraform itself takes an empty file for no state, and would
 * make everything again. Other backends write whole objects.
 * @param directory initialized
 * @returns undefined where the state can be read, or there is none
 */
export function restoreState(directory: string): RestoredState | undefined {
  const path = localStatePath(directory);
  if (path === undefined || !existsSync(path) || isWhole(path)) return undefined;
  const backup = `${path}.backup`;
  if (!isWhole(backup)) {
    // One that is cut would fail every plan.
    rmSync(path);
    return { path, backup: undefined };
  }
  writeWhole(path, readFileSync(backup));
  chmodSync(path, 0o600);
  return { path, backup };
}

/** As `terraform init` has written it down; undefined for another backend. */
function localStatePath(directory: string): string | undefined {
  const initialized = join(directory, ".terraform", "terraform.tfstate");
  if (!existsSync(initialized)) return join(directory, "terraform.tfstate");
  const { backend } = JSON.parse(readFileSync(initialized, "utf8")) as { readonly backend?: { readonly type: string; readonly config: { readonly path?: string | null } } };
  return backend === undefined || backend.type === "local" ? resolve(directory, backend?.config.path ?? "terraform.tfstate") : undefined;
}

function isWhole(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, "utf8"));
    return true;
  } catch {
    return false;
  }
}
