import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "./context";
import { writeAtomically } from "./files";
import { ProgramFailed } from "./process";

interface LocalBackend {
  readonly path?: string;
  readonly workspace_dir?: string;
}
type Backend = Readonly<Record<string, unknown>> & { readonly local?: LocalBackend };

/**
 * Makes terraform in another folder use the state that one folder's configuration names. It writes an override file
 * there, because that folder may name another place, and a local path is relative to its folder.
 * @param from initialized folder of the present configuration
 * @param to folder of another configuration of the same stack
 */
export function usePresentBackend(from: string, to: string): void {
  const { terraform: { backend, cloud } = {} } = JSON.parse(readFileSync(join(from, "cdk.tf.json"), "utf8")) as {
    readonly terraform?: { readonly backend?: Backend; readonly cloud?: object };
  };
  if (backend === undefined && cloud === undefined)
    throw new Error(
      `${join(from, "cdk.tf.json")} names no backend, so that its state cannot be used from another folder; ` +
        "allowed: a block backend or cloud. Write it anew: npx quickturn synth",
    );
  const block =
    backend === undefined || cloud !== undefined ? { cloud } : { backend: withAbsolutePaths(backend, from) };
  writeAtomically(join(to, "present_backend_override.tf.json"), JSON.stringify({ terraform: block }));
  // Terraform keeps the name of the chosen workspace beside the providers, not in the configuration.
  const workspace = join(".terraform", "environment");
  if (!existsSync(join(from, workspace))) return;
  mkdirSync(join(to, ".terraform"), { recursive: true });
  copyFileSync(join(from, workspace), join(to, workspace));
}

function withAbsolutePaths(backend: Backend, from: string): Backend {
  if (backend.local === undefined) return backend;
  const { path = "terraform.tfstate" } = backend.local;
  return {
    local: { ...backend.local, path: resolve(from, path), workspace_dir: resolve(from, "terraform.tfstate.d") },
  };
}

const BACKEND_CHANGED =
  /Backend configuration changed|Migrating (the )?state|HCP Terraform configuration changed|Backend type changed/i;

/**
 * Explains a failure of `terraform init`. Terraform remembers in the folder where the state was and asks when that
 * changes, but a pipeline has nobody to answer.
 * @param directory name of the stack's folder for the message
 * @returns the same error where the backend is not its reason
 */
export function explainBackendChange(error: unknown, directory: string): unknown {
  if (!(error instanceof ProgramFailed) || !BACKEND_CHANGED.test(error.output)) return error;
  return new UsageError(
    [
      "QUICKTURN_BACKEND, or quickturn:backend in cdktf.json, names another place for the state than when " +
        `${directory} was last used. Nothing was changed.`,
      "Another deployment, or its state is there already: " +
        `eval "$(quickturn env)" && terraform -chdir=${directory} init -reconfigure (it copies nothing). ` +
        "Else go back to the former place.",
      `How this deployment's own state moves is in RUNBOOK.md, "The state moves": ` +
        "a copy over another deployment's would take that one's place.",
    ].join("\n"),
    { cause: error },
  );
}
