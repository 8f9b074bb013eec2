import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../kit/files";
import { isRunning, sendSignal } from "../kit/process";

const RECORD = "run.json";

/** The process that a work folder belongs to. */
interface RunRecord {
  readonly pid: number;
  /** Its start in the kernel's ticks; null where there is no /proc. */
  readonly began: string | null;
  /** The namespace of its id; null where there is no /proc. */
  readonly namespace: string | null;
  /** Whether the folder is to stay when the run has ended. */
  readonly keep: boolean;
}

/** Records that this process owns a work folder, so that a later run can clean up if this one is killed. */
export function recordRun(folder: string, keep: boolean): void {
  const record: RunRecord = { pid: process.pid, began: readStart(process.pid), namespace: readNamespace(), keep };
  writeAtomically(join(folder, RECORD), JSON.stringify(record));
}

/** Removes the record of a folder that is kept after its run. */
export const forgetRun = (folder: string): void => rmSync(join(folder, RECORD), { force: true });

/**
 * Ends the processes that killed runs of this user have left, and deletes their folders. A process belongs to a run if
 * the run's folder is its home, or if it is a function whose code is in that folder.
 * @param parent folder with the runs' folders
 * @param prefix begin of their names
 * @returns a message about each run that was found
 */
export function removeDeadRuns(parent: string, prefix: string): string[] {
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => {
      const folder = join(parent, name);
      const record = readRecord(folder);
      if (record === undefined || isAlive(record)) return [];
      if (record.began === null || readNamespace() === null)
        return [
          `A run that is dead has left ${folder}. This system does not tell which processes are its own: ` +
            "end its moto_server and terraform-provider-aws, and delete the folder.",
        ];
      const processes = findProcesses(folder);
      for (const pid of processes) sendSignal(pid, "SIGKILL");
      if (record.keep) forgetRun(folder);
      else rmSync(folder, { recursive: true, force: true });
      const left = processes.length === 0 ? "" : ` and ${processes.length} processes`;
      const outcome = record.keep ? "they are ended, and the folder is kept" : "cleaned up";
      return [`A run that was killed had left ${folder}${left}: ${outcome}.`];
    });
}

/** Undefined for folders of other users and for those without a record. */
function readRecord(folder: string): RunRecord | undefined {
  const path = join(folder, RECORD);
  try {
    return statSync(path).uid === process.getuid?.()
      ? (JSON.parse(readFileSync(path, "utf8")) as RunRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A run in another container counts as alive, because the same id is another process there. */
function isAlive({ pid, began, namespace: place }: RunRecord): boolean {
  if (place !== readNamespace()) return true;
  if (began !== null) return readStart(pid) === began;
  return isRunning(pid);
}

function findProcesses(folder: string): number[] {
  const isOwn = (variable: string) =>
    variable === `HOME=${folder}` || variable.startsWith(`LAMBDA_TASK_ROOT=${folder}/`);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readIfThere(`/proc/${pid}/environ`)?.split("\0").some(isOwn));
}

/** Field 22 of the process's stat, counted from after its name, which may contain spaces (proc_pid_stat(5)). */
function readStart(pid: number): string | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function readNamespace(): string | null {
  return existsSync("/proc/self/ns/pid") ? readlinkSync("/proc/self/ns/pid") : null;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // The process has ended meanwhile, or belongs to another user.
  }
}
