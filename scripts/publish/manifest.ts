import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { gzipSync } from "fflate";
import { run } from "../kit/process";
import type { ShippedPackage } from "./production-packages";

/** What `release.json` holds. */
export interface Release {
  readonly name: string;
  readonly version: string;
  /** Hash of the commit that it is made from. */
  readonly commit: string;
  /** Dirty: files were not as the commit has them, and nobody can make it again. */
  readonly workingTree: "clean" | "dirty";
  /** Whether the changelog's heading still calls the version unreleased. */
  readonly changelog: "released" | "unreleased";
  /** SHA-256 of each function's zip, in hexadecimal; Lambda shows the same in base64. */
  readonly functions: Readonly<Record<string, string>>;
  readonly files: readonly ReleaseFile[];
}

export interface ReleaseFile {
  readonly name: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** What a release is made from. */
export interface ReleaseSource {
  readonly name: string;
  readonly version: string;
  readonly tree: { readonly commit: string; readonly changed: readonly string[] };
  readonly entry: { readonly unreleased: boolean };
}

/** The manifest, with the files in order of their names. */
export function createManifest(
  { name, version, tree, entry }: ReleaseSource,
  functions: readonly { readonly name: string; readonly sha256: string }[],
  files: readonly ReleaseFile[],
): Release {
  return {
    name,
    version,
    commit: tree.commit,
    workingTree: tree.changed.length === 0 ? "clean" : "dirty",
    changelog: entry.unreleased ? "unreleased" : "released",
    functions: Object.fromEntries(functions.map((each) => [each.name, each.sha256])),
    files: [...files].sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

/** As `sha256sum` writes them, and `sha256sum --check` reads them. */
export function formatChecksums(files: readonly Pick<ReleaseFile, "name" | "sha256">[]): string {
  return files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
}

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
 * Packs what `npm publish` would send of these files of a folder. The same files give the same bytes: npm sets the
 * times, this function sets the modes and compresses in JavaScript, because zlib differs between versions of Node.js.
 * @param files paths below the folder; of them npm takes what package.json's `files` says
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
    for (const file of files)
      stageFile(join(staged, file), readFileSync(join(directory, file)), isProgram(join(directory, file)));
    for (const [file, content] of Object.entries(added)) stageFile(join(staged, file), content, false);
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

function stageFile(path: string, content: string | Uint8Array, executable: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, executable ? 0o755 : 0o644);
}

/** Of the mode git keeps only this. */
function isProgram(path: string): boolean {
  return (statSync(path).mode & 0o100) !== 0;
}

/** A release for a person: its files, and the commands that check and publish it. */
export function formatRelease(release: Release, packages: readonly ShippedPackage[]): string {
  const { name, version, commit, files } = release;
  const width = Math.max(...files.map((file) => file.name.length));
  return [
    `dist/release: ${name} ${version} of commit ${commit}`,
    ...listWarnings(release),
    "",
    ...files.map((file) => `  ${file.name.padEnd(width)}  ${String(file.bytes).padStart(9)}  ${file.sha256}`),
    "",
    `Packages that ship: ${new Set(packages.map((each) => `${each.name}@${each.version}`)).size}, by ` +
      `license: ${countLicenses(packages)}.`,
    "",
    "Nothing is published. To check it, and to publish it:",
    "  (cd dist/release && sha256sum --check SHA256SUMS)",
    `  npm publish ./dist/release/${name}-${version}.tgz --access public`,
    `  git tag v${version} ${commit} && git push origin v${version}`,
    `  gh release create v${version} --verify-tag --notes-file dist/release/release-notes.md dist/release/*`,
  ].join("\n");
}

function listWarnings({ workingTree, changelog, version }: Release): string[] {
  return [
    ...(workingTree === "dirty" ? ["Not to be published: files were not as the commit has them (--allow-dirty)."] : []),
    ...(changelog === "unreleased"
      ? [`CHANGELOG.md still calls ${version} unreleased: give its heading a date before you publish.`]
      : []),
  ];
}

function countLicenses(packages: readonly ShippedPackage[]): string {
  const byId = new Map(packages.map((each) => [`${each.name}@${each.version}`, each.license ?? "none"]));
  const counts = new Map<string, number>();
  for (const license of byId.values()) counts.set(license, (counts.get(license) ?? 0) + 1);
  return [...counts]
    .sort(([one, few], [other, many]) => many - few || (one < other ? -1 : 1))
    .map(([license, count]) => `${license} ${count}`)
    .join(", ");
}
