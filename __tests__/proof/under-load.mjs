// Runs `npm test` again and again while something else keeps every core busy, and says how each run ended.
// node __tests__/proof/under-load.mjs [times, default 5]; what the runs print goes to .quickturn/under-load-<n>.log.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const PROJECT = join(import.meta.dirname, "../..");
const times = Number(process.argv[2] ?? 5);
if (!Number.isInteger(times) || times < 1)
  throw new Error(`times is ${process.argv[2]}; allowed: a whole number from 1`);

/** A core's worth of work without end; it ends with this process, whose channel it holds. */
const BUSY =
  "process.on('disconnect', () => process.exit()); " +
  "(function work() { const end = Date.now() + 50; while (Date.now() < end); setImmediate(work); })()";

/** @returns {Promise<{ code: number, minutes: number, closing: string }>} */
function runTests(number) {
  const log = createWriteStream(join(PROJECT, ".quickturn", `under-load-${number}.log`));
  const started = Date.now();
  const child = spawn("npm", ["test"], { cwd: PROJECT, stdio: ["ignore", "pipe", "pipe"] });
  let closing = "nothing was said";
  const hear = (chunk) => {
    log.write(chunk);
    closing = chunk.toString().match(/^\d+ passed, \d+ failed.*$/m)?.[0] ?? closing;
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return new Promise((resolve) =>
    child.once("close", (code) =>
      log.end(() => resolve({ code: code ?? 1, minutes: (Date.now() - started) / 60_000, closing })),
    ),
  );
}

mkdirSync(join(PROJECT, ".quickturn"), { recursive: true });
const cores = availableParallelism();
const busy = Array.from({ length: cores }, () =>
  spawn(process.execPath, ["-e", BUSY], { stdio: ["ignore", "ignore", "inherit", "ipc"] }),
);
const runs = [];
for (let number = 1; number <= times; number++) {
  const run = await runTests(number);
  runs.push(run);
  const color = run.code === 0 ? "green" : `red (exit code ${run.code})`;
  console.log(
    `run ${number} of ${times}, ${cores} cores kept busy: ${color}, ${run.minutes.toFixed(1)} min, ${run.closing}`,
  );
}
for (const child of busy) child.kill();
const green = runs.filter(({ code }) => code === 0).length;
console.log(
  `${green} of ${times} green; the longest took ${Math.max(...runs.map(({ minutes }) => minutes)).toFixed(1)} min`,
);
process.exitCode = green === times ? 0 : 1;
