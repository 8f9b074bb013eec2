import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { deterministicZip, writeFolder } from "../kit/files";
import { readWorkingTree, type WorkingTree } from "../kit/git";
import { packageFunctions, type PackagedFunction } from "../kit/package-functions";
import { run } from "../kit/process";
import { packageFolders, type ShippedPackage } from "../kit/production-packages";
import { writeStacks } from "../kit/synth";
import { addDays, describePlace, isDay, type Suppression } from "../review/suppression";
import { SUPPRESSIONS } from "../review/suppressions";
import { addManifest, formatRelease, packNpm } from "./manifest";
import { MODULE_STACKS, modules } from "./modules";
import { formatBills, formatNotices, listRefusedLicenses, listShippedPackages, readNotices } from "./packages";

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

const PROGRAM = join("dist", "program");
const NOTICES = "THIRD-PARTY-NOTICES.txt";

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
  const shipped = listShippedPackages(projectDirectory, functions);
  const packages = [...shipped.installed, ...shipped.bundled];
  refuseLicenses(packages);
  const folders = functions.flatMap((each) => each.packages);
  const notice = formatNotices(readNotices(projectDirectory, folders));
  const npm = await progress.step(
    "Pack the npm package",
    () => buildNpmPackage(context, { tree: checked.tree, functions, program, notice }),
    ({ content }) => `${Math.round(content.length / 1024)} KB`,
  );
  const terraform = { ...(await buildModules(context)), [NOTICES]: new TextEncoder().encode(notice) };
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

/** Suppressions that must be decided again before a release of that day (YYYY-MM-DD). */
export function listEndingSuppressions(
  day: string,
  suppressions: readonly Suppression[] = SUPPRESSIONS,
): Suppression[] {
  return suppressions.filter(({ until }) => until <= addDays(day, RELEASED_DAYS));
}

function refuseEndingSuppressions(day: string): void {
  const ending = listEndingSuppressions(day).map(
    ({ rule, until, ...where }) => `  ${rule}, until ${until}: ${describePlace(where)}`,
  );
  if (ending.length > 0)
    throw new Error(
      `These suppressions of the audit end within ${RELEASED_DAYS} days of the release of ${day}, and only a release ` +
        `renews them:\n${ending.join("\n")}\nDecide each again in scripts/review/suppressions.ts: give it a later ` +
        "day, or delete it.",
    );
}

/** The modules' files by path. */
async function buildModules(context: CommandContext): Promise<Record<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-release-"));
  try {
    const [synthesized, out] = [join(folder, "synthesized"), join(folder, "modules")];
    await context.progress.step("Synthesize the modules' stacks", () =>
      writeStacks(context, synthesized, MODULE_STACKS),
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

/** What scripts/bin/program.js says that it built. */
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

interface NpmParts extends Pick<CheckedRelease, "tree"> {
  readonly functions: readonly PackagedFunction[];
  readonly program: BuiltProgram;
  /** Licenses of the packages in the functions. */
  readonly notice: string;
}

async function buildNpmPackage(
  { projectDirectory, environment }: CommandContext,
  { tree, functions, program: { entries, files, inputs }, notice }: NpmParts,
) {
  const made = [...functions.map(({ archive }) => archive), ...files.map((file) => join(PROGRAM, file))];
  const added = {
    [join("dist", "functions", NOTICES)]: notice,
    [join(PROGRAM, NOTICES)]: formatNotices(readNotices(projectDirectory, packageFolders(inputs))),
    // Without the hash of the sources, which depends on the optional packages that this machine has.
    [join(PROGRAM, "current.json")]: `${JSON.stringify({ entries, files }, null, 1)}\n`,
  };
  const npm = await packNpm(projectDirectory, [...tree.files, ...made], { env: environment, added });
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
