import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { writeWhole } from "./files";

/** Where terraform gets the AWS provider from. */
export type ProviderSource =
  | { /** A CLI configuration that exists; it decides. */ readonly kind: "cli-config"; readonly path: string }
  | { /** A filesystem mirror found on this disk. */ readonly kind: "mirror"; readonly path: string }
  | { /** registry.terraform.io, over the network. */ readonly kind: "registry" };

/** The provider's folder inside a filesystem mirror. */
const REGISTRY_FOLDER = "registry.terraform.io";
const PROVIDER_FOLDER = join("hashicorp", "aws");

/** A mirror that people install stands near the root; deeper is somebody's own business, and slow to search. */
const SEARCH_DEPTH = 3;

/** Virtual file systems, and what is large and never holds a mirror. */
const NOT_SEARCHED = new Set(["proc", "sys", "dev", "run", "node_modules", "lost+found"]);

/** An existing CLI configuration wins; else a mirror on this disk; else the public registry. */
export function findProviderSource(environment: NodeJS.ProcessEnv, root = "/"): ProviderSource {
  const named = environment["TF_CLI_CONFIG_FILE"];
  const candidates = named ? [named] : [join(environment["HOME"] ?? homedir(), ".terraformrc")];
  const config = candidates.find((path) => existsSync(path));
  if (config) return { kind: "cli-config", path: config };
  const mirror = findMirror(root, SEARCH_DEPTH);
  return mirror ? { kind: "mirror", path: mirror } : { kind: "registry" };
}

/**
 * The variables that make terraform find the provider, to be laid over an environment.
 * @param folder where a CLI configuration is written if one is needed
 */
export function providerVariables(source: ProviderSource, folder: string): Record<string, string> {
  if (source.kind === "cli-config") return { TF_CLI_CONFIG_FILE: source.path };
  if (source.kind === "registry") return pluginCache();
  const path = join(folder, "terraform.rc");
  writeWhole(path, `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(source.path)}\n  }\n}\n`);
  return { TF_CLI_CONFIG_FILE: path };
}

/** An environment for terraform in a pipeline: no prompts, no calls home, the provider found. */
export function terraformEnvironment(base: NodeJS.ProcessEnv, source: ProviderSource, folder: string): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...base, TF_IN_AUTOMATION: "1", TF_INPUT: "0", CHECKPOINT_DISABLE: "1" };
  // It may name a file that does not exist: terraform then warns at every call.
  delete environment["TF_CLI_CONFIG_FILE"];
  return { ...environment, ...providerVariables(source, folder) };
}

/** The provider is 700 MB: it is fetched once, not once a folder. */
function pluginCache(): Record<string, string> {
  const path = resolve(__dirname, "../../.quickturn/plugins");
  mkdirSync(path, { recursive: true });
  return { TF_PLUGIN_CACHE_DIR: path };
}

/** Breadth first, so that the mirror nearest to the root wins; names in order, so that it is the same each time. */
function findMirror(root: string, depth: number): string | undefined {
  let folders = [root];
  for (let level = 0; level <= depth && folders.length > 0; level++) {
    const next: string[] = [];
    for (const folder of folders) {
      for (const name of subfolders(folder)) {
        const path = join(folder, name);
        if (name === REGISTRY_FOLDER && existsSync(join(path, PROVIDER_FOLDER))) return dirname(path);
        next.push(path);
      }
    }
    folders = next;
  }
  return undefined;
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !NOT_SEARCHED.has(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch {
    // Not ours to read: then it is not ours to use either.
    return [];
  }
}
