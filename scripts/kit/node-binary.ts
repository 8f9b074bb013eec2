import { existsSync } from "node:fs";
import { join } from "node:path";
import { fetchPackages, locatePackages, type PackageSet } from "./toolchain/npm-packages";
import lock from "./toolchain/node-22/package-lock.json";

/** The Node that functions run on. */
interface NodeBinary {
  readonly path: string;
  /** Undefined where its version is the applied one. */
  readonly warning: string | undefined;
  /** What brings that version. Undefined where this one is it, or where nothing does on this platform. */
  readonly fetch?: PackageSet;
}

const NODE_22: PackageSet = { title: "Node.js 22 for the functions", megabytes: 50, lock };
const PACKAGE = `node-${process.platform}-${process.arch}`;

/** Finds a Node of the applied runtime's version: this process's own, or a fetched one; else this process's own. */
export function findNodeBinary(runtime: string, environment: NodeJS.ProcessEnv): NodeBinary {
  const major = majorOf(runtime);
  if (process.versions.node.startsWith(`${major}.`)) return { path: process.execPath, warning: undefined };
  const fetched = join(locatePackages(NODE_22, environment), PACKAGE, "bin", "node");
  if (major === "22" && existsSync(fetched)) return { path: fetched, warning: undefined };
  const warning =
    `The applied runtime is ${runtime}; functions run on this process's Node ${process.versions.node}. ` +
    `Run on Node ${major} to see them as they are on Lambda.`;
  const isPackaged = major === "22" && `node_modules/${PACKAGE}` in lock.packages;
  return { path: process.execPath, warning, ...(isPackaged && { fetch: NODE_22 }) };
}

/** As {@link findNodeBinary}, after a fetch where that finds another version. A fetch that fails is only noted. */
export async function provideNodeBinary(
  runtime: string,
  note: (text: string) => void,
  environment: NodeJS.ProcessEnv,
): Promise<NodeBinary> {
  const { fetch } = findNodeBinary(runtime, environment);
  if (fetch !== undefined) await fetchPackages(fetch, note, environment).catch((error: Error) => note(error.message));
  return findNodeBinary(runtime, environment);
}

function majorOf(runtime: string): string {
  const major = /^nodejs(\d+)\.x$/.exec(runtime)?.[1];
  if (major !== undefined) return major;
  throw new Error(
    `The local runtime runs Node.js functions, and the applied runtime is "${runtime}". Allowed: nodejs<major>.x.`,
  );
}
