import { createHash } from "node:crypto";
import { join } from "node:path";
import { writeFolder, writeWhole } from "../tools/files";
import { bundle, type Bundle } from "../tools/bundle";
import { deterministicZip } from "../tools/zip";
import type { CommandContext, CommandResult } from "./context";

/** The functions: name of the zip to entry point. */
const FUNCTIONS = { api: "handlers/api.ts", worker: "handlers/worker.ts", sweeper: "handlers/sweeper.ts" } as const;

export interface PackagedFunction {
  readonly name: string;
  /** Path of the zip below the project. */
  readonly archive: string;
  readonly sha256: string;
  /** Bytes of the zip. */
  readonly bytes: number;
  /** Bytes of each file in it: the entry, and the chunks that are loaded at once or on demand. */
  readonly files: Readonly<Record<string, number>>;
}

/** Bundles the functions and zips them, byte for byte the same on every machine. */
export async function packageFunctions({ projectDirectory, progress }: Pick<CommandContext, "projectDirectory" | "progress">): Promise<CommandResult> {
  const functions = await progress.step("Package the functions", () => packageAll(projectDirectory), sizes);
  return { exitCode: 0, text: functions.map(({ archive, sha256 }) => `${sha256}  ${archive}`).join("\n"), json: { functions } };
}

async function packageAll(root: string): Promise<PackagedFunction[]> {
  return Promise.all(Object.entries(FUNCTIONS).map(async ([name, entry]) => write(root, name, await bundle(root, entry))));
}

function write(root: string, name: string, { code, maps }: Bundle): PackagedFunction {
  const zip = deterministicZip(code);
  const archive = join("dist", "functions", `${name}.zip`);
  writeWhole(join(root, archive), zip);
  writeFolder(join(root, "dist", "maps", name), maps);
  return {
    name,
    archive,
    sha256: createHash("sha256").update(zip).digest("hex"),
    bytes: zip.length,
    files: Object.fromEntries(Object.entries(code).map(([file, content]) => [file, content.length])),
  };
}

function sizes(functions: readonly PackagedFunction[]): string {
  return functions.map(({ name, bytes }) => `${name} ${Math.round(bytes / 1024)} KB`).join(", ");
}
