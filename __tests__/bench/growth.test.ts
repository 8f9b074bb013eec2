import { existsSync } from "node:fs";
import timers from "node:timers";
import { watchPeakMemory } from "../../bench/growth";
import { run } from "../../scripts/kit/process";

const told = existsSync("/proc/self/status");

test("the most memory that a process had is told, and not what it has at last", async () => {
  let peak: () => number | undefined = () => undefined;
  const program =
    "process.on('SIGINT', () => process.exit()); let big = Buffer.alloc(200 * 1024 * 1024, 1); big = undefined; gc(); console.log('freed'); setInterval(() => {}, 1000);";
  const looks: (() => void)[] = [];
  const every = jest
    .spyOn(timers, "setInterval")
    .mockImplementation(
      (look: () => void) => (looks.push(look), setTimeout(() => undefined).unref()) as unknown as NodeJS.Timeout,
    );
  const freed = new AbortController();
  try {
    await run(process.execPath, ["--expose-gc", "--eval", program], {
      cwd: __dirname,
      env: process.env,
      signal: freed.signal,
      onStart: (pid) => (peak = watchPeakMemory(pid)),
      onLine: () => {
        looks.forEach((look) => look());
        freed.abort();
      },
    });
  } finally {
    every.mockRestore();
  }
  expect(looks).toHaveLength(1);
  if (told) expect(peak()).toBeGreaterThan(200);
  else expect(peak()).toBeUndefined();
});

test("a process that is not there has none", () => expect(watchPeakMemory(2 ** 30)()).toBeUndefined());
