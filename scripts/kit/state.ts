import { ProgramFailed } from "./process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeWhole } from "./files";

/** A resource that a state knows. */
export interface StateResource {
  /** Such as `aws_dynamodb_table.store_requests`. */
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What a state manages, as `terraform show -json` gives it, in its order; data sources are left out. */
export function resourcesOf(state: unknown): StateResource[] {
  const { values } = state as {
    readonly values?: {
      readonly root_module?: { readonly resources?: readonly (StateResource & { readonly mode: string })[] };
    };
  };
  return (values?.root_module?.resources ?? []).flatMap(({ mode, address, type, values: attributes }) =>
    mode === "managed" ? [{ address, type, values: attributes }] : [],
  );
}

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
        `Wait for that run: add --lock-timeout 10m. Where it is dead, its machine killed, free the lock: quickturn unlock ${lock.id}`,
      options,
    );
  }
}

/** A line a field, for a person. */
export function describeLock({ id, path, operation, who, created }: StateLock): string {
  return `  who        ${who}\n  operation  ${operation}\n  since      ${created}\n  state      ${path}\n  lock       ${id}`;
}

/**
 * Reads the lock out of what terraform printed, as text or as its machine-readable lines.
 * @returns undefined where it names none
 */
export function lockIn(output: string): StateLock | undefined {
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
  const output = `${error.result.stdout}\n${error.result.stderr}`;
  return (
    output.includes("Error acquiring the state lock") &&
    output.includes("PreconditionFailed") &&
    output.includes("NoSuchKey") &&
    !lockIn(output)
  );
}

/** A failure of terraform as it is, or as {@link StateLocked} where another run's lock is its cause. */
export function explainLock(error: unknown): unknown {
  if (!(error instanceof ProgramFailed)) return error;
  const output = `${error.result.stdout}\n${error.result.stderr}`;
  const lock = output.includes("Error acquiring the state lock") ? lockIn(output) : undefined;
  return lock ? new StateLocked(lock, { cause: error }) : error;
}

interface LocalBackend {
  readonly path?: string;
}

/**
 * Makes terraform in another folder use the state that one folder's configuration names, by a file that terraform reads
 * over the configuration there: where the state is kept may have changed since, and a local path counts from its
 * folder.
 * @param from folder of the present configuration, initialized
 * @param to folder of another configuration of the same stack
 */
export function usePresentBackend(from: string, to: string): void {
  const { terraform } = JSON.parse(readFileSync(join(from, "cdk.tf.json"), "utf8")) as {
    terraform?: { backend?: Readonly<Record<string, unknown>>; cloud?: unknown };
  };
  const { backend, cloud } = terraform ?? {};
  if (backend === undefined && cloud === undefined)
    throw new Error(
      `${join(from, "cdk.tf.json")} names no backend, so that its state cannot be used from another folder; allowed: a block backend or cloud. Write it anew: npx quickturn synth`,
    );
  const block = cloud === undefined ? { backend: absolute(backend ?? {}, from) } : { cloud };
  writeWhole(join(to, "present_backend_override.tf.json"), JSON.stringify({ terraform: block }));
  // The workspace that a person has chosen stands beside the providers, not in the configuration.
  const workspace = join(".terraform", "environment");
  if (!existsSync(join(from, workspace))) return;
  mkdirSync(join(to, ".terraform"), { recursive: true });
  copyFileSync(join(from, workspace), join(to, workspace));
}

function absolute(backend: Readonly<Record<string, unknown>>, from: string): Readonly<Record<string, unknown>> {
  const local = backend["local"] as LocalBackend | undefined;
  if (local === undefined) return backend;
  return {
    local: {
      ...local,
      path: resolve(from, local.path ?? "terraform.tfstate"),
      workspace_dir: resolve(from, "terraform.tfstate.d"),
    },
  };
}

/**
 * Where terraform could not write the state to its backend, it leaves it in its folder.
 * @returns the copy's path; undefined where there is none
 */
export function keptErroredState(from: string, to: string): string | undefined {
  const [source, target] = [join(from, "errored.tfstate"), join(to, "errored.tfstate")];
  if (!existsSync(source)) return undefined;
  copyFileSync(source, target);
  return target;
}
