import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { isAlive, until } from "../scripts/emulator/fixtures";
import { killTree, processTree } from "./process-tree";

/** A process that starts one of its own, in another group, as terraform is started. */
const NESTED = `
const endless = ["-e", "setInterval(() => {}, 1000)"];
const options = { detached: true, stdio: "ignore" };
console.log(require("node:child_process").spawn(process.execPath, endless, options).pid);
setInterval(() => {}, 1000);`;

let parent: ChildProcess;
afterEach(() => void (parent.exitCode === null && parent.signalCode === null && killTree(parent.pid!)));

test("a process dies with what it has started, in another group too", async () => {
  parent = spawn(process.execPath, ["-e", NESTED], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(parent.stdout!, "data")) as [Buffer];
  const child = Number(line.toString());
  expect(processTree(parent.pid!)).toEqual([parent.pid, child]);
  const exited = once(parent, "exit");
  killTree(parent.pid!);
  expect(await exited).toEqual([null, "SIGKILL"]);
  await until(() => !isAlive(child));
  // One that has ended by itself is left alone.
  expect(() => killTree(parent.pid!)).not.toThrow();
});
