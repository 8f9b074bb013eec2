import { existsSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { UsageError } from "./context";

/** What tells a folder that deployments belong to. */
const MARKS = ["quickturn.json", "cdktf.json", "environments"];

/**
 * The folder of the deployments that a person means: the nearest one, from the current folder up, that has a mark; else
 * a clone's own, or where the package is installed. Never below node_modules, which the next `npm ci` empties, states
 * and all.
 * @param sources folder of Quickturn's sources
 * @throws UsageError below node_modules
 */
export function findDeploymentFolder(current: string, sources: string): string {
  if (isInstalled(current))
    throw new UsageError(
      `The current folder, ${current}, is below node_modules: the next npm ci would delete what is kept there, states and all. Go to the folder of your project.`,
    );
  const found = upwards(current).find((folder) => MARKS.some((mark) => existsSync(join(folder, mark))));
  if (found !== undefined) return found;
  if (!isInstalled(sources)) return sources;
  const installedIn = sources.slice(0, sources.lastIndexOf(`${sep}node_modules`)) || sep;
  // What is installed for all projects belongs to none of them.
  return upwards(current).includes(installedIn) ? installedIn : resolve(current);
}

const isInstalled = (folder: string): boolean => resolve(folder).split(sep).includes("node_modules");

function upwards(folder: string): string[] {
  const path = resolve(folder);
  return path === dirname(path) ? [path] : [path, ...upwards(dirname(path))];
}
