import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import type { Release } from "../../stacks/contract/settings";
import { chooseRelease, type ChosenRelease, liveFile } from "./release";
import schema from "./release.schema.json";
import { writeAtomically } from "../kit/files";
import { UsageError } from "../kit/context";
import { liveFilePath, type Whose } from "../kit/deployment-folder";

/** The same in the stack's folder, by a name that terraform reads by itself: so plain terraform and cdktf agree. */
const COPY = "live.auto.tfvars.json";

/**
 * The live file where there is one: what is live, beside cdktf.json. The state has the same; this is what is written
 * before an apply. Throws {@link UsageError} where it is something else.
 */
export function readLiveFile(whose: Whose): Release | null {
  const path = liveFilePath(whose);
  return existsSync(path)
    ? parseRelease((parsed(readFileSync(path, "utf8"), path) as { release?: unknown }).release, path)
    : null;
}

function parsed(text: string, path: string): object {
  try {
    const document = JSON.parse(text) as unknown;
    if (typeof document === "object" && document !== null) return document;
  } catch {
    // Said below.
  }
  throw new UsageError(
    `${path} is no JSON object; allowed: what quickturn canary wrote. Delete it: the next command writes it anew from the state.`,
  );
}

/** The release that the outputs have; null where none was ever applied. */
export function appliedRelease(outputs: Readonly<Record<string, unknown>>): Release | null {
  const release = (outputs["settings"] as { release?: unknown } | undefined)?.release ?? null;
  return release === null ? null : parseRelease(release, "The output settings");
}

/** Compiled once: a canary reads a release with each plan. */
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<Release>(schema);

function parseRelease(document: unknown, where: string): Release {
  if (validate(document)) return document;
  const problems = (validate.errors ?? [])
    .slice(0, 5)
    .map(({ instancePath, message }) => `release${instancePath.replaceAll("/", ".")} ${message}`);
  throw new UsageError(
    `${where} has a release that is none: ${problems.join("; ")}. Allowed: what this version of quickturn canary wrote. Of the file: delete it, and the next command writes it anew from the state.`,
  );
}

/** The release that is true, of the file's and the state's. */
export function liveRelease(whose: Whose, outputs: Readonly<Record<string, unknown>>): ChosenRelease {
  const deployment = outputs["deployment_name"];
  return chooseRelease(
    readLiveFile(whose),
    appliedRelease(outputs),
    typeof deployment === "string" ? deployment : null,
  );
}

/** Writes the live file and its copy; null takes the copy away, because it is of another deployment, or of none. */
export function writeLive(whose: Whose, stackDirectory: string, release: Release | null): void {
  if (release === null) return rmSync(join(stackDirectory, COPY), { force: true });
  writeAtomically(liveFilePath(whose), liveFile(release));
  writeAtomically(join(stackDirectory, COPY), liveFile(release));
}
