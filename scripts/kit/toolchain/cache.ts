import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../context";
import { isRunning } from "../process";

const POLL_MS = 200;
/** Written last: a folder without it was left by a run that was killed. */
const COMPLETE = ".complete";

export const isInstalled = (folder: string): boolean => existsSync(join(folder, COMPLETE));

export interface InstallOptions {
  /** Fills the folder, which is empty. */
  readonly fill: (folder: string) => Promise<void>;
  /** Told when another run fills it meanwhile. */
  readonly detail?: (text: string) => void;
  readonly signal?: AbortSignal;
}

const DISK_ERRORS = ["EACCES", "EDQUOT", "ENOSPC", "ENOTDIR", "EPERM", "EROFS"];

/** Whether the disk takes no more, or nothing at all. */
export const isOfDisk = (error: unknown): boolean => DISK_ERRORS.includes((error as NodeJS.ErrnoException).code ?? "");

/**
 * Fills a folder of the cache once, however many runs ask for it at the same time: the others wait for the first one,
 * and go on themselves where that dies.
 * @throws UsageError where the disk takes nothing
 */
export async function installOnce(folder: string, options: InstallOptions): Promise<void> {
  try {
    await install(folder, options);
  } catch (error) {
    if (!isOfDisk(error)) throw error;
    throw new UsageError(
      `The cache cannot be written: ${(error as Error).message}. Give it a folder that is yours and has room: ` +
        "QUICKTURN_CACHE=<folder>.",
      { cause: error },
    );
  }
}

async function install(folder: string, { fill, detail, signal }: InstallOptions): Promise<void> {
  const lock = `${folder}.lock`;
  mkdirSync(join(folder, ".."), { recursive: true });
  while (!isInstalled(folder)) {
    if (!takeLock(lock)) {
      detail?.("another run fetches it");
      await sleep(POLL_MS, undefined, { signal });
      continue;
    }
    try {
      if (isInstalled(folder)) return;
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      await fill(folder);
      writeFileSync(join(folder, COMPLETE), "");
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** Writes this process's id to a file that nobody has; takes it from a process that is dead. */
function takeLock(lock: string): boolean {
  const mine = String(process.pid);
  try {
    writeFileSync(lock, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const owner = readLock(lock);
  if (owner === undefined || owner === mine || isRunning(Number(owner))) return false;
  // Only one of those who see the dead owner can rename its lock.
  const stale = `${lock}.${mine}`;
  try {
    renameSync(lock, stale);
    rmSync(stale, { force: true });
  } catch {
    // Another run was faster.
  }
  return false;
}

/** @returns undefined where it is gone, or not yet written */
function readLock(lock: string): string | undefined {
  try {
    return readFileSync(lock, "utf8") || undefined;
  } catch {
    return undefined;
  }
}
