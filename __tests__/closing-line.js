/** Prints the run's outcome as one plain line, after jest's own summary: what CI reads. */
module.exports = class ClosingLine {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = results;
    // A suite that cannot even load has no test to count, and is a failure all the same.
    const unloadable = testResults.filter((suite) => suite.testExecError).length;
    const failed = Math.max(numFailedTests + unloadable, numFailedTestSuites > 0 ? 1 : 0);
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
    process.stdout.write(`\n${numPassedTests} passed, ${failed} failed${skipped}\n`);
  }
};
