import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { writeAtomically } from "./files";
import { isLoopback } from "./loopback";

/** The place where terraform gets the AWS provider from. */
export type ProviderSource =
  | {
      /** An existing CLI configuration, which says where the provider is. */ readonly kind: "cli-config";
      readonly path: string;
    }
  | { /** A filesystem mirror on this disk. */ readonly kind: "mirror"; readonly path: string }
  | {
      /** Terraform's own places: its implied mirrors, else registry.terraform.io over the network. */
      readonly kind: "registry";
    };

/** The provider's folder inside a filesystem mirror. */
const PROVIDER_FOLDER = join("registry.terraform.io", "hashicorp", "aws");

interface ProviderSearch {
  /**
   * Whether a mirror may be searched for, which is safe only where no account can be reached. Default: where
   * AWS_ENDPOINT_URL is on this machine.
   */
  readonly search?: boolean;
  /** Folder that counts as the root of the disk. Default: /. */
  readonly root?: string;
}

/**
 * Finds the provider: by an existing CLI configuration, else in the mirror that QUICKTURN_PROVIDER_MIRROR names, else
 * in terraform's own places. Nobody verifies a mirror's provider, and it runs with the operator's credentials. So a
 * mirror is searched for only where the account is an emulator, and in places that nobody else may write.
 * @throws Error where QUICKTURN_PROVIDER_MIRROR names no mirror
 */
export function findProviderSource(
  environment: NodeJS.ProcessEnv,
  { search = isLoopback(environment["AWS_ENDPOINT_URL"] ?? ""), root = "/" }: ProviderSearch = {},
): ProviderSource {
  const named = environment["TF_CLI_CONFIG_FILE"];
  const candidates = named ? [named] : [join(environment["HOME"] ?? homedir(), ".terraformrc")];
  const config = candidates.find((path) => existsSync(path));
  if (config) return { kind: "cli-config", path: config };
  const given = environment["QUICKTURN_PROVIDER_MIRROR"];
  if (given) return { kind: "mirror", path: mirrorAt(given) };
  const found = search ? installedMirrors(root).find((path) => isMirror(path) && isSafe(path, root)) : undefined;
  return found ? { kind: "mirror", path: found } : { kind: "registry" };
}

function mirrorAt(path: string): string {
  if (isMirror(path)) return resolve(path);
  throw new Error(
    `QUICKTURN_PROVIDER_MIRROR is ${JSON.stringify(path)}, which has no ${PROVIDER_FOLDER}; allowed: the folder ` +
      "of a filesystem mirror with the AWS provider, as terraform providers mirror makes it.",
  );
}

const isMirror = (path: string): boolean => existsSync(join(path, PROVIDER_FOLDER));

/** Folders where people install a mirror, always in the same order. */
function installedMirrors(root: string): string[] {
  const plugins = ["usr/local/share", "usr/share"].map((place) => join(root, place, "terraform/plugins"));
  return [...subfolders(join(root, "opt")).map((name) => join(root, "opt", name)), ...plugins];
}

/** Whether the provider and all folders above it belong to root or to this user, and nobody else may write there. */
function isSafe(mirror: string, root: string): boolean {
  const way = [...ancestors(join(mirror, PROVIDER_FOLDER), root), ...below(join(mirror, PROVIDER_FOLDER))];
  return way.every((path) => {
    const { uid, mode } = statSync(path);
    return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
  });
}

function ancestors(path: string, root: string): string[] {
  return path === resolve(root) || path === dirname(path) ? [path] : [path, ...ancestors(dirname(path), root)];
}

function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
}

/**
 * Makes the variables by which terraform finds the provider.
 * @param folder for a CLI configuration, where one is needed
 */
export function providerVariables(source: ProviderSource, folder: string): Record<string, string> {
  if (source.kind === "cli-config") return { TF_CLI_CONFIG_FILE: source.path };
  if (source.kind === "registry") return pluginCache();
  const path = join(folder, "terraform.rc");
  writeAtomically(
    path,
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(source.path)}\n  }\n}\n`,
  );
  return { TF_CLI_CONFIG_FILE: path };
}

/** Makes an environment for terraform: it asks nothing, checks for no newer release, and finds the provider. */
export function terraformEnvironment(
  base: NodeJS.ProcessEnv,
  source: ProviderSource,
  folder: string,
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...base, TF_IN_AUTOMATION: "1", TF_INPUT: "0", CHECKPOINT_DISABLE: "1" };
  // Terraform would warn at every call of a file that does not exist.
  delete environment["TF_CLI_CONFIG_FILE"];
  return { ...environment, ...providerVariables(source, folder) };
}

/** The provider has 700 MB, so that it is fetched only once for all folders. */
function pluginCache(): Record<string, string> {
  const path = resolve(__dirname, "../../.quickturn/plugins");
  mkdirSync(path, { recursive: true });
  return { TF_PLUGIN_CACHE_DIR: path };
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    // A folder that is missing or cannot be read is not used.
    return [];
  }
}
