import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { gzipSync } from "fflate";
import { run } from "../kit/process";
import { packageId, type ShippedPackage } from "../kit/production-packages";

/** The content of `release.json`. */
interface Release {
  readonly name: string;
  readonly version: string;
  /** Hash of the commit that it is made from. */
  readonly commit: string;
  /** Dirty: files differed from the commit, so nobody can make the release again. */
  readonly workingTree: "clean" | "dirty";
  /** Whether the changelog's heading still calls the version unreleased. */
  readonly changelog: "released" | "unreleased";
  /** SHA-256 of each function's zip, in hexadecimal; Lambda shows it in base64. */
  readonly functions: Readonly<Record<string, string>>;
  /** In order of their names. */
  readonly files: readonly ReleaseFile[];
}

interface ReleaseFile {
  readonly name: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** What a release is made from. */
interface ReleaseSource {
  readonly name: string;
  readonly version: string;
  readonly tree: { readonly commit: string; readonly changed: readonly string[] };
  readonly entry: { readonly unreleased: boolean };
  readonly functions: readonly { readonly name: string; readonly sha256: string }[];
}

/** Adds the manifest to a release's files, and the checksums that `sha256sum --check` reads. */
export function addManifest(
  { name, version, tree, entry, functions }: ReleaseSource,
  content: Readonly<Record<string, Uint8Array | string>>,
): { readonly release: Release; readonly files: Readonly<Record<string, Uint8Array>> } {
  const names = Object.keys(content).sort();
  const files = Object.fromEntries(names.map((each) => [each, Buffer.from(content[each] ?? "")]));
  const release: Release = {
    name,
    version,
    commit: tree.commit,
    workingTree: tree.changed.length === 0 ? "clean" : "dirty",
    changelog: entry.unreleased ? "unreleased" : "released",
    functions: Object.fromEntries(functions.map((each) => [each.name, each.sha256])),
    files: Object.entries(files).map(([file, bytes]) => ({
      name: file,
      bytes: bytes.length,
      sha256: hashBytes(bytes),
    })),
  };
  files["release.json"] = Buffer.from(`${JSON.stringify(release, null, 2)}\n`);
  const sums = Object.entries(files).map(([file, bytes]) => `${hashBytes(bytes)}  ${file}\n`);
  return { release, files: { ...files, SHA256SUMS: Buffer.from(sums.join("")) } };
}

const hashBytes = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

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

/** A release for a person: its files, and the commands that check and publish it. */
export function formatRelease(release: Release, packages: readonly ShippedPackage[]): string {
  const { name, version, commit, files } = release;
  const width = Math.max(...files.map((file) => file.name.length));
  const licenses = new Map(packages.map((each) => [packageId(each), each.license ?? "none"]));
  return [
    `dist/release: ${name} ${version} of commit ${commit}`,
    ...listWarnings(release),
    "",
    ...files.map((file) => `  ${file.name.padEnd(width)}  ${String(file.bytes).padStart(9)}  ${file.sha256}`),
    "",
    `Packages that ship: ${licenses.size}, by license: ${countEach([...licenses.values()])}.`,
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
    ...(workingTree === "dirty" ? ["Do not publish it: files differed from the commit (--allow-dirty)."] : []),
    ...(changelog === "unreleased"
      ? [`CHANGELOG.md still calls ${version} unreleased: give its heading a date before you publish.`]
      : []),
  ];
}

/** `MIT 120, ISC 3`, the most frequent first. */
function countEach(names: readonly string[]): string {
  return [...new Set(names)]
    .map((name) => ({ name, count: names.filter((each) => each === name).length }))
    .sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1))
    .map(({ name, count }) => `${name} ${count}`)
    .join(", ");
}
