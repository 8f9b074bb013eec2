import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Release, ReleaseEvent, Versions } from "../../stacks/contract/settings";
import { releaseSettings } from "../../stacks/contract/settings/release";
import { FUNCTIONS, liveDocument, mapVersions, NAMES_IN_STACK, type FunctionName, type Values } from "./release";
import { findMisfits, parseShape, variableName } from "../kit/given-setting";
import { writeAtomically } from "../kit/files";
import { UsageError } from "../kit/context";
import { liveFilePath, type Whose } from "../kit/deployment-folder";

/** Values of the stack's outputs, by name; empty where nothing is applied. */
export type Outputs = Readonly<Record<string, unknown>>;

/** The output `settings`, empty where there is none. */
export const settingsOutput = (outputs: Outputs): Values => (outputs["settings"] ?? {}) as Values;

/** Copy of the live file in the stack's folder: terraform reads it by its name, so plain terraform and cdktf agree. */
const COPY = "live.auto.tfvars.json";

/**
 * Reads the live file, which is written before an apply; the state has the same after it.
 * @returns null where there is no file
 * @throws UsageError where the file holds no release
 */
export function readLiveFile(whose: Whose): Release | null {
  const path = liveFilePath(whose);
  if (!existsSync(path)) return null;
  return parseRelease((parseObject(readFileSync(path, "utf8"), path) as { release?: unknown }).release, path);
}

function parseObject(text: string, path: string): object {
  try {
    const document = JSON.parse(text) as unknown;
    if (typeof document === "object" && document !== null) return document;
  } catch {
    // The error below says it.
  }
  throw new UsageError(
    `${path} is no JSON object; allowed: what quickturn canary wrote. ` +
      "Delete it: the next command writes it anew from the state.",
  );
}

/** The release in the outputs; null where none was ever applied. */
export function appliedRelease(outputs: Outputs): Release | null {
  const release = settingsOutput(outputs)["release"] ?? null;
  return release === null ? null : parseRelease(release, "The output settings");
}

/** The type of the setting that holds a release. */
const SHAPE = parseShape(releaseSettings[0].terraformType);

function parseRelease(document: unknown, source: string): Release {
  const problems = findMisfits(document, SHAPE, "release");
  if (problems.length === 0) return document as Release;
  throw new UsageError(
    `${source} has a release that is not valid: ${problems.slice(0, 5).join("; ")}. ` +
      "Allowed: what this version of quickturn canary wrote. " +
      "If it is the file, delete it: the next command writes it anew from the state.",
  );
}

/** The release that counts. */
export interface ChosenRelease {
  /** null where nothing was ever pinned or released. */
  readonly release: Release | null;
  /** `file`: written before an apply that did not end, or that did not read the file; `state`: as applied. */
  readonly from: "file" | "state" | "nothing";
}

/** Chooses between the release of the live file and that of the state. */
export function liveRelease(whose: Whose, outputs: Outputs): ChosenRelease {
  const deployment = outputs["deployment_name"];
  return chooseRelease(
    readLiveFile(whose),
    appliedRelease(outputs),
    typeof deployment === "string" ? deployment : null,
  );
}

/**
 * The state counts, because it is what is applied. The file counts only where it is of the same deployment and newer,
 * because it is written before each apply.
 * @param deployment `<name>-<environment>` of the state; null where nothing is applied
 */
export function chooseRelease(file: Release | null, state: Release | null, deployment: string | null): ChosenRelease {
  const [written, applied] = [file, state].map((release) => (release?.deployment === deployment ? release : null));
  if (written && written.serial > (applied?.serial ?? 0)) return { release: written, from: "file" };
  return applied ? { release: applied, from: "state" } : { release: null, from: "nothing" };
}

/** Writes the live file and its copy. */
export function writeLiveFile(whose: Whose, stackDirectory: string, release: Release): void {
  const text = `${JSON.stringify(liveDocument(release), null, 2)}\n`;
  for (const path of [liveFilePath(whose), join(stackDirectory, COPY)]) writeAtomically(path, text);
}

/** Removes the copy, which would decide what is live; the live file stays. */
export function removeLiveCopy(stackDirectory: string): void {
  rmSync(join(stackDirectory, COPY), { force: true });
}

const PINNING: readonly ReleaseEvent["event"][] = ["rolled_back", "aborted", "rollback"];

/** Says what a release decides that a person does not see; undefined where it decides nothing. */
export function describeRelease({ canary, pinned, history }: Release): string | undefined {
  if (canary !== null)
    return (
      `A canary is on its way since ${canary.started_at}: ` +
      "quickturn canary --resume goes on with it, --abort takes it back."
    );
  const names = FUNCTIONS.filter((name) => pinned[name] !== null);
  if (names.length === 0) return undefined;
  const last = history.findLast(({ event }) => PINNING.includes(event));
  const why = last === undefined ? "" : `, since ${last.at}${last.reason === "" ? "" : `: ${last.reason}`}`;
  return (
    `Pinned by live.tfvars.json: ${describePins(names, pinned)}${why}. A newer version is published and not live; ` +
    `quickturn canary makes it live step by step, quickturn apply ${unpinArguments(names)} at once.`
  );
}

/** `live_version=7, api_live_version=3` */
export const describePins = (names: readonly FunctionName[], pinned: Versions): string =>
  names.map((name) => `${NAMES_IN_STACK[name].version}=${pinned[name]}`).join(", ");

/** `--var live_version=null --var api_live_version=null` */
export const unpinArguments = (names: readonly FunctionName[]): string =>
  names.map((name) => `--var ${NAMES_IN_STACK[name].version}=null`).join(" ");

/**
 * Removes the pins that a person overrides by `--var`: otherwise the next apply without it would pin again.
 * @param vars `name=value`
 */
export function dropOverriddenPins(release: Release, vars: readonly string[], writer: string): Release {
  const given = vars.map(variableName);
  const pinned = mapVersions((name) => (given.includes(NAMES_IN_STACK[name].version) ? null : release.pinned[name]));
  const isUnchanged = FUNCTIONS.every((name) => pinned[name] === release.pinned[name]);
  return isUnchanged ? release : { ...release, pinned, serial: release.serial + 1, writer };
}

/** Versions and provisioned concurrency of the functions, as the outputs have them. */
export interface AppliedVersions {
  /** Behind the alias. */
  readonly live: Versions;
  readonly newest: Versions;
  /** Provisioned concurrency in effect; null = none. */
  readonly provisioned: Versions;
}

/** What is applied, as far as canaries and rollbacks ask. */
export interface AppliedStack extends AppliedVersions {
  readonly deployment: string;
  /** null where none was ever applied. */
  readonly release: Release | null;
  /** Functions whose newest version has a weight. */
  readonly weighted: readonly FunctionName[];
}

/** @throws UsageError where nothing is applied, or an output holds no version */
export function readAppliedStack(outputs: Outputs): AppliedStack {
  const deployment = outputs["deployment_name"];
  if (typeof deployment !== "string" || outputs["settings"] === undefined)
    throw new UsageError(
      "Nothing is applied yet, so there is no live version that a new one could be compared with. " +
        "The first time: quickturn apply.",
    );
  const settings = settingsOutput(outputs);
  return {
    deployment,
    live: readVersions(outputs, "version"),
    newest: readVersions(outputs, "newest"),
    provisioned: mapVersions((name) => Number(settings[NAMES_IN_STACK[name].provisioned] ?? 0) || null),
    release: appliedRelease(outputs),
    weighted: FUNCTIONS.filter((name) => Number(settings[NAMES_IN_STACK[name].weight] ?? 0) > 0),
  };
}

function readVersions(outputs: Outputs, which: "version" | "newest"): Versions {
  return mapVersions((name) => {
    const output = NAMES_IN_STACK[name][which];
    const version = Number(outputs[output]);
    if (Number.isInteger(version) && version >= 1) return version;
    throw new UsageError(
      `The output ${output} is ${JSON.stringify(outputs[output]) ?? "missing"}; allowed: a version's number. ` +
        "Apply this release first: quickturn apply.",
    );
  });
}
