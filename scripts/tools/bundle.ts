import { build, type Plugin } from "esbuild";
import { builtinModules } from "node:module";
import { relative, sep } from "node:path";

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
export interface Bundle {
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
export async function bundle(root: string, entry: string): Promise<Bundle> {
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

/** A package that is imported by `import()` stays out, and is noted. */
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
