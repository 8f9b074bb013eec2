import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { deterministicZip, writeFolder } from "../kit/files";
import { readWorkingTree, type WorkingTree } from "../kit/git";
import { packageFunctions } from "../kit/package-functions";
import { packageId, type ShippedPackage } from "./production-packages";
import { addDays, describePlace, isDay, SUPPRESSIONS, type Suppression } from "../review/suppressions";
import { buildModules } from "./modules";
import { buildNpmPackage, buildProgram } from "./npm-package";
import { formatBills, formatNotices, listRefusedLicenses, listShippedPackages, NOTICES, readNotices } from "./packages";

interface ReleaseOptions {
  /** Go on although files differ from the commit. Default: no, because nobody could make such a release again. */
  readonly allowDirty?: boolean;
  /** The commit's tag, which must be `v` and the version. Default: it is not compared. */
  readonly tag?: string;
  /** Day of the release, as YYYY-MM-DD. Default: the commit's, so that a commit can be released again at any time. */
  readonly date?: string;
}

/** What a release is made from, checked before anything is built. */
interface CheckedRelease {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly tree: WorkingTree;
  readonly entry: ChangelogEntry;
}

/**
 * Builds what a version publishes, in dist/release: the Terraform modules, the npm package, bills of materials, notes,
 * a manifest and checksums. The same commit gives the same bytes. Nothing is published.
 */
export async function release(context: CommandContext, options: ReleaseOptions = {}): Promise<CommandResult> {
  const { projectDirectory, progress } = context;
  const checked = await checkRelease(context, options);
  const { functions } = (await packageFunctions(context)).json;
  const program = await progress.step(
    "Build the program",
    () => buildProgram(context),
    ({ files }) => `${files.length} files`,
  );
  const shipped = listShippedPackages(projectDirectory, program.inputs, functions);
  const packages = [...shipped.program, ...shipped.bundled];
  refuseLicenses(packages);
  const folders = functions.flatMap((each) => each.packages);
  const notice = formatNotices(readNotices(projectDirectory, folders));
  const npm = await progress.step(
    "Pack the npm package",
    () => buildNpmPackage(context, { sources: checked.tree.files, functions, program, notice }),
    ({ content }) => `${Math.round(content.length / 1024)} KB`,
  );
  const notices = new TextEncoder().encode(notice);
  // A repository of its own has the notices of its zips in it.
  const terraform = {
    ...(await buildModules(context)),
    [NOTICES]: notices,
    [`terraform-aws-agent-api/${NOTICES}`]: notices,
  };
  const made = addManifest(
    { ...checked, functions },
    {
      [npm.name]: npm.content,
      [`${checked.name}-terraform-${checked.version}.zip`]: deterministicZip(terraform),
      ...formatBills(checked, shipped),
      "release-notes.md": `${checked.entry.text}\n`,
    },
  );
  writeFolder(join(projectDirectory, "dist", "release"), made.files);
  return { exitCode: 0, text: formatRelease(made.release, packages), json: made.release };
}

async function checkRelease(
  { projectDirectory, environment, progress }: CommandContext,
  { allowDirty = false, tag, date }: ReleaseOptions,
): Promise<CheckedRelease> {
  const read = (name: string) => readFileSync(join(projectDirectory, name), "utf8");
  const { name, version, license } = JSON.parse(read("package.json")) as Record<"name" | "version" | "license", string>;
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version))
    throw new UsageError(
      `package.json has the version ${JSON.stringify(version)}; allowed: such as 1.2.3 or 1.2.3-rc.1. ` +
        "Set it: npm version --no-git-tag-version <version>",
    );
  if (tag !== undefined && tag !== `v${version}`)
    throw new UsageError(
      `The tag is ${JSON.stringify(tag)}, and package.json has the version ${version}; allowed: ` +
        `v${version}. Tag the commit that has the tag's version, or set the version first.`,
    );
  if (date !== undefined && !isDay(date))
    throw new UsageError(`--date is ${JSON.stringify(date)}; allowed: a day as YYYY-MM-DD.`);
  const entry = findChangelogEntry(read("CHANGELOG.md"), version);
  const tree = await progress.step(
    "Look at the working tree",
    () => readWorkingTree(projectDirectory, environment),
    ({ commit }) => commit.slice(0, 12),
  );
  if (tree.changed.length > 0 && !allowDirty) {
    const shown = tree.changed.slice(0, 10).map((path) => `  ${path}`);
    throw new UsageError(
      `A release is of a commit, and ${tree.changed.length} files differ from ${tree.commit.slice(0, 12)}:\n` +
        `${shown.join("\n")}${tree.changed.length > 10 ? "\n  …" : ""}\nCommit them, or give --allow-dirty, which ` +
        "the manifest then says.",
    );
  }
  refuseEndingSuppressions(date ?? tree.day);
  return { name, version, license, tree, entry };
}

interface ChangelogEntry {
  /** Its Markdown without the heading. */
  readonly text: string;
  /** Whether the heading still says that it is not released. */
  readonly unreleased: boolean;
}

/**
 * The changelog's section of a version.
 * @throws Error where there is none or it is empty: operators read there what a release changes for them
 */
export function findChangelogEntry(changelog: string, version: string): ChangelogEntry {
  const sections = changelog.split(/^(?=## )/m).filter((section) => section.startsWith("## "));
  const found = sections.find((section) => /^## \[?v?([^\s\]]+)/.exec(section)?.[1] === version);
  if (found === undefined) {
    const versions = sections.map((section) => /^## (.*)/.exec(section)?.[1]).join(", ");
    throw new Error(
      `CHANGELOG.md has no section "## ${version}", the version in package.json; it has: ` +
        `${versions || "none"}. Write what this version changes for operators.`,
    );
  }
  const [heading = "", ...lines] = found.split("\n");
  const text = lines.join("\n").trim();
  if (text === "")
    throw new Error(
      `The section "${heading}" of CHANGELOG.md is empty. Write what this version changes for operators.`,
    );
  return { text, unreleased: /unreleased/i.test(heading) };
}

/** A release is used for this long, so the project's own suppressions must be valid for at least as long. */
const RELEASED_DAYS = 180;

/** Throws where suppressions must be decided again before a release of that day (YYYY-MM-DD). */
export function refuseEndingSuppressions(day: string, suppressions: readonly Suppression[] = SUPPRESSIONS): void {
  const ending = suppressions
    .filter(({ until }) => until <= addDays(day, RELEASED_DAYS))
    .map(({ rule, until, ...where }) => `  ${rule}, until ${until}: ${describePlace(where)}`);
  if (ending.length > 0)
    throw new Error(
      `These suppressions of the audit end within ${RELEASED_DAYS} days of the release of ${day}, and only a release ` +
        `renews them:\n${ending.join("\n")}\nDecide each again in scripts/review/suppressions.ts: give it a later ` +
        "day, or delete it.",
    );
}

function refuseLicenses(packages: readonly ShippedPackage[]): void {
  const refused = [...new Set(listRefusedLicenses(packages))];
  if (refused.length > 0)
    throw new Error(
      "These packages would ship under a license that is not " +
        `allowed:\n${refused.map((each) => `  ${each}`).join("\n")}\nTake another package, or add the ` +
        "license to scripts/publish/packages.ts once somebody has read it.",
    );
}

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

/** A release for a person: its files, and the commands that check and publish it. */
function formatRelease(release: Release, packages: readonly ShippedPackage[]): string {
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
