import { ProgramFailed } from "./process";

/** The holder of a state's lock, as terraform prints it. */
export interface StateLock {
  readonly id: string;
  /** The state's path, such as `bucket/folder/agent-api.tfstate`. */
  readonly path: string;
  /** Such as `OperationTypeApply`. */
  readonly operation: string;
  /** `user@host`. */
  readonly who: string;
  /** When it was taken, as terraform prints it: date, time and zone. */
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

/** Describes a lock for a person, with a line for each field. */
export function describeLock({ id, path, operation, who, created }: StateLock): string {
  return (
    `  who        ${who}\n  operation  ${operation}\n  since      ${created}\n  state      ${path}\n  lock       ` +
    `${id}`
  );
}

/** Finds the lock in terraform's output, as text or as machine-readable lines; undefined where it names none. */
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
 * Whether another run freed the lock between two requests of this run, which could neither take it nor read its holder.
 * Terraform 1.11 then ends, whatever its lock time-out is.
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

/** Returns {@link StateLocked} where another run's lock is the cause of a failure, else the same error. */
export function explainLock(error: unknown): unknown {
  if (!(error instanceof ProgramFailed)) return error;
  const { output } = error;
  const lock = output.includes("Error acquiring the state lock") ? parseLock(output) : undefined;
  return lock ? new StateLocked(lock, { cause: error }) : error;
}
