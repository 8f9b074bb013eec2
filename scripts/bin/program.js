// @ts-check
/**
 * The program, built from its TypeScript, as Node reads that ten times as fast as the sources. In a clone it is built
 * anew when a source has changed; the package on npm brings it along.
 */
const {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} = require("node:fs");
const { dirname, join, relative, sep } = require("node:path");
const { pathToFileURL } = require("node:url");
const { INSTALLED_PACKAGES, hashSources } = require("./sources.js");

const ROOT = join(__dirname, "../..");
const BUILT = join(ROOT, "dist/program");
/** File with the names of the built entries, and the hash of their sources. */
const CURRENT = join(BUILT, "current.json");
const ENTRIES = {
  cli: "scripts/cli.ts",
  app: "stacks/app.ts",
};
/** Older files than this are deleted by the next build; a command that still runs may load a newer one. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/**
 * @typedef {object} Program
 * @property {string} sources hash of what it was built from; of no meaning in the package on npm, which is never built
 * anew
 * @property {Record<string, string>} entries names of the files that are loaded
 * @property {string[]} files names of all of them
 * @property {string[]} inputs paths below the root of what some of the code comes from
 */

/**
 * Loads an entry of the program.
 * @param {keyof typeof ENTRIES} name
 * @returns {Promise<any>} what it exports
 */
exports.load = async (name) => {
  const { entries } = await ready();
  return import(pathToFileURL(join(BUILT, entries[name] ?? "")).href);
};

/** Builds the program where a source has changed since. */
async function ready() {
  const isClone = existsSync(join(ROOT, "package-lock.json"));
  /** @type {Program | undefined} */
  const built = existsSync(CURRENT) ? JSON.parse(readFileSync(CURRENT, "utf8")) : undefined;
  if (built && !isClone) return built;
  const sources = hashSources(ROOT, [
    "handlers",
    "modules",
    "scripts",
    "stacks",
    "package-lock.json",
    INSTALLED_PACKAGES,
  ]);
  return built?.sources === sources ? built : build(sources).catch(cannotBuild);
}

/**
 * Builds the program. Files are named by their content and written whole, so that two builds at once do no harm.
 * @param {string} sources hash of what it is built from
 * @returns {Promise<Program>}
 */
async function build(sources) {
  const { outputFiles, metafile } = await require("esbuild").build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outdir: BUILT,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Packages are named by where they are found, not by where a link to them leads: else the files' names would
    // differ.
    preserveSymlinks: true,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    logLevel: "silent",
    external: ["esbuild"],
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
    plugins: [OWN_FOLDERS],
  });
  mkdirSync(BUILT, { recursive: true });
  for (const { path, contents } of outputFiles) writeOnce(path, contents);
  const entries = Object.fromEntries(
    Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) =>
      Object.entries(ENTRIES).flatMap(([name, source]) =>
        source === entryPoint ? [[name, relative(BUILT, join(ROOT, path))]] : [],
      ),
    ),
  );
  const files = outputFiles.map(({ path }) => relative(BUILT, path)).sort();
  const inputs = [...new Set(Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs)))].sort();
  const current = { sources, entries, files, inputs };
  writeAtomically(CURRENT, `${JSON.stringify(current, null, 1)}\n`);
  removeOld(new Set(outputFiles.map(({ path }) => path)));
  return current;
}
/** @param {NodeJS.ErrnoException} error @returns {never} */
function cannotBuild(error) {
  const isMissing = error.code === "MODULE_NOT_FOUND";
  process.stderr.write(
    isMissing
      ? `The packages are not installed in ${ROOT}. Install them: npm ci\n`
      : `The sources cannot be built. ${error.message}\n`,
  );
  process.exit(1);
}

/**
 * Gives each source its own `__dirname`, although many of them are in one built file.
 * @type {import("esbuild").Plugin}
 */
const OWN_FOLDERS = {
  name: "own-folders",
  setup({ onLoad }) {
    const own = new RegExp(
      `^${[ROOT, ""].join(sep).replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(scripts|stacks)[\\\\/].*\\.ts$`,
    );
    onLoad({ filter: own }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (!source.includes("__dirname")) return undefined;
      const folder = relative(BUILT, dirname(path)).split(sep).join("/");
      // On the first line, so that the others keep their numbers.
      const url = `new URL(${JSON.stringify(folder)}, import.meta.url)`;
      return {
        contents: `const __dirname = require("node:url").fileURLToPath(${url}); ${source}`,
        loader: "ts",
      };
    });
  },
};

/** @param {string} path @param {Uint8Array} contents named by them */
function writeOnce(path, contents) {
  if (existsSync(path)) utimesSync(path, new Date(), new Date());
  else writeAtomically(path, contents);
}

/** @param {string} path @param {string | Uint8Array} contents */
function writeAtomically(path, contents) {
  const making = `${path}.${process.pid}.tmp`;
  writeFileSync(making, contents);
  renameSync(making, path);
}

/** @param {ReadonlySet<string>} used */
function removeOld(used) {
  const before = Date.now() - KEPT_MS;
  for (const name of readdirSync(BUILT)) {
    const path = join(BUILT, name);
    if (path !== CURRENT && !used.has(path) && (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? before) < before)
      rmSync(path, { force: true });
  }
}

// Run as a program, it only builds: for the release.
if (require.main === module) void ready();
