import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeWhole } from "./files";

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
