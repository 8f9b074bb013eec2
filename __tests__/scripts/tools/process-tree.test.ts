import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { killTree, processTree } from "../../../scripts/tools/process-tree";

/** A process that starts one of its own, in another group, as terraform is started. */
const NESTED = `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
console.log(child.pid);
setInterval(() => {}, 1000);`;

let parent: ChildProcess;
afterEach(() => void (parent.exitCode === null && parent.signalCode === null && killTree(parent.pid!)));

/** Gone, or dead and not yet taken note of by whoever inherited it. */
function isDead(pid: number): boolean {
  const { status, stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return status !== 0 || stdout.startsWith("Z");
}

test("a process dies with what it has started, in another group too", async () => {
  parent = spawn(process.execPath, ["-e", NESTED], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(parent.stdout!, "data")) as [Buffer];
  const child = Number(line.toString());
  expect(processTree(parent.pid!)).toEqual([parent.pid, child]);
  const exited = once(parent, "exit");
  killTree(parent.pid!);
  expect(await exited).toEqual([null, "SIGKILL"]);
  for (let waits = 0; waits < 50 && !isDead(child); waits++) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isDead(child)).toBe(true);
  // One that has ended by itself is left alone.
  expect(() => killTree(parent.pid!)).not.toThrow();
});
