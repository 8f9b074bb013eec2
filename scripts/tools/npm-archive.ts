import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { gzipSync } from "fflate";
import { run } from "./process";

export interface NpmArchive {
  /** Such as `quickturn-0.1.0.tgz`. */
  readonly name: string;
  readonly content: Uint8Array;
  /** Paths in it, from the package's folder. */
  readonly files: readonly string[];
}

interface PackReport {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/**
 * What `npm publish` would send, of these files of a folder alone, in bytes that follow from them: npm sets the times,
 * and here the modes are set, which it takes from the disk, and the compression is done in JavaScript, as zlib's
 * differs between versions of Node.js.
 * @param files paths below the folder; of them npm takes what package.json's `files` says
 * @param added further files by path, which stand nowhere
 */
export async function npmArchive(
  directory: string,
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  added: Readonly<Record<string, string>> = {},
): Promise<NpmArchive> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-npm-"));
  try {
    const staged = join(folder, "package");
    for (const file of files)
      stage(join(staged, file), readFileSync(join(directory, file)), isProgram(join(directory, file)));
    for (const [file, content] of Object.entries(added)) stage(join(staged, file), content, false);
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: staged,
      env,
    });
    const [report] = JSON.parse(stdout) as readonly PackReport[];
    if (report === undefined) throw new Error(`npm pack wrote no archive; it said: ${stdout.slice(0, 1_000)}`);
    const tar = gunzipSync(readFileSync(join(folder, report.filename)));
    return {
      name: report.filename,
      content: gzipSync(tar, { level: 9, mtime: 0 }),
      files: report.files.map(({ path }) => path).sort(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function stage(path: string, content: string | Uint8Array, executable: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, executable ? 0o755 : 0o644);
}

/** Of the mode git keeps only this. */
function isProgram(path: string): boolean {
  return (statSync(path).mode & 0o100) !== 0;
}
