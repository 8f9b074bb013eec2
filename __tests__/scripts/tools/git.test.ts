import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workingTree } from "../../../scripts/tools/git";
import { temporaryFolder } from "../../support/temporary-folder";

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
  expect(await workingTree(folder, ENV)).toEqual({
    commit: git("rev-parse", "HEAD").trim(),
    day: "2027-01-01",
    changed: [],
    files: [".gitignore", "below/x.txt", "gone.txt", "kept.txt", "new name ü.txt"],
  });
});

test("changed, new, deleted and staged files are changes; ignored ones are none; a deleted one is no file", async () => {
  const { folder, git } = repository();
  writeFileSync(join(folder, "below/x.txt"), "2");
  writeFileSync(join(folder, "staged.txt"), "2");
  git("add", "staged.txt");
  mkdirSync(join(folder, "ignored"));
  mkdirSync(join(folder, "new"));
  writeFileSync(join(folder, "ignored/y.txt"), "2");
  writeFileSync(join(folder, "new/y.txt"), "2");
  rmSync(join(folder, "gone.txt"));
  const { changed, files } = await workingTree(folder, ENV);
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
  await expect(workingTree(outside, { ...ENV, GIT_CEILING_DIRECTORIES: join(outside, "..") })).rejects.toThrow(
    /no-git-\w+ is no git repository with a commit: git rev-parse ended with code 128/,
  );
  execFileSync("git", ["init", "--quiet"], { cwd: outside, env: ENV });
  await expect(workingTree(outside, ENV)).rejects.toThrow(/is no git repository with a commit/);
  const { folder } = repository();
  await expect(workingTree(join(folder, "below"), ENV)).rejects.toThrow(
    /below lies in a git repository, in its folder below\/; wanted: its top\./,
  );
});
