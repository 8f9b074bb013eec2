/**
 * Who may import whom, types included. CONTRIBUTING.md has the same as a table.
 * @type {import("dependency-cruiser").IConfiguration}
 */

/** What a feature may import beside itself, `kit` and the contract. */
const FEATURES = {
  analyze: [],
  cost: [],
  dashboard: [],
  deploy: ["emulator", "gate", "image"],
  emulator: [],
  gate: ["cost"],
  image: [],
  kit: [],
  local: ["emulator"],
  publish: ["cost", "review"],
  review: ["cost", "deploy"],
  tune: ["analyze", "cost", "deploy"],
};

const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

const features = Object.entries(FEATURES).map(([name, others]) =>
  forbid(
    `scripts-${name}`,
    `scripts/${name} imports itself, kit, the contract${others.map((other) => `, ${other}`).join("")}`,
    { path: `^scripts/${name}/` },
    {
      path: "^(scripts|stacks|modules|handlers)/",
      pathNot: `^(scripts/(${[name, "kit", "bin", ...others].join("|")})|stacks/contract)/`,
    },
  ),
);

module.exports = {
  forbidden: [
    forbid("no-circles", "nothing is circular", {}, { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }),
    forbid(
      "known-features",
      "a further feature needs a row here",
      { path: "^scripts/[^/]+/", pathNot: `^scripts/(bin|cli|${Object.keys(FEATURES).join("|")})/` },
      {},
    ),
    forbid(
      "handlers",
      "handlers import nothing of the framework",
      { path: "^handlers/" },
      { path: "^(stacks|modules|scripts)/|node_modules/(cdktf|constructs|@cdktf)/" },
    ),
    forbid(
      "modules",
      "modules know AWS and nothing of us, and read neither files, clock nor network",
      { path: "^modules/" },
      { path: "^(stacks|scripts|handlers)/|^(node:)?(fs|http|https|net|os|child_process|crypto)" },
    ),
    forbid(
      "stacks",
      "stacks take of the handlers the names of their environment",
      { path: "^stacks/" },
      { path: "^(scripts|handlers)/", pathNot: "^handlers/environment\\.ts$" },
    ),
    forbid(
      "contract",
      "the contract imports nothing outside itself",
      { path: "^stacks/contract/" },
      { pathNot: "^stacks/contract/" },
    ),
    forbid("environment", "handlers/environment.ts is a contract", { path: "^handlers/environment\\.ts$" }, {}),
    forbid(
      "shipped",
      "nothing that ships imports what proves or measures it",
      { path: "^(stacks|modules|handlers|scripts)/" },
      { path: "^(__tests__|bench)/" },
    ),
    forbid(
      "barrel",
      "the provider's barrel costs seconds and gigabytes",
      {},
      { path: "node_modules/@cdktf/provider-aws/lib/index" },
    ),
    ...features,
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^bench/peers" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default"] },
  },
};
