import { chmodSync, existsSync, statfsSync } from "node:fs";
import { UsageError, type Progress } from "./context";
import { findCutState, findErroredState, parseStateHead, restoreState, type RestoredState } from "./local-state";
import { StateLocked } from "./state-lock";
import type { Terraform } from "./terraform";

/**
 * What to do with a local state that a kill has cut. Commands that change the deployment restore it, commands that only
 * look at it refuse to work, and `unlock` leaves it alone.
 */
export type CutState = "restore" | "refuse" | "leave";

/** Bytes that must be free: a state is written again and again, and terraform cannot take back what it has made. */
const ROOM_BYTES = 8 << 20;

/** Makes a local state and its backup readable for their owner alone: they hold every value in clear. */
export function protectState(path: string): void {
  for (const file of [path, `${path}.backup`]) if (existsSync(file)) chmodSync(file, 0o600);
}

/**
 * Looks at the state before `terraform init`.
 * @throws UsageError where the disk is full, or the state is cut and is not to be restored
 * @throws StateLocked where another run is writing the state
 */
export async function checkStateBeforeInit(terraform: Terraform, cut: CutState, progress: Progress): Promise<void> {
  if (cut === "restore") refuseWithoutRoom(terraform.directory);
  if (cut !== "leave") await settleCutState(terraform, cut, progress);
}

function refuseWithoutRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes < ROOM_BYTES)
    throw new UsageError(
      `There is room for ${Math.floor(freeBytes / 1024)} KiB where ${directory} is; an apply takes ` +
        `${ROOM_BYTES >> 20} MiB, so that its state is written whole. Nothing was changed.`,
    );
}

async function settleCutState(terraform: Terraform, cut: "restore" | "refuse", progress: Progress): Promise<void> {
  if ((await findCutState(terraform.directory)) === undefined) return;
  const writer = await terraform.writer();
  if (writer !== undefined) throw new StateLocked(writer);
  // A run that was writing the state may have ended meanwhile.
  const path = await findCutState(terraform.directory);
  if (path === undefined) return;
  if (cut === "refuse")
    throw new UsageError(
      `The state ${path} is cut: terraform was killed while it wrote it, or the disk was full. Nothing was changed. ` +
        "quickturn apply --adopt puts the newest whole copy back, and takes over what is missing in it.",
    );
  const restored = await restoreState(terraform.directory);
  if (restored !== undefined) progress.note(restoredText(restored));
}

function restoredText({ path, aside, backup }: RestoredState): string {
  const now =
    backup === undefined
      ? "there is no copy of it, so that terraform knows nothing"
      : `it is now ${backup}, the newest that is whole`;
  return (
    `The state ${path} was cut in the middle: terraform was killed while it wrote it, or the disk was full; ${now}. ` +
    `What was left is ${aside}. What is missing in it, quickturn apply --adopt takes over.`
  );
}

/**
 * Refuses to work where an earlier run left a newer state in the folder than its backend has: going on would make the
 * same resources twice.
 */
export async function refuseUnpushedState(terraform: Terraform): Promise<void> {
  const left = findErroredState(terraform.directory);
  if (left === undefined) return;
  const present = parseStateHead(await terraform.pull());
  if (present === undefined || (present.lineage === left.lineage && present.serial < left.serial))
    throw new UsageError(
      `${left.path} has a newer state (serial ${left.serial}) than the backend (${present?.serial ?? "none"}), ` +
        "which did not take it at the end of an earlier run. Nothing was changed. " +
        `Push it: terraform -chdir=${terraform.directory} state push ${left.path}`,
    );
}
