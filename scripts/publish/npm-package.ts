import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { gzipSync } from "fflate";
import { UsageError, type CommandContext } from "../kit/context";
import { packageFolders, type PackagedFunction } from "../kit/package-functions";
import { run } from "../kit/process";
import { formatNotices, NOTICES, readNotices } from "./packages";

const PROGRAM = join("dist", "program");

/** What scripts/bin/program.js says that it built. */
interface BuiltProgram {
  readonly entries: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly inputs: readonly string[];
}

/** Builds the program that the package runs, in {@link PROGRAM}. */
export async function buildProgram({ projectDirectory, environment, signal }: CommandContext): Promise<BuiltProgram> {
  await run(process.execPath, [join("scripts", "bin", "program.js")], {
    cwd: projectDirectory,
    env: environment,
    signal,
  });
  return JSON.parse(readFileSync(join(projectDirectory, PROGRAM, "current.json"), "utf8")) as BuiltProgram;
}

interface NpmParts {
  /** The files of the commit, below the project. */
  readonly sources: readonly string[];
  readonly functions: readonly PackagedFunction[];
  readonly program: BuiltProgram;
  /** Licenses of the packages in the functions. */
  readonly notice: string;
}

/** Packs the sources with the functions and the program. Throws where package.json leaves any of these out. */
export async function buildNpmPackage(
  { projectDirectory, environment }: CommandContext,
  { sources, functions, program: { entries, files, inputs }, notice }: NpmParts,
): Promise<NpmArchive> {
  const made = [...functions.map(({ archive }) => archive), ...files.map((file) => join(PROGRAM, file))];
  const added = {
    [join("dist", "functions", NOTICES)]: notice,
    [join(PROGRAM, NOTICES)]: formatNotices(readNotices(projectDirectory, packageFolders(inputs))),
    // Without the hash of the sources, which depends on the optional packages that this machine has.
    [join(PROGRAM, "current.json")]: `${JSON.stringify({ entries, files }, null, 1)}\n`,
  };
  const npm = await packNpm(projectDirectory, [...sources, ...made], { env: environment, added });
  const missing = [...made, ...Object.keys(added)].filter((file) => !npm.files.includes(file));
  if (missing.length > 0)
    throw new UsageError(
      `The npm package leaves out ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ", …" : ""}: ` +
        'an installed copy can neither bundle nor build. Add "dist/functions" and "dist/program" to ' +
        '"files" in package.json.',
    );
  return npm;
}

interface NpmArchive {
  /** Such as `quickturn-0.1.0.tgz`. */
  readonly name: string;
  readonly content: Uint8Array;
  /** Paths in it, from the package's folder. */
  readonly files: readonly string[];
}

/**
 * Packs what `npm publish` would send of these files of a folder. The same files give the same bytes: npm sets the
 * times, and this function the modes. It compresses in JavaScript, because zlib differs between versions of Node.js.
 * @param files paths below the folder, of which npm takes those that package.json's `files` names
 * @param added content of further files, by path
 */
export async function packNpm(
  directory: string,
  files: readonly string[],
  { env, added = {} }: { readonly env: NodeJS.ProcessEnv; readonly added?: Readonly<Record<string, string>> },
): Promise<NpmArchive> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-npm-"));
  try {
    const staged = join(folder, "package");
    for (const file of files) {
      const path = join(directory, file);
      // Git keeps only this bit of the mode.
      const isProgram = (statSync(path).mode & 0o100) !== 0;
      stageFile(join(staged, file), readFileSync(path), isProgram ? 0o755 : 0o644);
    }
    for (const [file, content] of Object.entries(added)) stageFile(join(staged, file), content, 0o644);
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: staged,
      env,
    });
    const [report] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
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

function stageFile(path: string, content: string | Uint8Array, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}
