import { ProgramFailed } from "./process";

/** Who holds a state's lock, as terraform says it. */
export interface StateLock {
  readonly id: string;
  /** The state's path, such as `bucket/folder/agent-api.tfstate`. */
  readonly path: string;
  /** Such as `OperationTypeApply`. */
  readonly operation: string;
  /** `user@host`. */
  readonly who: string;
  /** When it was taken, in terraform's own words: date, time and zone. */
  readonly created: string;
}

/** Another run holds the state's lock, so this one has changed nothing. */
export class StateLocked extends Error {
  override readonly name = "StateLocked";

  constructor(
    readonly lock: StateLock,
    options?: ErrorOptions,
  ) {
    super(
      `The state is locked, so nothing was changed:\n${describeLock(lock)}\n` +
        "Wait for that run: add --lock-timeout 10m. Where it is dead, its machine killed, free the lock: " +
        `quickturn unlock ${lock.id}`,
      options,
    );
  }
}

/** A line a field, for a person. */
export function describeLock({ id, path, operation, who, created }: StateLock): string {
  return (
    `  who        ${who}\n  operation  ${operation}\n  since      ${created}\n  state      ${path}\n  lock       ` +
    `${id}`
  );
}

/**
 * Reads the lock out of what terraform printed, as text or as its machine-readable lines.
 * @returns undefined where it names none
 */
export function parseLock(output: string): StateLock | undefined {
  const text = output.replaceAll("\\n", "\n").replaceAll(/^│ ?/gm, "");
  const start = text.indexOf("Lock Info:");
  if (start < 0) return undefined;
  const field = (name: string) => new RegExp(`^\\s+${name}:[ \\t]*(.*?)\\s*$`, "m").exec(text.slice(start))?.[1] ?? "";
  const id = field("ID");
  return id === ""
    ? undefined
    : { id, path: field("Path"), operation: field("Operation"), who: field("Who"), created: field("Created") };
}

/**
 * Whether the lock was freed between two requests of the run that asked for it: it could neither take it nor read whose
 * it was. Terraform then ends, whatever its lock time-out is (as of 1.11: a lock without its information is not waited
 * for).
 */
export function lockWasFreed(error: unknown): boolean {
  if (!(error instanceof ProgramFailed)) return false;
  const { output } = error;
  return (
    output.includes("Error acquiring the state lock") &&
    output.includes("PreconditionFailed") &&
    output.includes("NoSuchKey") &&
    !parseLock(output)
  );
}

/** A failure of terraform as it is, or as {@link StateLocked} where another run's lock is its cause. */
export function explainLock(error: unknown): unknown {
  if (!(error instanceof ProgramFailed)) return error;
  const { output } = error;
  const lock = output.includes("Error acquiring the state lock") ? parseLock(output) : undefined;
  return lock ? new StateLocked(lock, { cause: error }) : error;
}
