import type { Plugin } from "esbuild";
import { builtinModules } from "node:module";
import { relative, sep, join } from "node:path";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import { INSTALLED_PACKAGES, hashSources } from "../bin/sources.js";
import { writeFolder, writeReport, deterministicZip } from "./files";
import type { CommandContext, CommandResult } from "./context";

/** Node.js inside the functions: the applied runtime is nodejs22.x. */
const TARGET = "node22";

const BUILTIN = new RegExp(`^(node:)?(${builtinModules.filter((name) => !name.startsWith("_")).join("|")})$`);

/**
 * Node's own modules are taken as CommonJS takes them. An import reads each of a module's exports, and some are made
 * only when they are read: `node:http` has a WebSocket client, which takes as long to load as all the rest of Node's
 * start.
 */
const BUILTINS_UNREAD: Plugin = {
  name: "builtins-unread",
  setup(build) {
    build.onResolve({ filter: BUILTIN }, ({ path }) => ({ path: path.replace(/^node:/, ""), namespace: "builtin" }));
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("node:${path}")`,
    }));
  },
};

/** A function's code: file name to content. */
interface Bundle {
  /** What goes into the zip: `index.mjs` and the chunks that it loads only when it needs them. */
  readonly code: Readonly<Record<string, Uint8Array>>;
  /** Source maps, kept apart from the zip, by the name of the file that they explain. */
  readonly maps: Readonly<Record<string, Uint8Array>>;
  /** Paths, below the root, of the files that some of the code comes from; what was shaken out is left out. */
  readonly sources: readonly string[];
}

/**
 * Bundles one entry point, minified, as ES modules: `index.mjs`, and beside it the packages that it imports when it
 * needs them, `client-s3.mjs`, with the chunks that these share. The two are bundled apart: together, what one of those
 * packages and the entry have in common would be read whole by every cold start.
 * @param root folder that everything is relative to, so that two machines make the same bytes
 * @param entry path of the entry point below the root
 */
async function bundle(root: string, entry: string): Promise<Bundle> {
  const later = new Set<string>();
  const first = await buildFiles(root, { index: entry }, { plugins: [importedLater(later)] });
  // What was shaken out of the entry may have been all that imports a package.
  const packages = [...later]
    .sort()
    .filter((name) =>
      first.outputFiles.some(({ path, text }) => path.endsWith(".mjs") && text.includes(`"./${fileOf(name)}.mjs"`)),
    );
  const second =
    packages.length === 0
      ? []
      : [await buildFiles(root, Object.fromEntries(packages.map((name) => [fileOf(name), name])), { splitting: true })];
  const files = [first, ...second].flatMap(({ outputFiles }) =>
    outputFiles.map(({ path, contents }) => [relative(`${root}${sep}out`, path), contents] as const),
  );
  const inputs = [first, ...second].flatMap(({ metafile }) =>
    Object.values(metafile.outputs).map((output) => output.inputs),
  );
  return {
    code: Object.fromEntries(files.filter(([name]) => !name.endsWith(".map"))),
    maps: Object.fromEntries(files.filter(([name]) => name.endsWith(".map"))),
    sources: [
      ...new Set(
        inputs.flatMap((each) =>
          Object.keys(each).filter((path) => !path.startsWith("builtin:") && (each[path]?.bytesInOutput ?? 0) > 0),
        ),
      ),
    ],
  };
}

/** `@aws-sdk/client-s3` to `client-s3`. */
const fileOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** Leaves packages out that are imported by `import()`, and adds their names to `later`. */
function importedLater(later: Set<string>): Plugin {
  return {
    name: "imported-later",
    setup(build) {
      build.onResolve({ filter: /^@aws-sdk\// }, ({ path, kind }) => {
        if (kind !== "dynamic-import") return undefined;
        later.add(path);
        return { path: `./${fileOf(path)}.mjs`, external: true };
      });
    },
  };
}

async function buildFiles(
  root: string,
  entryPoints: Record<string, string>,
  { plugins = [], splitting = false }: { readonly plugins?: readonly Plugin[]; readonly splitting?: boolean },
) {
  // A copy that npm installed has no esbuild, and bundles nothing.
  const { build } = await import("esbuild");
  return build({
    absWorkingDir: root,
    entryPoints,
    outdir: "out",
    write: false,
    metafile: true,
    bundle: true,
    minify: true,
    splitting,
    format: "esm",
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunk-[hash]",
    platform: "node",
    target: TARGET,
    // The AWS SDK's ES modules can be shaken, its CommonJS cannot: 335 KB instead of 535 for a DynamoDB client.
    mainFields: ["module", "main"],
    // Packages are named by where they are found, not by where a link to them leads: else the chunks' names would
    // differ.
    preserveSymlinks: true,
    plugins: [BUILTINS_UNREAD, ...plugins],
    sourcemap: "external",
    sourcesContent: false,
    legalComments: "none",
    logLevel: "silent",
  });
}

/** The functions: name of the zip to entry point. */
export const FUNCTIONS = {
  api: "handlers/api.ts",
  worker: "handlers/worker.ts",
  sweeper: "handlers/sweeper.ts",
  authorizer: "handlers/authorizer.ts",
} as const;
export type PackagedName = keyof typeof FUNCTIONS;

export interface PackagedFunction {
  readonly name: string;
  /** Path of the zip below the project. */
  readonly archive: string;
  readonly sha256: string;
  /** Bytes of the zip. */
  readonly bytes: number;
  /** Bytes of each file in it: the entry, and the chunks that are loaded at once or on demand. */
  readonly files: Readonly<Record<string, number>>;
  /** Folders, below the project, of the packages that have code in it; none where it came with the project. */
  readonly packages: readonly string[];
}

/**
 * Bundles the functions and zips them, byte for byte the same on every machine. A copy that npm installed has neither
 * the lock file, which says what goes into them, nor the packages: it has the zips themselves.
 */
export async function packageFunctions({
  projectDirectory,
  progress,
}: Pick<CommandContext, "projectDirectory" | "progress">): Promise<
  CommandResult<{ readonly functions: readonly PackagedFunction[] }>
> {
  const isClone = existsSync(join(projectDirectory, "package-lock.json"));
  const functions = isClone
    ? await progress.step("Package the functions", () => packageAll(projectDirectory), sizes)
    : await progress.step(
        "Take the functions that came along",
        async () => Object.keys(FUNCTIONS).map((name) => shipped(projectDirectory, name)),
        sizes,
      );
  return {
    exitCode: 0,
    text: functions.map(({ archive, sha256 }) => `${sha256}  ${archive}`).join("\n"),
    json: { functions },
  };
}

/** Paths of what the zips are made of: where none of it has changed, the zips of the last run are taken. */
const SOURCES = [
  "handlers",
  "scripts/kit/package-functions.ts",
  "scripts/kit/files.ts",
  "package-lock.json",
  INSTALLED_PACKAGES,
];

/** What was packaged last, and the hash of its sources. */
interface PackageRecord {
  readonly sources: string;
  readonly functions: readonly PackagedFunction[];
}

async function packageAll(root: string): Promise<readonly PackagedFunction[]> {
  const sources = hashSources(root, SOURCES);
  const last = packagedBefore(root);
  if (last?.sources === sources && last.functions.every((each) => isStillThere(root, each))) return last.functions;
  const functions = await Promise.all(
    Object.entries(FUNCTIONS).map(async ([name, entry]) => write(root, name, await bundle(root, entry))),
  );
  writeReport(join(root, RECORD), JSON.stringify({ sources, functions } satisfies PackageRecord));
  return functions;
}

const RECORD = join("dist", "packaged.json");

function packagedBefore(root: string): PackageRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(root, RECORD), "utf8")) as PackageRecord;
  } catch {
    return undefined; // There is no record yet, or it was cut: then all functions are packaged.
  }
}

function isStillThere(root: string, { name, archive, sha256 }: PackagedFunction): boolean {
  const path = join(root, archive);
  return existsSync(path) && sha256Of(readFileSync(path)) === sha256 && existsSync(mapsOf(root, name));
}

const mapsOf = (root: string, name: string): string => join(root, "dist", "maps", name);
const sha256Of = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

function write(root: string, name: string, { code, maps, sources }: Bundle): PackagedFunction {
  const zip = deterministicZip(code);
  writeReport(join(root, archiveOf(name)), zip);
  writeFolder(mapsOf(root, name), maps);
  return describe({ name, zip, code, packages: packageFolders(sources) });
}

/** Folders of the packages that files belong to, each once and in order; the project's own files belong to none. */
export function packageFolders(files: readonly string[]): string[] {
  const folders = files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

function shipped(root: string, name: string): PackagedFunction {
  const path = join(root, archiveOf(name));
  if (!existsSync(path))
    throw new Error(
      `${path} is missing, and so is package-lock.json, without which it cannot be made. Install quickturn ` +
        "again, or work in a clone of it.",
    );
  const zip = readFileSync(path);
  return describe({ name, zip, code: unzipSync(zip), packages: [] });
}

interface Zipped extends Pick<Bundle, "code">, Pick<PackagedFunction, "name" | "packages"> {
  readonly zip: Uint8Array;
}

function describe({ name, zip, code, packages }: Zipped): PackagedFunction {
  const files = Object.fromEntries(Object.entries(code).map(([file, content]) => [file, content.length]));
  return { name, archive: archiveOf(name), sha256: sha256Of(zip), bytes: zip.length, files, packages };
}

function archiveOf(name: string): string {
  return join("dist", "functions", `${name}.zip`);
}

function sizes(functions: readonly PackagedFunction[]): string {
  return functions.map(({ name, bytes }) => `${name} ${Math.round(bytes / 1024)} KB`).join(", ");
}
