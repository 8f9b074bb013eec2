import type { Message } from "./terraform-messages";

/** One thing that terraform does to a resource; a replacement is two of them. */
export interface Operation {
  readonly address: string;
  readonly action: "create" | "update" | "delete";
}

/** How far an apply is. */
export interface ApplyProgress {
  /** Number of operations that were planned. */
  readonly total: number;
  readonly done: readonly Operation[];
  /** In the order that they began, with the seconds that terraform says they have taken so far. */
  readonly running: readonly (Operation & { readonly seconds: number })[];
  /** Begun and not done, such as what an interrupt cut short. */
  readonly failed: readonly Operation[];
}

export const NOTHING_APPLIED: ApplyProgress = { total: 0, done: [], running: [], failed: [] };

const OPERATIONS: Readonly<Record<string, number>> = { create: 1, update: 1, delete: 1, replace: 2 };

/** The progress after one more of terraform's messages. */
export function heardMessage(progress: ApplyProgress, { type, change, hook }: Message): ApplyProgress {
  if (type === "planned_change" && change)
    return { ...progress, total: progress.total + (OPERATIONS[change.action] ?? 0) };
  // Data are read during an apply too.
  if (!type.startsWith("apply_") || !hook || !["create", "update", "delete"].includes(hook.action)) return progress;
  const operation = { address: hook.resource.addr, action: hook.action as Operation["action"] };
  const isSame = (other: Operation) => other.address === operation.address && other.action === operation.action;
  const others = progress.running.filter((other) => !isSame(other));
  if (type === "apply_complete") return { ...progress, running: others, done: [...progress.done, operation] };
  if (type === "apply_errored") return { ...progress, running: others, failed: [...progress.failed, operation] };
  const seconds = hook.elapsed_seconds ?? 0;
  if (type === "apply_start") return { ...progress, running: [...others, { ...operation, seconds }] };
  return { ...progress, running: progress.running.map((other) => (isSame(other) ? { ...other, seconds } : other)) };
}

/** `23 of 67, aws_cloudfront_distribution.x 1 m 20 s`: how many are done, and what has been running longest. */
export function progressText({ done, total, running }: ApplyProgress): string {
  const longest = running.reduce<ApplyProgress["running"][number] | undefined>(
    (first, other) => (first && first.seconds >= other.seconds ? first : other),
    undefined,
  );
  const count = `${done.length} of ${total}`;
  return longest === undefined
    ? count
    : `${count}, ${longest.address}${longest.seconds === 0 ? "" : ` ${duration(longest.seconds)}`}`;
}

const PAST = { create: "added", update: "changed", delete: "destroyed" } as const;

/** `3 added, 1 changed, 0 destroyed`, counted as terraform does. */
export function countDone({ done }: ApplyProgress): string {
  return (["create", "update", "delete"] as const)
    .map((wanted) => `${done.filter(({ action }) => action === wanted).length} ${PAST[wanted]}`)
    .join(", ");
}

function duration(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
}
