import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkOutCommit, readWorkingTree } from "../../../scripts/kit/git";
import { temporaryFolder } from "../../support/temporary-folder";

describe("earlier source", () => {
  const env = { PATH: process.env["PATH"] };
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      cwd,
      env,
      encoding: "utf8",
    });

  /** A project in a folder of a repository, with a commit, and something changed since. */
  function repository(): { top: string; project: string } {
    const top = temporaryFolder("repository");
    const project = join(top, "infra");
    mkdirSync(join(project, "node_modules"), { recursive: true });
    writeFileSync(join(top, ".gitignore"), "node_modules\n");
    writeFileSync(join(project, "a.txt"), "before");
    git(top, "init", "--quiet");
    git(top, "add", "-A");
    git(top, "commit", "--quiet", "-m", "first");
    writeFileSync(join(project, "a.txt"), "staged");
    git(top, "add", "-A");
    writeFileSync(join(project, "a.txt"), "after");
    return { top, project };
  }

  test("the project is there as it was, with the packages of now, and the repository is as before", async () => {
    const { top, project } = repository();
    const before = git(top, "status", "--porcelain=v2");
    const source = await checkOutCommit({ project, ref: "HEAD", env });
    expect(readFileSync(join(source.directory, "a.txt"), "utf8")).toBe("before");
    expect(readlinkSync(join(source.directory, "node_modules"))).toBe(realpathSync(join(project, "node_modules")));
    expect(source.commit).toBe(git(top, "rev-parse", "HEAD").trim());
    expect(git(top, "status", "--porcelain=v2")).toBe(before);
    expect(git(top, "worktree", "list").trim().split("\n")).toHaveLength(1);
    source.remove();
    expect(existsSync(source.directory)).toBe(false);
    expect(existsSync(join(project, "node_modules"))).toBe(true);
  });

  test.each([
    ["nowhere", 'There is no commit "nowhere"'],
    ["--all", 'The ref is "--all"; allowed: a commit, tag or branch'],
    ["", 'The ref is ""; allowed'],
  ])("the ref %j is refused with what is allowed", async (ref, message) => {
    await expect(checkOutCommit({ project: repository().project, ref, env })).rejects.toThrow(message);
  });

  test("a folder that is in no repository is refused with what to do", async () => {
    const project = temporaryFolder("plain");
    await expect(
      checkOutCommit({ project, ref: "HEAD", env: { ...env, GIT_CEILING_DIRECTORIES: join(project, "..") } }),
    ).rejects.toThrow(/is not in a git repository.*Run it in a clone/s);
  });

  test("without git it says that git is missing", async () => {
    await expect(
      checkOutCommit({ project: repository().project, ref: "HEAD", env: { PATH: "/nowhere" } }),
    ).rejects.toThrow("git cannot be started");
  });

  test("a commit from before the project is refused", async () => {
    const { top, project } = repository();
    rmSync(project, { recursive: true });
    git(top, "add", "-A");
    writeFileSync(join(top, "b.txt"), "");
    git(top, "add", "-A");
    git(top, "commit", "--quiet", "-m", "without");
    mkdirSync(project);
    await expect(checkOutCommit({ project, ref: "HEAD", env })).rejects.toThrow("The commit HEAD has no folder");
  });
});

describe("git", () => {
  const ENV = {
    PATH: process.env["PATH"],
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "A",
    GIT_COMMITTER_EMAIL: "a@example.com",
    GIT_COMMITTER_DATE: "2026-12-31T20:00:00-05:00",
  };

  function repository(): { folder: string; git: (...args: string[]) => string } {
    const folder = temporaryFolder("git");
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, env: ENV, encoding: "utf8" });
    git("init", "--quiet");
    mkdirSync(join(folder, "below"));
    for (const [name, text] of Object.entries({
      "kept.txt": "1",
      "gone.txt": "1",
      "new name ü.txt": "1",
      "below/x.txt": "1",
      ".gitignore": "ignored/\n",
    }))
      writeFileSync(join(folder, name), text);
    git("add", "--all");
    git("commit", "--quiet", "--message", "All");
    return { folder, git };
  }

  test("a tree as its commit has it has no changes, and its files by name", async () => {
    const { folder, git } = repository();
    expect(await readWorkingTree(folder, ENV)).toEqual({
      commit: git("rev-parse", "HEAD").trim(),
      day: "2027-01-01",
      changed: [],
      files: [".gitignore", "below/x.txt", "gone.txt", "kept.txt", "new name ü.txt"],
    });
  });

  test("changed, new, deleted and staged files are changes; a deleted one is no file", async () => {
    const { folder, git } = repository();
    writeFileSync(join(folder, "below/x.txt"), "2");
    writeFileSync(join(folder, "staged.txt"), "2");
    git("add", "staged.txt");
    mkdirSync(join(folder, "ignored"));
    mkdirSync(join(folder, "new"));
    writeFileSync(join(folder, "ignored/y.txt"), "2");
    writeFileSync(join(folder, "new/y.txt"), "2");
    rmSync(join(folder, "gone.txt"));
    const { changed, files } = await readWorkingTree(folder, ENV);
    expect([...changed].sort()).toEqual(["below/x.txt", "gone.txt", "new/y.txt", "staged.txt"]);
    expect([...files].sort()).toEqual([
      ".gitignore",
      "below/x.txt",
      "kept.txt",
      "new name ü.txt",
      "new/y.txt",
      "staged.txt",
    ]);
  });

  test("a folder that is no repository, one without a commit, and one inside another are refused", async () => {
    const outside = temporaryFolder("no-git");
    await expect(readWorkingTree(outside, { ...ENV, GIT_CEILING_DIRECTORIES: join(outside, "..") })).rejects.toThrow(
      /no-git-\w+ is no git repository with a commit: git rev-parse ended with code 128/,
    );
    execFileSync("git", ["init", "--quiet"], { cwd: outside, env: ENV });
    await expect(readWorkingTree(outside, ENV)).rejects.toThrow(/is no git repository with a commit/);
    const { folder } = repository();
    await expect(readWorkingTree(join(folder, "below"), ENV)).rejects.toThrow(
      /below lies in a git repository, in its folder below\/; wanted: its top\./,
    );
  });
});
