import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The Node that functions run on. */
interface NodeBinary {
  readonly path: string;
  /** Undefined where its version is the applied one. */
  readonly warning: string | undefined;
}

/** Finds a Node of the applied runtime's version: the npm package of that platform, else this process's own. */
export function findNodeBinary(
  runtime: string,
  find: (specifier: string) => string | undefined = findPackage,
): NodeBinary {
  const major = /^nodejs(\d+)\.x$/.exec(runtime)?.[1];
  if (major === undefined) {
    throw new Error(
      `The local runtime runs Node.js functions, and the applied runtime is "${runtime}". Allowed: nodejs<major>.x.`,
    );
  }
  const own = process.versions.node.split(".")[0];
  const packaged = major === "22" ? find(`node-${process.platform}-${process.arch}`) : undefined;
  if (packaged !== undefined) return { path: packaged, warning: undefined };
  const warning =
    own === major
      ? undefined
      : `The applied runtime is ${runtime}; functions run on this process's Node ${process.versions.node}. Run on ` +
        `Node ${major}, or install the package node-${process.platform}-${process.arch}@${major}.`;
  return { path: process.execPath, warning };
}

/** The package of Node 22 is the only such dependency (package.json), so that its version is known. */
function findPackage(name: string): string | undefined {
  try {
    const binary = join(dirname(require.resolve(`${name}/package.json`)), "bin", "node");
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined; // An optional dependency of another platform is not installed: the caller falls back.
  }
}
