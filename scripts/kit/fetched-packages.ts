import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { UsageError } from "./context";
import { writeAtomically } from "./files";
import { run } from "./process";

/** npm packages that few commands need: they are not installed with the project, but fetched once for this user. */
export interface PackageSet {
  /** What a person knows it as, such as `Node.js 22`. */
  readonly title: string;
  /** What npm downloads, rounded. */
  readonly megabytes: number;
  /** The content of its package-lock.json, which holds the hash of each archive. */
  readonly lock: { readonly name: string; readonly packages: { readonly "": object } };
}

/** Where this user's programs keep what can be fetched again. */
function findCacheFolder(environment: NodeJS.ProcessEnv): string {
  const home = environment["HOME"] ?? homedir();
  if (process.platform === "win32")
    return join(environment["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "quickturn");
  const folder = process.platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
  return join(environment["XDG_CACHE_HOME"] || folder, "quickturn");
}

/** The folder `node_modules` of a set, which exists once the set was fetched. Another lock file has another folder. */
export function locatePackages({ lock }: PackageSet, environment = process.env): string {
  const hash = createHash("sha256").update(JSON.stringify(lock)).digest("hex").slice(0, 12);
  return join(findCacheFolder(environment), `${lock.name}-${hash}`, "node_modules");
}

/**
 * Fetches a set where it is not there yet, with npm and its configuration: exactly what the lock file says.
 * @param note tells the person what is fetched, and where to
 * @returns its folder `node_modules`
 */
export async function fetchPackages(
  set: PackageSet,
  note: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const packages = locatePackages(set, env);
  const folder = dirname(packages);
  if (existsSync(packages)) return packages;
  if (env["QUICKTURN_OFFLINE"])
    throw new UsageError(
      `${set.title} is not in ${folder}, and QUICKTURN_OFFLINE is set. Unset it once, so that npm can fetch it.`,
    );
  note(`Fetching ${set.title} (${set.megabytes} MB, once) with npm to ${folder}`);
  mkdirSync(dirname(folder), { recursive: true });
  const making = mkdtempSync(join(dirname(folder), `making-${basename(folder)}-`));
  try {
    writeAtomically(join(making, "package.json"), JSON.stringify(set.lock.packages[""]));
    writeAtomically(join(making, "package-lock.json"), JSON.stringify(set.lock));
    await run("npm", ["ci", "--prefix", making, "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: making, env });
    renameSync(making, folder);
  } catch (error) {
    // Another process may have fetched it meanwhile.
    if (!existsSync(packages)) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return packages;
}
