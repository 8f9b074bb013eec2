import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { INSTALLED_PACKAGES, hashSources } from "../bin/sources.js";
import { packageFolders } from "../judges/release/production-packages";
import { writeFolder, writeReport } from "../tools/files";
import { bundle, type Bundle } from "../tools/bundle";
import { deterministicZip } from "../tools/zip";
import type { CommandContext, CommandResult } from "./context";

/** The functions: name of the zip to entry point. */
export const FUNCTIONS = {
  api: "handlers/api.ts",
  worker: "handlers/worker.ts",
  sweeper: "handlers/sweeper.ts",
  authorizer: "handlers/authorizer.ts",
} as const;
export type PackagedName = keyof typeof FUNCTIONS;

export interface PackagedFunction {
  readonly name: string;
  /** Path of the zip below the project. */
  readonly archive: string;
  readonly sha256: string;
  /** Bytes of the zip. */
  readonly bytes: number;
  /** Bytes of each file in it: the entry, and the chunks that are loaded at once or on demand. */
  readonly files: Readonly<Record<string, number>>;
  /** Folders, below the project, of the packages that have code in it; none where it came with the project. */
  readonly packages: readonly string[];
}

/**
 * Bundles the functions and zips them, byte for byte the same on every machine. A copy that npm installed has neither
 * the lock file, which says what goes into them, nor the packages: it has the zips themselves.
 */
export async function packageFunctions({
  projectDirectory,
  progress,
}: Pick<CommandContext, "projectDirectory" | "progress">): Promise<CommandResult> {
  const isClone = existsSync(join(projectDirectory, "package-lock.json"));
  const functions = isClone
    ? await progress.step("Package the functions", () => packageAll(projectDirectory), sizes)
    : await progress.step(
        "Take the functions that came along",
        async () => Object.keys(FUNCTIONS).map((name) => shipped(projectDirectory, name)),
        sizes,
      );
  return {
    exitCode: 0,
    text: functions.map(({ archive, sha256 }) => `${sha256}  ${archive}`).join("\n"),
    json: { functions },
  };
}

/** What the zips are made of: a change of anything else makes the same ones again. */
const SOURCES = [
  "handlers",
  "scripts/tools/bundle.ts",
  "scripts/tools/zip.ts",
  "package-lock.json",
  INSTALLED_PACKAGES,
];

/** What was packaged last, and of which sources. */
interface PackageRecord {
  readonly sources: string;
  readonly functions: readonly PackagedFunction[];
}

async function packageAll(root: string): Promise<readonly PackagedFunction[]> {
  const sources = hashSources(root, SOURCES);
  const last = packagedBefore(root);
  if (last?.sources === sources && last.functions.every((each) => isStillThere(root, each))) return last.functions;
  const functions = await Promise.all(
    Object.entries(FUNCTIONS).map(async ([name, entry]) => write(root, name, await bundle(root, entry))),
  );
  writeReport(join(root, RECORD), JSON.stringify({ sources, functions } satisfies PackageRecord));
  return functions;
}

const RECORD = join("dist", "packaged.json");

function packagedBefore(root: string): PackageRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(root, RECORD), "utf8")) as PackageRecord;
  } catch {
    return undefined; // There is none yet, or it was cut: then all are made.
  }
}

function isStillThere(root: string, { name, archive, sha256 }: PackagedFunction): boolean {
  const path = join(root, archive);
  return existsSync(path) && sha256Of(readFileSync(path)) === sha256 && existsSync(mapsOf(root, name));
}

const mapsOf = (root: string, name: string): string => join(root, "dist", "maps", name);
const sha256Of = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

function write(root: string, name: string, { code, maps, sources }: Bundle): PackagedFunction {
  const zip = deterministicZip(code);
  writeReport(join(root, archiveOf(name)), zip);
  writeFolder(mapsOf(root, name), maps);
  return describe(name, zip, code, packageFolders(sources));
}

function shipped(root: string, name: string): PackagedFunction {
  const path = join(root, archiveOf(name));
  if (!existsSync(path))
    throw new Error(
      `${path} is missing, and so is package-lock.json, without which it cannot be made. Install quickturn again, or work in a clone of it.`,
    );
  const zip = readFileSync(path);
  return describe(name, zip, unzipSync(zip), []);
}

function describe(
  name: string,
  zip: Uint8Array,
  code: Readonly<Record<string, Uint8Array>>,
  packages: readonly string[],
): PackagedFunction {
  const files = Object.fromEntries(Object.entries(code).map(([file, content]) => [file, content.length]));
  return { name, archive: archiveOf(name), sha256: sha256Of(zip), bytes: zip.length, files, packages };
}

function archiveOf(name: string): string {
  return join("dist", "functions", `${name}.zip`);
}

function sizes(functions: readonly PackagedFunction[]): string {
  return functions.map(({ name, bytes }) => `${name} ${Math.round(bytes / 1024)} KB`).join(", ");
}
