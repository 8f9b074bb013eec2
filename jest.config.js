const path = require("node:path");

/**
 * Three tiers, by what they need; a folder says which one a file belongs to. `test`: nothing but Terraform and the
 * emulator. `e2e`: everything that is applied for real. `proof`: the machinery that proves the project itself (fuzz,
 * soak, rehearsals, kills, benchmarks' own tests, releases, the successor of CDKTF).
 */
const TIERS = [
  { name: "test", folder: "__tests__", without: ["/__tests__/(e2e|proof)/"] },
  { name: "e2e", folder: "__tests__/e2e", without: [] },
  { name: "proof", folder: "__tests__/proof", without: [] },
];

const project = ({ name, folder, without }) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: "node",
  roots: [path.join("<rootDir>", folder)],
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", ...without],
  transform: {
    "\\.ts$": ["ts-jest", { tsconfig: "<rootDir>/__tests__/tsconfig.json" }],
    // Published as ES modules alone, which jest does not load.
    "/node_modules/jose/.+\\.js$": [
      "ts-jest",
      {
        tsconfig: {
          allowJs: true,
          target: "ES2022",
          module: "commonjs",
          moduleResolution: "node10",
          isolatedModules: true,
        },
      },
    ],
  },
  moduleNameMapper: { "^fast-check$": "<rootDir>/__tests__/runner/seeded-fast-check.js" },
  transformIgnorePatterns: ["/node_modules/(?!jose/)"],
  globalSetup: "<rootDir>/__tests__/runner/start-run.js",
  globalTeardown: "<rootDir>/__tests__/runner/end-run.js",
  setupFiles: ["<rootDir>/__tests__/runner/plain-output.js"],
});

/** @type {import("jest").Config} */
module.exports = {
  projects: TIERS.map(project),
  // Half of the long tests' time terraform waits for the emulator: three workers fill two cores.
  maxWorkers: 3,
  // `npm test` measures it. What runs only in processes of its own counts as not run.
  collectCoverageFrom: [
    "{stacks,modules,handlers,scripts}/**/*.ts",
    "!**/node_modules/**",
    "!scripts/publish/{release,packages,npm-package}.ts",
  ],
  coverageThreshold: { global: { branches: 82 } },
  coverageReporters: ["text-summary", "json-summary"],
  coverageDirectory: ".quickturn/coverage",
  // The only limit of a test: it ends what hangs, and never judges what is slow.
  testTimeout: 600_000,
  testSequencer: "<rootDir>/__tests__/runner/longest-first.js",
  reporters: [
    "default",
    "summary",
    "<rootDir>/__tests__/runner/closing-line.js",
    // GitLab shows it in merge requests.
    ...(process.env.GITLAB_CI
      ? [["jest-junit", { outputDirectory: "<rootDir>/.quickturn", outputName: "junit.xml" }]]
      : []),
  ],
};
