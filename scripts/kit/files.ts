import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isRunning } from "./process";
import { zipSync, type Zippable } from "fflate";
import { UsageError } from "./context";

/**
 * Reads a JSON file that a person names.
 * @param what names the file in the message
 * @throws UsageError where it cannot be read or is no JSON
 */
export function readJson(path: string, what: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (cause) {
    throw new UsageError(
      `The ${what} ${path} cannot be read: ${(cause as Error).message}. Give the path of a JSON file`,
      { cause },
    );
  }
}

/** Writes a file so that a reader sees the old content or the new one, never a part. */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** The user's umask before {@link writePrivately}. */
let usualUmask: number | undefined;

/** From now on only this user can read what the process and its programs write, except for {@link writeReport}. */
export function writePrivately(): void {
  const before = process.umask(0o077);
  usualUmask ??= before;
}

/**
 * Writes a report as {@link writeAtomically} does, with the user's own umask. A report holds no secret, so that a
 * colleague or a later job may read it.
 * @throws UsageError where the path that a person gave cannot be written
 */
export function writeReport(path: string, content: string | Uint8Array): void {
  try {
    withUsualUmask(() => writeAtomically(path, content));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new UsageError(`${path} cannot be written (${reason}); allowed: a path where you may write.`, { cause });
  }
}

/** Makes a folder hold exactly these files, as reports. */
export function writeFolder(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  withUsualUmask(() => {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeAtomically(join(folder, name), content);
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

/** Milliseconds after which a file of a missing process may be deleted. The process may live in another container. */
const DEAD_MS = 60 * 60 * 1_000;

const NAME = /^run-(\d+)-/;
const mine = new Set<string>();

/**
 * Names a file that only this process writes and reads, such as a plan: another command may work in the same folder.
 * The file is deleted when the process ends, and those of killed processes by the next one.
 * @returns the same name for the same file, each time
 */
export function ownFile(directory: string, name: string): string {
  const own = `run-${process.pid}-${name}`;
  if (mine.size === 0) process.once("exit", () => mine.forEach((path) => rmSync(path, { force: true })));
  if (!mine.has(join(directory, own))) removeDead(directory);
  mine.add(join(directory, own));
  return own;
}

function removeDead(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(NAME.exec(name)?.[1] ?? process.pid);
    const path = join(directory, name);
    if (!isRunning(pid) && Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > DEAD_MS)
      rmSync(path, { force: true });
  }
}

/** A zip stores local time, so this is 1980-01-01 00:00 in every zone. */
const EPOCH = new Date(1980, 0, 1);
const UNIX = 3;
/** -rw-r--r--, in the upper half of the attributes, as in Unix zip files. */
const REGULAR_FILE = 0o100644 << 16;

/** Makes a zip whose bytes depend on its files alone: sorted names, one time, one mode, and a deflate in JavaScript. */
export function deterministicZip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries: Zippable = {};
  for (const name of Object.keys(files).sort()) {
    const content = files[name];
    if (content) entries[name] = [content, { level: 9, mtime: EPOCH, os: UNIX, attrs: REGULAR_FILE }];
  }
  return zipSync(entries);
}
