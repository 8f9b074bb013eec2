import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Writes a file so that a reader sees the old content or the new one, never a part: two commands may run side by side.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** What the user's umask was before {@link writePrivately}. */
let usualUmask: number | undefined;

/** From now on, what this process and its programs write is for this user's eyes only, but for {@link writeReport}. */
export function writePrivately(): void {
  const before = process.umask(0o077);
  usualUmask ??= before;
}

/**
 * Writes, as {@link writeWhole} does, what holds no secret and no value in clear: a colleague or a later job may read
 * it, as the user's umask says.
 */
export function writeReport(path: string, content: string | Uint8Array): void {
  withUsualUmask(() => writeWhole(path, content));
}

/** Makes a folder hold exactly these files, which are reports. */
export function writeFolder(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  withUsualUmask(() => {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeWhole(join(folder, name), content);
  });
  const surplus = readdirSync(folder).filter((name) => !(name in files) && !name.endsWith(".tmp"));
  for (const name of surplus) rmSync(join(folder, name), { force: true });
}

function withUsualUmask(write: () => void): void {
  if (usualUmask === undefined) return write();
  const privately = process.umask(usualUmask);
  try {
    write();
  } finally {
    process.umask(privately);
  }
}
