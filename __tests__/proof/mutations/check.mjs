// Breaks chosen lines of what ships, one at a time in a copy of the project, and asks tier 1 whether it notices.
// node __tests__/proof/mutations/check.mjs [first] [last]; without numbers all of them. Exit code 1 where tier 1 misses
// more than ALLOWED_MISSES. With --places it breaks nothing, and only looks whether each line is still there.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const PROJECT = join(import.meta.dirname, "../../..");
const ALLOWED_MISSES = 2;
/**
 * The other tiers; and a test that compares the bytes of the packaged functions: it notices every change of a handler
 * and proves nothing about any.
 */
const LEFT_OUT = "/node_modules/|/__tests__/(e2e|proof)/|scripts/kit/package-functions\\.test";
/**
 * A broken line may make a test hang, which is a failure. Only the journey takes longer than this by nature; it has its
 * turn in the run of everything.
 */
const SOON = "--testTimeout=60000";

const mutations = JSON.parse(readFileSync(join(import.meta.dirname, "mutations.json"), "utf8"));
checkPlaces();
if (process.argv[2] === "--places") process.exit();

const [first = 1, last = mutations.length] = process.argv.slice(2).map(Number);
const copy = copyProject();
process.once("SIGINT", () => process.exit(130));
process.once("exit", () => rmSync(copy, { recursive: true, force: true }));

// Else each line would be noticed, whatever it is.
const unbroken = failure(["__tests__/handlers/requests/job.test.ts", SOON]);
if (unbroken !== undefined) throw new Error(`The copy fails before anything in it is broken: ${unbroken}`);

let missed = 0;
for (const [index, mutation] of mutations.entries()) {
  if (index + 1 < first || index + 1 > last) continue;
  const by = whoNotices(mutation);
  if (by === undefined) missed += 1;
  const change = mutation.to.trim().split("\n")[0] || "(deleted)";
  const verdict = by === undefined ? "MISSED " : "noticed";
  const number = String(index + 1).padStart(2);
  console.log(`${number} ${verdict} ${mutation.file}: ${change}  [${mutation.breaks}]  ${by ?? ""}`.trimEnd());
}
const tried = last - first + 1;
console.log(
  `\n${tried - missed} of ${tried} broken lines are noticed by tier 1; at least ${tried - ALLOWED_MISSES} must be`,
);
process.exitCode = missed > ALLOWED_MISSES ? 1 : 0;

/** @throws Error where a text that a mutation replaces does not occur exactly once */
function checkPlaces() {
  for (const { file, from } of mutations) {
    const source = existsSync(join(PROJECT, file)) ? readFileSync(join(PROJECT, file), "utf8") : "";
    const count = source.split(from).length - 1;
    if (count !== 1)
      throw new Error(
        `${file} has ${count} places with ${JSON.stringify(from)}; a mutation replaces a text that occurs once. ` +
          "Change it in __tests__/proof/mutations/mutations.json.",
      );
  }
}

/** @returns the first test file that fails with the broken line, or undefined where all of tier 1 passes */
function whoNotices({ file, from, to }) {
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  try {
    const own = join("__tests__", file.replace(/\.ts$/, ".test.ts"));
    // The nearest tests first: most lines are noticed there in seconds.
    return (
      (existsSync(join(copy, own)) ? failure([own, SOON]) : undefined) ??
      failure(["--findRelatedTests", file, SOON]) ??
      failure([])
    );
  } finally {
    writeFileSync(path, source);
  }
}

/** The first test file of tier 1 that fails, of those that the arguments choose. */
function failure(chosen) {
  // What is chosen comes first: options that take a list would take it too.
  const leftOut = chosen.includes(SOON) ? `${LEFT_OUT}|__tests__/journey` : LEFT_OUT;
  const options = ["--selectProjects", "test", "--bail", "--passWithNoTests", `--testPathIgnorePatterns=${leftOut}`];
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(PROJECT, "node_modules/jest/bin/jest.js"), ...chosen, ...options],
    { cwd: copy, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (status === 0) return undefined;
  return (
    /^FAIL (?:\w+ )?(\S+)/m.exec(stderr)?.[1] ??
    `the functions or the stacks cannot be made: ${stderr.trim().split("\n").at(-1)}`
  );
}

function copyProject() {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-mutations-"));
  const { stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: PROJECT, encoding: "utf8", maxBuffer: 2 ** 26 });
  for (const file of stdout.split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(PROJECT, file), join(folder, file));
  }
  mkdirSync(join(folder, ".quickturn"));
  for (const packages of ["node_modules", "handlers/node_modules"])
    if (existsSync(join(PROJECT, packages))) symlinkSync(join(PROJECT, packages), join(folder, packages));
  return folder;
}
