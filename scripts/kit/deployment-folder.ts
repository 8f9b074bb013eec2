import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { DEFAULT_ENVIRONMENT, placesOf } from "../../stacks/contract/outputs";
import { UsageError, type CommandContext } from "./context";

/** Identifies an environment of a project, and so its files. */
export type Whose = Pick<CommandContext, "projectDirectory" | "deploymentDirectory" | "env">;

/** Folder of the deployment's own files. */
export const deploymentFolder = ({ projectDirectory, deploymentDirectory = projectDirectory }: Whose): string =>
  deploymentDirectory;

/** Name of the environment that a command works on. */
export const environmentName = ({ env = DEFAULT_ENVIRONMENT }: Pick<CommandContext, "env">): string => env;

const placesFor = (whose: Whose) => placesOf(environmentName(whose));

export const settingsFile = (whose: Whose): string => join(deploymentFolder(whose), placesFor(whose).settings);
export const synthFolder = (whose: Whose): string => join(deploymentFolder(whose), placesFor(whose).synthesized);
export const liveFilePath = (whose: Whose): string => join(deploymentFolder(whose), placesFor(whose).live);
export const localStateFile = (whose: Whose, stack: string): string =>
  join(deploymentFolder(whose), placesFor(whose).state(stack));

/** Refuses an invalid name, and one without a file: a misspelt name would make a second deployment. */
export function checkEnvironment(whose: Whose): void {
  const name = environmentName(whose);
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new UsageError(
      `--env is ${JSON.stringify(name)}; allowed: 1 to 31 lower-case letters, digits and hyphens, from a letter.`,
    );
  if (name === DEFAULT_ENVIRONMENT || existsSync(settingsFile(whose))) return;
  const folder = dirname(settingsFile(whose));
  const names = existsSync(folder)
    ? readdirSync(folder).flatMap((file) =>
        file.endsWith(".tfvars.json") ? [file.slice(0, -".tfvars.json".length)] : [],
      )
    : [];
  const there = names.length === 0 ? "There is none yet" : `There are: ${names.sort().join(", ")}`;
  throw new UsageError(
    `--env is ${name}, and ${placesOf(name).settings} is not there. ${there}. Make it, with the second part of ` +
      `the new resources' names: {"environment": "${name.replaceAll("-", "").slice(0, 10)}"}`,
  );
}

/** Files and folders that mark a folder of deployments. */
const MARKS = ["quickturn.json", "cdktf.json", "environments"];

/**
 * Finds the folder of the deployments that a person means: the nearest one with a mark, from the current folder up;
 * else the clone's, or the one where the package is installed. It is never below node_modules, because the next `npm
 * ci` would delete the states there.
 * @param sources folder of Quickturn's sources
 * @throws UsageError below node_modules
 */
export function findDeploymentFolder(current: string, sources: string): string {
  if (isInstalled(current))
    throw new UsageError(
      `The current folder, ${current}, is below node_modules: the next npm ci would delete what is kept there, ` +
        "states and all. Go to the folder of your project.",
    );
  const found = upwards(current).find((folder) => MARKS.some((mark) => existsSync(join(folder, mark))));
  if (found !== undefined) return found;
  if (!isInstalled(sources)) return sources;
  const installedIn = sources.slice(0, sources.lastIndexOf(`${sep}node_modules`)) || sep;
  // A package that is installed globally belongs to no project.
  return upwards(current).includes(installedIn) ? installedIn : resolve(current);
}

const isInstalled = (folder: string): boolean => resolve(folder).split(sep).includes("node_modules");

function upwards(folder: string): string[] {
  const path = resolve(folder);
  return path === dirname(path) ? [path] : [path, ...upwards(dirname(path))];
}
