import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
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
    ".terraform.lock.hcl",
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

const FIREWALL = "  createFirewall(deployment, stage);\n";

/**
 * The project without the web firewall, which is off by default: its type has the largest of all schemas and costs a
 * quarter of each run of terraform. The journey and `EmulatedStack.start` apply the stack with it.
 */
export function projectWithoutFirewall(): string {
  const copy = projectCopy();
  const path = join(copy, "stacks/http-api.ts");
  const source = readFileSync(path, "utf8");
  if (!source.includes(FIREWALL)) throw new Error(`${path} does not have the line ${JSON.stringify(FIREWALL)}`);
  writeFileSync(path, source.replace(FIREWALL, ""));
  return copy;
}
