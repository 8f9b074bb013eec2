const { mkdirSync, writeFileSync } = require("node:fs");
const { join, relative } = require("node:path");
const { RECORD, COMMITTED, readDurations } = require("./durations");

const SHOWN = 10;
/** Seconds; what is shorter does not decide the order. */
const WORTH_RECORDING = 2;

/**
 * Prints where the minutes went, and the outcome as one plain line, which CI reads. Keeps how long each file took, for
 * the order of the next run, and of a whole tier its time, for `npm run bench tests`.
 */
module.exports = class ClosingLine {
  constructor({ rootDir, testPathPatterns, testNamePattern, onlyChanged, shard }) {
    this.rootDir = rootDir;
    this.isWhole = testPathPatterns.patterns.length === 0 && !testNamePattern && !onlyChanged && !shard;
  }

  onRunComplete(contexts, results) {
    const seconds = (Date.now() - results.startTime) / 1_000;
    const tiers = [...contexts].map(({ config }) => config.displayName.name);
    const durations = new Map(
      results.testResults.map(({ testFilePath, perfStats }) => [
        relative(this.rootDir, testFilePath),
        perfStats.runtime / 1_000,
      ]),
    );
    const counts = outcome(results);
    process.stdout.write(longest(durations));
    process.stdout.write(
      `\nTier ${tiers.join(", ")}: ${(seconds / 60).toFixed(1)} min, ${durations.size} files, seed ${process.env.QUICKTURN_TEST_SEED}\n`,
    );
    if (counts.failed === 0) this.keepDurations(durations);
    if (this.isWhole && tiers.length === 1)
      this.keep(`tests-${tiers[0]}.json`, {
        measuredOn: new Date().toISOString().slice(0, 10),
        seconds: Math.round(seconds),
        ...counts,
      });
    process.stdout.write(
      `\n${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}\n`,
    );
  }

  /**
   * The files that ran, over what is known of the others. UPDATE_DURATIONS=1 writes the record that a fresh clone
   * begins with.
   */
  keepDurations(durations) {
    const known = { ...readDurations(), ...Object.fromEntries(durations) };
    const worth = Object.entries(known)
      .filter(([, seconds]) => seconds >= WORTH_RECORDING)
      .map(([file, seconds]) => [file, Math.round(seconds)]);
    const record = Object.fromEntries(worth.sort(([one], [other]) => (one < other ? -1 : 1)));
    this.keep(RECORD, record);
    if (process.env.UPDATE_DURATIONS === "1") writeFileSync(COMMITTED, `${JSON.stringify(record, null, 1)}\n`);
  }

  keep(file, value) {
    mkdirSync(join(this.rootDir, ".quickturn"), { recursive: true });
    writeFileSync(join(this.rootDir, ".quickturn", file), `${JSON.stringify(value)}\n`);
  }
};

function outcome({
  numPassedTests: passed,
  numFailedTests,
  numPendingTests: skipped,
  numFailedTestSuites,
  testResults,
}) {
  // A file that cannot even be loaded has no test to count, and is a failure all the same.
  const unloadable = testResults.filter(({ testExecError }) => testExecError).length;
  return { passed, failed: Math.max(numFailedTests + unloadable, numFailedTestSuites > 0 ? 1 : 0), skipped };
}

function longest(durations) {
  if (durations.size < 2) return "";
  const rows = [...durations].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
  return `\nThe longest files:\n${rows.map(([file, seconds]) => `${seconds.toFixed(1).padStart(7)} s  ${file}\n`).join("")}`;
}
