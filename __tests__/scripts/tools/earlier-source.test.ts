import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { earlierSource } from "../../../scripts/tools/earlier-source";
import { temporaryFolder } from "../../support/temporary-folder";

const env = { PATH: process.env["PATH"] };
const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], { cwd, env, encoding: "utf8" });

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
  const source = await earlierSource({ project, ref: "HEAD", env });
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
  await expect(earlierSource({ project: repository().project, ref, env })).rejects.toThrow(message);
});

test("a folder that is in no repository is refused with what to do", async () => {
  const project = temporaryFolder("plain");
  await expect(
    earlierSource({ project, ref: "HEAD", env: { ...env, GIT_CEILING_DIRECTORIES: join(project, "..") } }),
  ).rejects.toThrow(/is not in a git repository.*Run it in a clone/s);
});

test("without git it says that git is missing", async () => {
  await expect(
    earlierSource({ project: repository().project, ref: "HEAD", env: { PATH: "/nowhere" } }),
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
  await expect(earlierSource({ project, ref: "HEAD", env })).rejects.toThrow("The commit HEAD has no folder");
});
