import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes a file so that a reader sees the old content or the new one, never a part: two commands may run side by side. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** Makes a folder hold exactly these files. */
export function writeFolder(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeWhole(join(folder, name), content);
  const surplus = readdirSync(folder).filter((name) => !(name in files) && !name.endsWith(".tmp"));
  for (const name of surplus) rmSync(join(folder, name), { force: true });
}
