import { cpSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { parseDockerfile } from "../../judges/image/dockerfile";
import { readIgnoreFile } from "../../judges/image/ignore-file";
import { productionFolders, type LockedPackages } from "../../judges/release/production-packages";
import { executeStages, type ImageRoot } from "../../tools/image-stages";

/**
 * One stage, everything in it, as root: what the handlers' package alone would be without a thought about its image.
 */
export const NAIVE_DOCKERFILE = `FROM public.ecr.aws/lambda/nodejs:22
WORKDIR /var/task
COPY . .
CMD ["handlers/api.handler"]
`;

/** What turns the sources into JavaScript, and so is in an image of one stage: the compiler and the types. */
const BUILD_PACKAGES = ["typescript", "@types/node", "@types/aws-lambda"] as const;

export interface NaiveOptions {
  readonly projectDirectory: string;
  /** Empty. */
  readonly folder: string;
  readonly nodePath: string;
}

export interface NaiveImage {
  readonly image: ImageRoot;
  /** Bytes of it that `npm install --omit=dev` would leave out. */
  readonly buildToolBytes: number;
}

/**
 * Executes the naive Dockerfile. There is no network, so its context holds what `npm install` and the compiler would
 * leave in it: the handlers' own dependencies from this project's node_modules and no others, the sources, and each as
 * JavaScript.
 */
export async function executeNaive({ projectDirectory, folder, nodePath }: NaiveOptions): Promise<NaiveImage> {
  const context = join(folder, "context");
  const { packages } = JSON.parse(readFileSync(join(projectDirectory, "package-lock.json"), "utf8")) as {
    packages: LockedPackages;
  };
  const needed = productionFolders(packages, "handlers");
  const tools = BUILD_PACKAGES.map((name) => `node_modules/${name}`)
    .flatMap((each) => [each, ...productionFolders(packages, each)])
    .filter((each) => !needed.includes(each));
  for (const path of needed) copyPackage(join(projectDirectory, path), join(context, path));
  const buildToolBytes = [...new Set(tools)].reduce(
    (sum, path) => sum + copyPackage(join(projectDirectory, path), join(context, path)),
    0,
  );
  const sources = readdirSync(join(projectDirectory, "handlers"), { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.includes("node_modules"),
  );
  for (const name of [...sources, "package.json"]) {
    mkdirSync(dirname(join(context, "handlers", name)), { recursive: true });
    cpSync(join(projectDirectory, "handlers", name), join(context, "handlers", name));
  }
  await build({
    absWorkingDir: context,
    entryPoints: sources.map((name) => join("handlers", name)),
    outdir: ".",
    outbase: ".",
    platform: "node",
    target: "node22",
    format: "cjs",
    logLevel: "silent",
  });
  writeFileSync(join(context, "package.json"), '{ "private": true }\n');
  const image = await executeStages({
    dockerfile: parseDockerfile(NAIVE_DOCKERFILE),
    ignore: readIgnoreFile(""),
    context,
    folder: join(folder, "stages"),
    nodePath,
  });
  rmSync(context, { recursive: true });
  return { image, buildToolBytes };
}

/** A package without those nested in it: they are in the list themselves, where they are needed. Gives its bytes. */
function copyPackage(from: string, to: string): number {
  let bytes = 0;
  for (const name of readdirSync(from, { recursive: true, encoding: "utf8" }).filter(
    (path) => !path.includes("node_modules"),
  )) {
    const status = statSync(join(from, name));
    if (!status.isFile()) continue;
    mkdirSync(dirname(join(to, name)), { recursive: true });
    link(join(from, name), join(to, name));
    bytes += status.size;
  }
  return bytes;
}

/** It is only read, and there are thousands: a link takes no time. Another disk takes a copy. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    cpSync(from, to);
  }
}
