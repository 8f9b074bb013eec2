import { addDays, type Suppression, isDay, describePlace, SUPPRESSIONS } from "../review/suppressions";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { listRefusedLicenses, formatNotices, formatBills, readNotices, listShippedPackages } from "./packages";
import { formatChecksums, createManifest, packNpm, formatRelease } from "./manifest";
import { packageFolders, type ShippedPackage } from "../kit/production-packages";
import { writeFolder, deterministicZip } from "../kit/files";
import { readWorkingTree, type WorkingTree } from "../kit/git";
import { run } from "../kit/process";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { MODULES, modules } from "./modules";
import { packageFunctions, type PackagedFunction } from "../kit/package-functions";
import { writeStacks } from "../kit/synth";

export interface ChangelogEntry {
  /** Its Markdown without the heading. */
  readonly text: string;
  /** Whether the heading still says that it is not released. */
  readonly unreleased: boolean;
}

/**
 * The section of a version.
 * @throws Error where there is none, or nothing in it: operators read it to learn what a release changes for them
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
      `CHANGELOG.md has nothing in the section "${heading}". Write what this version changes for operators.`,
    );
  return { text, unreleased: /unreleased/i.test(heading) };
}

/** Days that every suppression of the project's own holds after a release at least: a release is used for as long. */
const RELEASED_DAYS = 180;

/** Suppressions that have to be decided anew before a release of that day, as YYYY-MM-DD. */
export function listEndingSuppressions(
  day: string,
  suppressions: readonly Suppression[] = SUPPRESSIONS,
): Suppression[] {
  return suppressions.filter(({ until }) => until <= addDays(day, RELEASED_DAYS));
}

export interface ReleaseOptions {
  /** Go on where files are not as the commit has them. Default: no, as nobody could make such a release again. */
  readonly allowDirty?: boolean;
  /** What the commit is tagged with: `v` and the version. Default: not compared. */
  readonly tag?: string;
  /**
   * Day of the release, as YYYY-MM-DD. Default: the commit's, so that the same commit can be released again at any
   * time.
   */
  readonly date?: string;
}

/** What a release is made from, checked before anything is built. */
interface CheckedRelease {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly tree: WorkingTree;
  readonly entry: ReturnType<typeof findChangelogEntry>;
}

const TARGET = join("dist", "release");
const PROGRAM = join("dist", "program");
const NOTICES = "THIRD-PARTY-NOTICES.txt";
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/**
 * Builds what a version publishes, in dist/release: the Terraform modules, the npm package, bills of materials, notes,
 * a manifest and checksums. The same commit gives the same bytes. Nothing is published.
 */
export async function release(context: CommandContext, options: ReleaseOptions = {}): Promise<CommandResult> {
  const { projectDirectory, progress } = context;
  const ready = await checkRelease(context, options);
  const { functions } = (await packageFunctions(context)).json as { readonly functions: readonly PackagedFunction[] };
  const program = await progress.step(
    "Build the program",
    () => buildProgram(context),
    ({ files }) => `${files.length} files`,
  );
  const shipped = listShippedPackages(projectDirectory, functions);
  refuseLicenses([...shipped.installed, ...shipped.bundled]);
  const notice = formatNotices(
    readNotices(
      projectDirectory,
      functions.flatMap(({ packages }) => packages),
    ),
  );
  const npm = await progress.step(
    "Pack the npm package",
    () => buildNpmPackage(context, { ready, functions, program, notice }),
    ({ content }) => `${Math.round(content.length / 1024)} KB`,
  );
  const terraform = await buildModules(context);
  const archive = deterministicZip({ ...terraform, [NOTICES]: new TextEncoder().encode(notice) });
  const content = {
    [npm.name]: npm.content,
    [`${ready.name}-terraform-${ready.version}.zip`]: archive,
    ...formatBills(ready, shipped, functions),
    "release-notes.md": `${ready.entry.text}\n`,
  };
  const made = addChecksums(ready, functions, content);
  writeFolder(join(projectDirectory, TARGET), made.files);
  return {
    exitCode: 0,
    text: formatRelease(made.release, [...shipped.installed, ...shipped.bundled]),
    json: made.release,
  };
}

async function checkRelease(
  { projectDirectory, environment, progress }: CommandContext,
  { allowDirty = false, tag, date }: ReleaseOptions,
): Promise<CheckedRelease> {
  const read = (name: string) => readFileSync(join(projectDirectory, name), "utf8");
  const { name, version, license } = JSON.parse(read("package.json")) as Partial<
    Record<"name" | "version" | "license", string>
  >;
  if (name === undefined || license === undefined)
    throw new UsageError(
      `package.json has name ${JSON.stringify(name)} and license ${JSON.stringify(license)}; a release has both.`,
    );
  if (version === undefined || !VERSION.test(version))
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
      `A release is of a commit, and ${tree.changed.length} files are not as ${tree.commit.slice(0, 12)} ` +
        `has them:\n${shown.join("\n")}${tree.changed.length > 10 ? "\n  …" : ""}\nCommit them, or give ` +
        "--allow-dirty, which the manifest then says.",
    );
  }
  refuseEndingSuppressions(date ?? tree.day);
  return { name, version, license, tree, entry };
}

function refuseEndingSuppressions(day: string): void {
  const ending = listEndingSuppressions(day).map(
    ({ rule, until, ...where }) => `  ${rule}, until ${until}: ${describePlace(where)}`,
  );
  if (ending.length > 0)
    throw new Error(
      `These suppressions of the audit end within 180 days of the release of ${day}, and only a release ` +
        `renews them:\n${ending.join("\n")}\nDecide each anew in scripts/review/suppressions.ts: give it a ` +
        "later day, or drop it.",
    );
}

/** The modules' files by path, written to a folder where nothing else is. */
async function buildModules(context: CommandContext): Promise<Record<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-release-"));
  try {
    const [synthesized, out] = [join(folder, "synthesized"), join(folder, "modules")];
    await context.progress.step("Synthesize the modules' stacks", () =>
      writeStacks(context, synthesized, { QUICKTURN_STACKS: MODULES.map(({ stack }) => stack).join(",") }),
    );
    await modules(context, { out, synthesized });
    const files = readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return Object.fromEntries(files.map((file) => [relative(out, file), readFileSync(file)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What scripts/bin/program.js says of what it built. */
interface BuiltProgram {
  readonly entries: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly inputs: readonly string[];
}

async function buildProgram({ projectDirectory, environment, signal }: CommandContext): Promise<BuiltProgram> {
  await run(process.execPath, [join("scripts", "bin", "program.js")], {
    cwd: projectDirectory,
    env: environment,
    signal,
  });
  return JSON.parse(readFileSync(join(projectDirectory, PROGRAM, "current.json"), "utf8")) as BuiltProgram;
}

interface Packing {
  readonly ready: CheckedRelease;
  readonly functions: readonly PackagedFunction[];
  readonly program: BuiltProgram;
  /** Licenses of what is in the functions. */
  readonly notice: string;
}

async function buildNpmPackage(
  { projectDirectory, environment }: CommandContext,
  { ready, functions, program: { entries, files, inputs }, notice }: Packing,
) {
  const made = [...functions.map(({ archive }) => archive), ...files.map((file) => join(PROGRAM, file))];
  const added = {
    [join("dist", "functions", NOTICES)]: notice,
    [join(PROGRAM, NOTICES)]: formatNotices(readNotices(projectDirectory, packageFolders(inputs))),
    // Without the hash of the sources: of them it depends on the machine which optional packages are installed.
    [join(PROGRAM, "current.json")]: `${JSON.stringify({ entries, files }, null, 1)}\n`,
  };
  const npm = await packNpm(projectDirectory, [...ready.tree.files, ...made], { env: environment, added });
  const missing = [...made, ...Object.keys(added)].filter((file) => !npm.files.includes(file));
  if (missing.length > 0)
    throw new UsageError(
      `The npm package leaves out ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ", …" : ""}: ` +
        'an installed copy can neither bundle nor build. Add "dist/functions" and "dist/program" to ' +
        '"files" in package.json.',
    );
  return npm;
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

/** The files with the manifest, and the checksums over all of them. */
function addChecksums(
  ready: CheckedRelease,
  functions: readonly PackagedFunction[],
  content: Readonly<Record<string, Uint8Array | string>>,
) {
  const bytes = Object.fromEntries(Object.entries(content).map(([name, each]) => [name, Buffer.from(each)]));
  const files = Object.entries(bytes).map(([name, each]) => ({ name, bytes: each.length, sha256: hashContent(each) }));
  const release = createManifest(ready, functions, files);
  const manifest = Buffer.from(`${JSON.stringify(release, null, 2)}\n`);
  const sums = formatChecksums([...release.files, { name: "release.json", sha256: hashContent(manifest) }]);
  return { release, files: { ...bytes, "release.json": manifest, SHA256SUMS: Buffer.from(sums) } };
}

function hashContent(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
