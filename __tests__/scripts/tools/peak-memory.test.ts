import { existsSync } from "node:fs";
import { watchPeakMemory } from "../../../scripts/tools/peak-memory";
import { run } from "../../../scripts/tools/process";

const told = existsSync("/proc/self/status");

test("the most memory that a process had is told, and not what it has at last", async () => {
  let peak: () => number | undefined = () => undefined;
  const program = "let big = Buffer.alloc(200 * 1024 * 1024, 1); big = undefined; gc(); setTimeout(() => {}, 500);";
  await run(process.execPath, ["--expose-gc", "--eval", program], { cwd: __dirname, env: process.env, onStart: (pid) => (peak = watchPeakMemory(pid)) });
  if (told) expect(peak()).toBeGreaterThan(200);
  else expect(peak()).toBeUndefined();
});

test("a process that is not there has none", () => expect(watchPeakMemory(2 ** 30)()).toBeUndefined());
