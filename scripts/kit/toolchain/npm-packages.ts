import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../context";
import { run } from "../process";
import { installOnce, isInstalled } from "./cache";
import { cacheFolder } from "./pins";

/** npm packages that few commands need: they are not installed with the project, but fetched once for this user. */
export interface PackageSet {
  /** What a person knows it as, such as `Node.js 22`. */
  readonly title: string;
  /** What npm downloads, rounded. */
  readonly megabytes: number;
  /** The content of its package-lock.json, which holds the hash of each archive. */
  readonly lock: { readonly name: string; readonly packages: { readonly "": object } };
}

/** The folder `node_modules` of a set, which exists once the set was fetched. Another lock file has another folder. */
export function locatePackages({ lock }: PackageSet, environment: NodeJS.ProcessEnv): string {
  const hash = createHash("sha256").update(JSON.stringify(lock)).digest("hex").slice(0, 12);
  return join(cacheFolder(environment), `${lock.name}-${hash}`, "node_modules");
}

/**
 * Fetches a set where it is not there yet, with npm and its configuration: exactly what the lock file says.
 * @param note tells the person what is fetched, and where to
 * @returns its folder `node_modules`
 */
export async function fetchPackages(
  set: PackageSet,
  note: (text: string) => void,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const packages = locatePackages(set, environment);
  const folder = dirname(packages);
  if (isInstalled(folder)) return packages;
  if (environment["QUICKTURN_OFFLINE"] === "1")
    throw new UsageError(`${set.title} is not in ${folder}, and QUICKTURN_OFFLINE=1 forbids to fetch it.`);
  note(`Fetching ${set.title} (${set.megabytes} MB, once) with npm to ${folder}`);
  await installOnce(folder, {
    fill: async (making) => {
      writeFileSync(join(making, "package.json"), JSON.stringify(set.lock.packages[""]));
      writeFileSync(join(making, "package-lock.json"), JSON.stringify(set.lock));
      const install = ["ci", "--prefix", making, "--ignore-scripts", "--no-audit", "--no-fund"];
      await run("npm", install, { cwd: making, env: environment });
    },
  });
  return packages;
}
