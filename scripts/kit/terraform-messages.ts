import type { ResourceChange } from "./plan-changes";

/** A change that terraform announces. */
export type PlannedChange = Pick<ResourceChange, "address" | "type" | "action">;

/** An error or a warning of terraform. */
export interface Failure {
  /** Such as `aws_iam_role.api_role`; undefined where it concerns no resource. */
  readonly address?: string;
  /** One line; for a resource it contains AWS's answer. */
  readonly summary: string;
  /** The rest; often "". */
  readonly detail: string;
}

/** Terraform did only a part of its work; the state knows of that part. */
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
  /** Only in terraform's emergency dump. */
  readonly state?: { readonly lineage: string; readonly serial: number };
  readonly diagnostic?: {
    readonly severity: string;
    readonly summary: string;
    readonly detail: string;
    readonly address?: string;
  };
}

/** Reads the plan's changes from the whole output of `terraform apply -json`. */
export function plannedChanges(output: string): PlannedChange[] {
  return messages(output).flatMap(({ type, change }) =>
    type === "planned_change" && change
      ? [{ address: change.resource.addr, type: change.resource.resource_type, action: change.action }]
      : [],
  );
}

/** Reads the errors, in terraform's order, from the whole output of a command with `-json`. */
export const failures = (output: string): Failure[] => diagnostics(output, "error");

/** Reads the warnings in the same way. */
export const warnings = (output: string): Failure[] => diagnostics(output, "warning");

function diagnostics(output: string, wanted: "error" | "warning"): Failure[] {
  return messages(output).flatMap(({ diagnostic }) => {
    if (diagnostic?.severity !== wanted) return [];
    const { summary, detail, address } = diagnostic;
    return [{ summary, detail, address }];
  });
}

/** Finds the state that terraform printed because it could write it nowhere. */
export const dumpedState = (output: string): Message["state"] =>
  messages(output).find(({ state }) => state !== undefined)?.state;

/** Writes a warning for a person. Of a check block only its own sentence is shown. */
export function warningText(warning: Failure): string {
  return failureText(
    warning.summary === "Check block assertion failed" ? { summary: warning.detail, detail: "" } : warning,
  );
}

/** Whether it is a warning that a file gives a variable which the configuration does not declare. */
export const isUndeclared = ({ summary }: Failure): boolean => /^Values? for undeclared variables?$/.test(summary);

/** Returns the sentence of a message, and any other line as it is. */
export function messageText(line: string): string {
  return messageIn(line)?.["@message"] ?? line;
}

function failureText({ address, summary, detail }: Failure): string {
  if (summary === "No valid credential sources found")
    return (
      "There are no AWS credentials that Terraform could use. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and " +
      "AWS_SECRET_ACCESS_KEY, or sign in, as with aws sso login. quickturn local needs none.\n" +
      `The AWS provider says: ${/^Error: (.+)$/m.exec(detail)?.[1] ?? detail}`
    );
  return [summary, detail, address === undefined ? "" : `  with ${address}`].filter(Boolean).join("\n");
}

function messages(output: string): Message[] {
  return output.split("\n").flatMap((line) => messageIn(line) ?? []);
}

/** Parses a line; undefined where it is no message, or was cut because terraform was killed. */
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

/** The progress of an apply. */
export interface ApplyProgress {
  /** Number of operations that were planned. */
  readonly total: number;
  readonly done: readonly Operation[];
  /** In the order in which they began, with the seconds so far, as terraform reports them. */
  readonly running: readonly (Operation & { readonly seconds: number })[];
  /** Begun and not done, such as what an interrupt cut short. */
  readonly failed: readonly Operation[];
}

export const NOTHING_APPLIED: ApplyProgress = { total: 0, done: [], running: [], failed: [] };

const OPERATIONS: Readonly<Record<string, number>> = { create: 1, update: 1, delete: 1, replace: 2 };

/** Returns the progress after one more message of terraform. */
export function addMessage(progress: ApplyProgress, { type, change, hook }: Message): ApplyProgress {
  if (type === "planned_change" && change)
    return { ...progress, total: progress.total + (OPERATIONS[change.action] ?? 0) };
  // An apply also reads data sources.
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

/** `23 of 67, aws_cloudfront_distribution.x 1 m 20 s`: the number done, and the operation that runs longest. */
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
