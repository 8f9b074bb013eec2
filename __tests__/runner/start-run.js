require("../../scripts/bin/node-version.js");
const { execFileSync } = require("node:child_process");
const { randomInt } = require("node:crypto");
const { mkdtempSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");

/**
 * Packages the functions and synthesizes every stack once, as a person does: the tests read what that wrote. Makes a
 * folder for what the files of this run share, and draws the seed of the random tests: 1, or where QUICKTURN_TEST_SEED
 * is "fresh", another one in each run, which the end of the run and a test that fails print.
 */
module.exports = () => {
  if (process.env.QUICKTURN_TEST_RUN !== undefined) return;
  const quickturn = (...args) =>
    execFileSync(process.execPath, [join("scripts", "bin", "quickturn.js"), ...args], {
      cwd: join(__dirname, "../.."),
      env: { ...process.env, QUICKTURN_STACKS: "all" },
      stdio: ["ignore", "pipe", "inherit"],
    });
  // What the tests need and this machine lacks: Terraform, its AWS provider, the emulator.
  Object.assign(process.env, JSON.parse(quickturn("--json", "doctor", "--fix")).variables);
  quickturn("synth");
  process.env.QUICKTURN_TEST_RUN = mkdtempSync(join(tmpdir(), "quickturn-run-"));
  const seed = process.env.QUICKTURN_TEST_SEED ?? "1";
  process.env.QUICKTURN_TEST_SEED = seed === "fresh" ? String(randomInt(2 ** 31)) : seed;
};
