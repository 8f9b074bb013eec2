const { mkdirSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

/** Prints the run's outcome as one plain line, after jest's own summary: what CI reads. Of a whole run it keeps the time, for `quickturn bench tests`. */
module.exports = class ClosingLine {
  constructor({ rootDir, testPathPatterns, testNamePattern, onlyChanged, shard }) {
    this.folder = join(rootDir, ".quickturn");
    this.isWhole = testPathPatterns.patterns.length === 0 && !testNamePattern && !onlyChanged && !shard;
  }

  onRunComplete(_contexts, results) {
    const { numPassedTests: passed, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = results;
    // A suite that cannot even load has no test to count, and is a failure all the same.
    const unloadable = testResults.filter((suite) => suite.testExecError).length;
    const failed = Math.max(numFailedTests + unloadable, numFailedTestSuites > 0 ? 1 : 0);
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
    if (this.isWhole) this.keep({ measuredOn: new Date().toISOString().slice(0, 10), seconds: Math.round((Date.now() - results.startTime) / 1_000), passed, failed });
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped}\n`);
  }

  keep(run) {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, "tests.json"), `${JSON.stringify(run)}\n`);
  }
};
