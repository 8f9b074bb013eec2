import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { forgetRun, recordRun, removeDeadRuns } from "../../../scripts/local/dead-runs";
import { temporaryFolder } from "../../support/temporary-folder";

const started: ChildProcess[] = [];
afterEach(() => started.splice(0).forEach((child) => child.kill("SIGKILL")));

/** A process that runs until it is killed, and by what it was. */
function sleeper(
  env: NodeJS.ProcessEnv,
  cwd = "/",
): { readonly killed: Promise<unknown>; readonly child: ChildProcess } {
  const child = spawn("sleep", ["1000"], { env, cwd, detached: true });
  started.push(child);
  return { child, killed: new Promise((resolve) => child.once("exit", (_code, by) => resolve(by))) };
}

/** The folder of a run; `record` changes what this process would write down of itself. */
function runFolder(parent: string, record: object = {}, keep = false): string {
  const folder = join(parent, `run-${keep ? "kept" : "gone"}`);
  mkdirSync(folder);
  recordRun(folder, keep);
  const path = join(folder, "run.json");
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), ...record }));
  return folder;
}

/** This process's id at another time: its run is dead, and the id was given again. */
const DEAD = { began: "1" };

test("a dead run's processes are ended and its folder is deleted; other processes stay", async () => {
  const parent = temporaryFolder("dead");
  const folder = runFolder(parent, DEAD);
  const helper = sleeper({ HOME: folder });
  const frozen = sleeper({ LAMBDA_TASK_ROOT: `${folder}/code/api` });
  frozen.child.kill("SIGSTOP");
  const reader = sleeper({ HOME: "/", PWD: folder, OLDPWD: folder, TMPDIR: folder }, folder);
  const neighbour = sleeper({ HOME: `${folder}-2` });
  expect(removeDeadRuns(parent, "run-")).toEqual([
    `A run that was killed had left ${folder} and 2 processes: cleaned up.`,
  ]);
  expect(await Promise.all([helper.killed, frozen.killed])).toEqual(["SIGKILL", "SIGKILL"]);
  expect(existsSync(folder)).toBe(false);
  expect([reader, neighbour].map(({ child }) => child.exitCode ?? child.signalCode)).toEqual([null, null]);
});

test("a run that was to keep its folder leaves the folder, without its record", () => {
  const parent = temporaryFolder("dead");
  const folder = runFolder(parent, DEAD, true);
  expect(removeDeadRuns(parent, "run-")).toHaveLength(1);
  expect(existsSync(folder)).toBe(true);
  expect(removeDeadRuns(parent, "run-")).toEqual([]);
});

test.each([
  ["a run that is alive", {}],
  ["a run of another container, whose processes cannot be seen", { ...DEAD, namespace: "pid:[1]" }],
])("%s is not touched", (_whose, record) => {
  const parent = temporaryFolder("dead");
  const folder = runFolder(parent, record);
  expect(removeDeadRuns(parent, "run-")).toEqual([]);
  expect(existsSync(folder)).toBe(true);
});

test("a folder without a record, or with a record that is cut off, is not touched", () => {
  const parent = temporaryFolder("dead");
  const folder = runFolder(parent, DEAD);
  writeFileSync(join(folder, "run.json"), "{");
  expect(removeDeadRuns(parent, "run-")).toEqual([]);
  forgetRun(folder);
  expect(removeDeadRuns(parent, "run-")).toEqual([]);
  expect(existsSync(folder)).toBe(true);
});
