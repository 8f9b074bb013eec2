import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What names types: configurations, their tests, and states. */
const FILES = /\.(tf|tf\.json|tftest\.hcl|tfstate)$/;

/**
 * Every name below folders that could be a type of the AWS provider's; what lies in `.terraform` is left out. Folders
 * that are not there name none.
 */
export function typesInUse(folders: readonly string[]): ReadonlySet<string> {
  return new Set(folders.flatMap(textsBelow).flatMap((text) => text.match(/\baws_[a-z0-9_]+/g) ?? []));
}

function textsBelow(folder: string): string[] {
  return entries(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === ".terraform" || entry.name === "node_modules" ? [] : textsBelow(path);
    return FILES.test(entry.name) ? [textOf(path)] : [];
  });
}

/** Runs of terraform come and go, and their files with them. */
function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
