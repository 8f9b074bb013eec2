// Build stage of the image (Dockerfile). Makes the files readable for everyone and gives them one time, so that the
// same code is the same layer; and writes V8's code cache of each function, which Node reads at a cold start.
//
// Node takes a cache only under the version, the architecture, the flags and the user id that wrote it, and looks for
// it by the path of the code. So this runs on the image's own Node, the functions lie where they will lie, and the
// flags are those of Lambda's bootstrap (/var/runtime/bootstrap of the base image), of which two follow from the
// function's memory: hence a cache a size. Under another size none is found, and Node compiles as it does without one.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, renameSync, statSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

/**
 * Loads every module of a function, those too that it loads on demand. Its environment is missing, so its own start
 * ends early.
 */
const LOAD = "for (const url of process.argv.slice(1)) await import(url).catch(() => undefined); process.exit(0);";

/** As in the bootstrap: a tenth of the memory for young objects, in two halves, and the rest for old ones. */
function lambdaFlags(memoryMiB) {
  const young = Math.floor(memoryMiB / 10);
  return [
    "--expose-gc",
    "--max-http-header-size",
    "81920",
    `--max-semi-space-size=${Math.floor(young / 2)}`,
    `--max-old-space-size=${memoryMiB - young}`,
  ];
}

function compile(folder, memoryMiB, cache) {
  const modules = readdirSync(folder)
    .filter((name) => name.endsWith(".mjs"))
    .sort()
    .map((name) => pathToFileURL(join(folder, name)).href);
  const args = [...lambdaFlags(memoryMiB), "--input-type=module", "--eval", LOAD, "--", ...modules];
  const { status, stderr, error } = spawnSync(process.execPath, args, {
    env: { NODE_COMPILE_CACHE: cache },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`The functions of ${folder} cannot be loaded: ${error?.message ?? stderr}`);
}

function everyPath(folder) {
  return ["", ...readdirSync(folder, { recursive: true })].map((name) => join(folder, name));
}

const { FUNCTIONS = "", USER_ID, SOURCE_DATE_EPOCH } = process.env;
const [cache] = process.argv.slice(2).map((path) => resolve(path));
mkdirSync(cache, { recursive: true });
for (const each of FUNCTIONS.split(" ").filter((text) => text !== "")) {
  const [name, memoryMiB] = each.split(":");
  compile(resolve(name), Number(memoryMiB), cache);
}
// The name ends with the user who wrote it; it is read by the one who runs the image.
for (const name of readdirSync(cache)) renameSync(join(cache, name), join(cache, name.replace(/-\d+$/, `-${USER_ID}`)));
for (const path of [resolve("."), cache].flatMap(everyPath)) {
  chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
  utimesSync(path, Number(SOURCE_DATE_EPOCH), Number(SOURCE_DATE_EPOCH));
}
