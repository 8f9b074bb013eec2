import { run } from "./process";

/** What git says about a folder. */
export interface WorkingTree {
  /** Hash of the commit that is checked out. */
  readonly commit: string;
  /** Day of that commit, in UTC, as YYYY-MM-DD. */
  readonly day: string;
  /** Paths of the files that are not as the commit has them, and of new ones; ignored ones are left out. */
  readonly changed: readonly string[];
  /** Paths of all files that git has or would take, deleted ones left out. */
  readonly files: readonly string[];
}

/** @throws Error where the folder is not the top of a git repository with a commit */
export async function workingTree(directory: string, env: NodeJS.ProcessEnv): Promise<WorkingTree> {
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
