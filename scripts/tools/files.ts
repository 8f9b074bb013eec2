import { renameSync, writeFileSync } from "node:fs";

/** Writes a file so that a reader sees the old content or the new one, never a part: two commands may run side by side. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}
