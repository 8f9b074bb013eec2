// The compiler, the linter, the formatter, who may import whom, the measures and the places of the mutation check, side
// by side; what each of them says comes whole. Exit code 1 where one finds something.
import { spawn } from "node:child_process";
import { join } from "node:path";

const PROJECT = join(import.meta.dirname, "../..");
const PROGRAMS = {
  compiler: [
    "node_modules/typescript/bin/tsc",
    "--noEmit",
    "--incremental",
    "--tsBuildInfoFile",
    ".quickturn/check.tsbuildinfo",
  ],
  linter: [
    "node_modules/eslint/bin/eslint.js",
    ".",
    "--cache",
    "--cache-strategy",
    "content",
    "--cache-location",
    ".quickturn/eslint.json",
  ],
  formatter: ["node_modules/@biomejs/biome/bin/biome", "format", "--max-diagnostics=50", "."],
  imports: [
    "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
    "--config",
    ".dependency-cruiser.cjs",
    "--output-type",
    "err",
    "stacks",
    "modules",
    "handlers",
    "scripts",
    "bench",
  ],
  measures: ["__tests__/runner/measures.mjs", "--quiet"],
  mutations: ["__tests__/proof/mutations/check.mjs", "--places"],
};

function check([name, args]) {
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  return new Promise((resolve) =>
    child.once("close", (code) => {
      process.stdout.write(code === 0 ? `${name}: nothing found\n${said}` : `${name}:\n${said}`);
      resolve(code === 0);
    }),
  );
}

const good = await Promise.all(Object.entries(PROGRAMS).map(check));
process.exitCode = good.every(Boolean) ? 0 : 1;
