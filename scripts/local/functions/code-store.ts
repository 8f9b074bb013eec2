import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { unzipSync } from "fflate";
import type { AppliedFunction, VersionConfiguration } from "../applied/applied-functions";

/** Unpacked code by the hash of its zip. It outlives an apply, so an older version still runs its own code. */
export class CodeStore {
  constructor(
    private readonly directory: string,
    /** Where terraform ran: the applied file names are relative to it. */
    private readonly moduleDirectory: string,
  ) {}

  /** Unpacks a function's zip as it lies on disk now; the applied hash decides later whether it may run. */
  keep(applied: AppliedFunction): void {
    const file = resolve(this.moduleDirectory, applied.filename);
    if (!existsSync(file)) return; // `directoryOf` names what is missing, if it is asked for.
    const zip = readFileSync(file);
    const target = join(this.directory, createHash("sha256").update(zip).digest("hex"));
    if (!existsSync(target)) unpack(zip, target, file);
  }

  /** Folder with the code of one version. */
  directoryOf(version: VersionConfiguration): string {
    const directory = join(this.directory, Buffer.from(version.codeSha256, "base64").toString("hex"));
    if (existsSync(directory)) return directory;
    throw new Error(
      `Version ${version.version} of function ${version.functionName} was applied with a zip of SHA-256 ${version.codeSha256}, which is not in ${this.directory}: ` +
        `the file changed after the apply, or that version was published before this runtime first loaded. Apply again, or point the alias at the newest version.`,
    );
  }
}

/** Unpacks beside the target and renames, so that a half-written folder is never run. */
function unpack(zip: Uint8Array, target: string, file: string): void {
  const scratch = `${target}.${randomUUID()}`;
  mkdirSync(scratch, { recursive: true });
  try {
    for (const [name, content] of Object.entries(unzipSync(zip))) {
      const path = resolve(scratch, name);
      if (!path.startsWith(scratch + sep)) throw new Error(`it holds the path "${name}", which leaves its folder`);
      mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true });
      if (!name.endsWith("/")) writeFileSync(path, content);
    }
    renameSync(scratch, target);
  } catch (cause) {
    rmSync(scratch, { recursive: true, force: true });
    throw new Error(`${file} cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      cause,
    });
  }
}
