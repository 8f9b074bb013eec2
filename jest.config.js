/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/__tests__"],
  testMatch: ["**/*.test.ts"],
  // Rehearsals measure in time-lapse what callers notice: beside other tests they would measure those. npm run test:rehearsals
  testPathIgnorePatterns: ["/node_modules/", "/emulator/(rehearse|killed-canary)\\.test\\.ts$"],
  transform: {
    "\\.ts$": ["ts-jest", { tsconfig: "<rootDir>/__tests__/tsconfig.json" }],
    // Published as ES modules alone, which jest does not load.
    "/node_modules/jose/.+\\.js$": ["ts-jest", { tsconfig: { allowJs: true, target: "ES2022", module: "commonjs", moduleResolution: "node10", isolatedModules: true } }],
  },
  transformIgnorePatterns: ["/node_modules/(?!jose/)"],
  // Half of the long tests' time terraform waits for the emulator: three workers fill two cores.
  maxWorkers: 3,
  testSequencer: "<rootDir>/__tests__/slowest-first.js",
  globalSetup: "<rootDir>/__tests__/global-setup.js",
  setupFiles: ["<rootDir>/__tests__/plain-output.js"],
  testTimeout: 30_000,
  reporters: ["default", "summary", "<rootDir>/__tests__/closing-line.js"],
};
