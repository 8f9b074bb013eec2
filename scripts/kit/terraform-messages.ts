/** What terraform says it will do to a resource. */
export interface PlannedChange {
  readonly address: string;
  readonly type: string;
  readonly action: "create" | "update" | "replace" | "delete";
}

/** One thing that terraform could not do, or warns of. */
export interface Failure {
  /** Such as `aws_iam_role.api_role`; undefined where it is no resource's. */
  readonly address?: string;
  /** One line, which for a resource holds what AWS answered. */
  readonly summary: string;
  /** The rest; often "". */
  readonly detail: string;
}

/** Terraform did not do all that it was to do; what it did stands in the state. */
export class TerraformFailed extends Error {
  override readonly name = "TerraformFailed";

  constructor(
    readonly failures: readonly Failure[],
    options: ErrorOptions,
  ) {
    super(failures.map(failureText).join("\n\n"), options);
  }
}

/** One line of terraform's machine-readable output (Terraform documentation, "Machine-Readable UI"). */
export interface Message {
  readonly "@message"?: string;
  readonly type: string;
  readonly change?: {
    readonly resource: { readonly addr: string; readonly resource_type: string };
    readonly action: PlannedChange["action"];
  };
  readonly hook?: {
    readonly resource: { readonly addr: string };
    readonly action: string;
    readonly elapsed_seconds?: number;
  };
  /** Of terraform's emergency dump. */
  readonly state?: { readonly lineage: string; readonly serial: number };
  readonly diagnostic?: {
    readonly severity: string;
    readonly summary: string;
    readonly detail: string;
    readonly address?: string;
  };
}

/** What the plan was to change, from the whole output of `terraform apply -json`. */
export function plannedChanges(output: string): PlannedChange[] {
  return messages(output).flatMap(({ type, change }) =>
    type === "planned_change" && change
      ? [{ address: change.resource.addr, type: change.resource.resource_type, action: change.action }]
      : [],
  );
}

/** The errors, in terraform's order, from the whole output of a command with `-json`. */
export const failures = (output: string): Failure[] => diagnostics(output, "error");

/** The warnings, likewise. */
export const warnings = (output: string): Failure[] => diagnostics(output, "warning");

function diagnostics(output: string, wanted: "error" | "warning"): Failure[] {
  return messages(output).flatMap(({ diagnostic }) => {
    if (diagnostic?.severity !== wanted) return [];
    const { summary, detail, address } = diagnostic;
    return [{ summary, detail, address }];
  });
}

/** The state that terraform could write nowhere, and so printed. */
export const dumpedState = (output: string): Message["state"] =>
  messages(output).find(({ state }) => state !== undefined)?.state;

/** A warning for a person, without that word. Of a check of the stack's own the sentence alone says all. */
export function warningText(warning: Failure): string {
  return failureText(
    warning.summary === "Check block assertion failed" ? { summary: warning.detail, detail: "" } : warning,
  );
}

/**
 * The variable that a file gives and no configuration declares, of such a warning; `more` where terraform, after the
 * second one, names no further.
 */
export function undeclaredVariable({
  summary,
  detail,
}: Failure): { readonly name: string; readonly file: string } | "more" | undefined {
  if (summary === "Values for undeclared variables") return "more";
  const [, name, file] =
    (summary === "Value for undeclared variable" &&
      /variable named "([^"]+)" but a value was found in file "([^"]+)"/.exec(detail)) ||
    [];
  return name === undefined || file === undefined ? undefined : { name, file };
}

/** What a line says to a person; a line that is no message is what it is. */
export function messageText(line: string): string {
  return messageIn(line)?.["@message"] ?? line;
}

function failureText({ address, summary, detail }: Failure): string {
  return [summary, detail, address === undefined ? "" : `  with ${address}`].filter(Boolean).join("\n");
}

function messages(output: string): Message[] {
  return output.split("\n").flatMap((line) => messageIn(line) ?? []);
}

/** The message of a line. A line may be none, or be cut: whoever wrote it was killed. */
export function messageIn(line: string): Message | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

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
export function addMessage(progress: ApplyProgress, { type, change, hook }: Message): ApplyProgress {
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
