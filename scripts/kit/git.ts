import { run, ProgramFailed, type RunOptions } from "./process";
import { existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";

/** What git says about a folder. */
export interface WorkingTree {
  /** Hash of the commit that is checked out. */
  readonly commit: string;
  /** Day of that commit, in UTC, as YYYY-MM-DD. */
  readonly day: string;
  /** Paths of files that differ from the commit, and of new ones; ignored ones are left out. */
  readonly changed: readonly string[];
  /** Paths of all files that git tracks or would add, without deleted ones. */
  readonly files: readonly string[];
}

/** @throws Error where the folder is not the top of a git repository with a commit */
export async function readWorkingTree(directory: string, env: NodeJS.ProcessEnv): Promise<WorkingTree> {
  const git = async (...args: readonly string[]) => (await run("git", args, { cwd: directory, env })).stdout;
  const [prefix, commit] = await Promise.all([git("rev-parse", "--show-prefix"), git("rev-parse", "HEAD")]).catch(
    (cause: unknown) => {
      throw new Error(
        `${directory} is no git repository with a commit: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    },
  );
  if (prefix.trim() !== "")
    throw new Error(`${directory} lies in a git repository, in its folder ${prefix.trim()}; wanted: its top.`);
  const seconds = await git("show", "--no-patch", "--format=%ct", "HEAD");
  const [status, listed] = [
    await git("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"),
    await git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"),
  ];
  const changes = names(status).map((line) => ({ kind: line.slice(0, 2), path: line.slice(3) }));
  const deleted = new Set(changes.filter(({ kind }) => kind[1] === "D").map(({ path }) => path));
  return {
    commit: commit.trim(),
    day: new Date(Number(seconds) * 1000).toISOString().slice(0, 10),
    changed: changes.map(({ path }) => path),
    files: names(listed).filter((path) => !deleted.has(path)),
  };
}

function names(output: string): string[] {
  return output.split("\0").filter((name) => name !== "");
}

interface EarlierSourceOptions {
  /** Folder of the project, anywhere inside a git repository. */
  readonly project: string;
  /** Commit, tag or branch. */
  readonly ref: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** The project as it was at a commit. */
export interface EarlierSource {
  /** Its folder, in a temporary one, with the packages that are installed now. */
  readonly directory: string;
  /** The commit's hash. */
  readonly commit: string;
  remove(): void;
}

/**
 * Writes the project as it was at a commit into a temporary folder. The repository is only read: its index, its
 * working tree and its list of worktrees stay as they are.
 * @throws Error where there is no git, no repository or no such commit
 */
export async function checkOutCommit({ project, ref, env, signal }: EarlierSourceOptions): Promise<EarlierSource> {
  if (ref === "" || ref.startsWith("-"))
    throw new Error(
      `The ref is ${JSON.stringify(ref)}; allowed: a commit, tag or branch, such as HEAD, HEAD^1 or origin/main`,
    );
  const git = (args: readonly string[], how: Partial<RunOptions> = {}) =>
    run("git", args, { cwd: project, env, signal, ...how });
  const top = await git(["rev-parse", "--show-toplevel"]).then(
    ({ stdout }) => realpathSync(stdout.trim()),
    (cause: unknown) => Promise.reject(explainMissingRepository(cause, project)),
  );
  const { code, stdout } = await git(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`], {
    acceptedCodes: [0, 1, 128],
  });
  if (code !== 0)
    throw new Error(
      `There is no commit ${JSON.stringify(ref)} in ${top}; allowed: a commit, tag or branch that is fetched. A ` +
        "pipeline fetches one commit alone unless it is told otherwise (fetch-depth)",
    );
  const commit = stdout.trim();
  const folder = mkdtempSync(join(tmpdir(), "quickturn-earlier-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const ownIndex = { cwd: top, env: { ...env, GIT_INDEX_FILE: join(folder, "index") } };
    await git(["read-tree", commit], ownIndex);
    await git(["checkout-index", "--all", `--prefix=${join(folder, "source")}/`], ownIndex);
    const directory = join(folder, "source", realpathSync(project).slice(top.length).split(sep).join("/"));
    if (!existsSync(directory)) throw new Error(`The commit ${ref} has no folder ${project}; give a later one`);
    linkPackages(project, directory);
    return { directory, commit, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function explainMissingRepository(cause: unknown, project: string): unknown {
  if (!(cause instanceof ProgramFailed)) return cause;
  return new Error(
    `${project} is not in a git repository, or git may not read it (${cause.result.stderr.trim()}). Run it in ` +
      "a clone",
    { cause },
  );
}

/** Links the packages that are installed now: to fetch those of the commit takes minutes and a network. */
function linkPackages(project: string, directory: string): void {
  for (const name of ["node_modules", join("handlers", "node_modules")]) {
    const [from, to] = [join(project, name), join(directory, name)];
    if (existsSync(from) && !existsSync(to)) symlinkSync(realpathSync(from), to);
  }
}
