import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../kit/files";
import { isRunning, sendSignal } from "../kit/process";

const RECORD = "run.json";

/** Whose a work folder is. */
interface RunRecord {
  readonly pid: number;
  /** When it began, in the kernel's ticks, and in which namespace its id counts; null where there is no /proc. */
  readonly began: string | null;
  readonly namespace: string | null;
  /** Whether the folder is to stay when the run has ended. */
  readonly keep: boolean;
}

/** Writes down whose a work folder is, so that a later run can clean up after one that was killed. */
export function recordRun(folder: string, keep: boolean): void {
  const record: RunRecord = { pid: process.pid, began: beganAt(process.pid), namespace: namespace(), keep };
  writeAtomically(join(folder, RECORD), JSON.stringify(record));
}

/** For a folder that stays after its run has ended in order. */
export const forgetRun = (folder: string): void => rmSync(join(folder, RECORD), { force: true });

/**
 * Ends what runs of this user that are dead have left running, and deletes their folders. A process is a dead run's own
 * where its home is that run's folder, which the run made for itself, or where it is a function whose code lies there.
 * @param parent folder of the runs' folders @param prefix of their names
 * @returns a line for a person about each run that was found
 */
export function removeDeadRuns(parent: string, prefix: string): string[] {
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => {
      const folder = join(parent, name);
      const record = readRecord(folder);
      if (record === undefined || isAlive(record)) return [];
      if (record.began === null || namespace() === null)
        return [
          `A run that is dead has left ${folder}. This system does not tell which processes are its own: end its moto_server and terraform-provider-aws, and delete the folder.`,
        ];
      const processes = processesOf(folder);
      for (const pid of processes) sendSignal(pid, "SIGKILL");
      if (record.keep) forgetRun(folder);
      else rmSync(folder, { recursive: true, force: true });
      return [
        `A run that was killed had left ${folder}${processes.length === 0 ? "" : ` and ${processes.length} processes`}: ${record.keep ? "they are ended, and the folder is kept" : "cleaned up"}.`,
      ];
    });
}

/** Folders of others, and those that a run of another kind has made, have no record for us. */
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

/** In another container the same id is another process: such a run is taken for alive. */
function isAlive({ pid, began, namespace: place }: RunRecord): boolean {
  if (place !== namespace()) return true;
  if (began !== null) return beganAt(pid) === began;
  return isRunning(pid);
}

function processesOf(folder: string): number[] {
  const isOwn = (variable: string) =>
    variable === `HOME=${folder}` || variable.startsWith(`LAMBDA_TASK_ROOT=${folder}/`);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => read(`/proc/${pid}/environ`)?.split("\0").some(isOwn));
}

/** Field 22 of its stat, counted behind the name, which may hold anything (proc_pid_stat(5)). */
function beganAt(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function namespace(): string | null {
  return existsSync("/proc/self/ns/pid") ? readlinkSync("/proc/self/ns/pid") : null;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // It has ended meanwhile, or is another user's.
  }
}
