// Instead of "fast-check" itself (moduleNameMapper in jest.config.js): every property of a run begins with the run's
// seed.
const fc = require("../../node_modules/fast-check/lib/cjs/fast-check.js");

fc.configureGlobal({ seed: Number(process.env.QUICKTURN_TEST_SEED) });
module.exports = fc;
