import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./stack-json";
import { temporaryFolder } from "./temporary-folder";

/** The project in another folder, with what was built of it and the installed packages linked: a second clone. */
export function projectCopy(): string {
  const copy = join(temporaryFolder("clone"), "another-name");
  for (const name of [
    "stacks",
    "modules",
    "handlers",
    "scripts",
    "cdktf.json",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "README.md",
    "docs",
    "dist",
  ])
    cpSync(join(PROJECT, name), join(copy, name), { recursive: true });
  symlinkSync(join(PROJECT, "node_modules"), join(copy, "node_modules"));
  return copy;
}
