import {
  cpSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  mkdtempSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { parseDockerfile, readIgnoreFile } from "../scripts/image/dockerfile";
import { productionFolders, type LockedPackages } from "../scripts/kit/production-packages";
import { executeStages, type ImageRoot } from "../scripts/image/image-stages";
import { tmpdir } from "node:os";
import { compareImages, type ImageSamples } from "./image-figures";
import { sumBytes, formatMebibytes } from "../scripts/image/image-rules";
import { FunctionInstance, FunctionLog } from "../scripts/emulator/functions/function-instance";
import { imageProcess } from "../scripts/emulator/functions/image-function";
import { findNodeBinary } from "../scripts/kit/node-binary";
import type { CommandContext } from "../scripts/kit/context";
import { executeImage, readImageFiles, writeImageFunctions } from "../scripts/image/image";
import { benchResult, type BenchResult } from "./results";

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

/** How `bench image` measures. */
export interface ImageBenchOptions {
  /** Cold starts of each image. Default: 9. */
  readonly runs?: number;
}

/** The front door's own memory, for which its code cache is made. */
const VERSION = {
  functionName: "api",
  version: "1",
  handler: "",
  runtime: "nodejs22.x",
  memoryMiB: 512,
  timeoutSeconds: 30,
  codeSha256: "",
  environment: {
    AUTHORIZATION: "none",
    CALLER_QUOTA_PER_DAY: "0",
    DEPLOYMENT: "bench",
    ORIGIN_SECRET_SHA256: "",
    QUERY_CACHE_TTL_SECONDS: "60",
    REQUEST_DEADLINE_SECONDS: "3600",
    REQUEST_RETENTION_DAYS: "7",
    REQUESTS_TABLE: "requests",
    RESULTS_BUCKET: "results",
    WORK_QUEUE_URL: "http://127.0.0.1:9/work",
  },
};

/** Answered without a call of a service. */
const HEALTH = JSON.stringify({
  resource: "/api/v1/health",
  path: "/api/v1/health",
  httpMethod: "GET",
  headers: {},
  multiValueHeaders: {},
  queryStringParameters: null,
  pathParameters: null,
  body: null,
  isBase64Encoded: false,
  requestContext: { requestId: "r", identity: {} },
});

/**
 * The functions in a single-stage image, as it comes without a thought, against ours: size above the base image, and
 * the front door's cold start from each. Exit code 1 where ours is not 40 % smaller.
 */
export async function benchImage(context: CommandContext, { runs = 9 }: ImageBenchOptions = {}): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-images-"));
  try {
    const { images, buildToolBytes } = await context.progress.step(
      "Execute the images' stages",
      () => executeAll(context, folder),
      ({ images: each }) => each.map(({ layers }) => formatMebibytes(sumBytes(layers))).join(", "),
    );
    const starts = await context.progress.step("Start cold, in turn", (detail) =>
      startInTurn(images, { folder, runs, signal: context.signal, detail }),
    );
    const [naive, uncached, ours] = images.map(({ layers }, index) => ({
      bytes: sumBytes(layers),
      coldStartMs: starts[index]!,
    })) as readonly ImageSamples[] as [ImageSamples, ImageSamples, ImageSamples];
    return benchResult(
      "image",
      compareImages({
        naive,
        buildToolBytes,
        uncached,
        ours,
        baseBytes: statSync(findNodeBinary(VERSION.runtime).path).size,
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ExecutedImages {
  /** The naive one, ours without the code cache, and ours. */
  readonly images: readonly ImageRoot[];
  readonly buildToolBytes: number;
}

async function executeAll(context: CommandContext, folder: string): Promise<ExecutedImages> {
  const { projectDirectory } = context;
  await writeImageFunctions(context);
  const files = readImageFiles(projectDirectory);
  const { image: naive, buildToolBytes } = await executeNaive({
    projectDirectory,
    folder: join(folder, "naive"),
    nodePath: findNodeBinary(VERSION.runtime).path,
  });
  return {
    images: [
      naive,
      await executeImage(context, files, { folder: join(folder, "uncached"), buildArguments: { FUNCTIONS: "" } }),
      await executeImage(context, files, { folder: join(folder, "ours") }),
    ],
    buildToolBytes,
  };
}

interface Starting {
  readonly folder: string;
  readonly runs: number;
  readonly signal: AbortSignal;
  readonly detail: (text: string) => void;
}

/** One start of each image after the other, so that a busy moment of the machine meets all of them. */
async function startInTurn(
  images: readonly ImageRoot[],
  { folder, runs, signal, detail }: Starting,
): Promise<number[][]> {
  const starts: number[][] = images.map(() => []);
  // The first one reads the files from the disk, the others from memory.
  for (const image of images) await coldStart(image, folder);
  for (let run = 1; run <= runs; run++) {
    signal.throwIfAborted();
    detail(`${run} of ${runs}`);
    for (const [index, image] of images.entries()) starts[index]!.push(await coldStart(image, folder));
  }
  return starts;
}

/** Milliseconds from the start of the process to its first answer. */
async function coldStart(image: ImageRoot, folder: string): Promise<number> {
  const log = new FunctionLog(join(folder, "logs"), VERSION.functionName);
  const { path: nodePath } = findNodeBinary(VERSION.runtime);
  const instance = await FunctionInstance.start({
    ...imageProcess(image, VERSION),
    nodePath,
    region: "us-east-1",
    endpoint: "http://127.0.0.1:9",
    log,
    logStream: "bench",
  });
  try {
    const {
      failed,
      payload,
      initMs = 0,
      durationMs,
    } = await instance.invoke({ requestId: "r", functionArn: "arn", traceId: "Root=1-0-0", payload: HEALTH });
    if (failed || (JSON.parse(payload) as { statusCode?: number }).statusCode !== 200)
      throw new Error(`The front door did not answer from its image: ${payload}`);
    return initMs + durationMs;
  } finally {
    await instance.kill();
    log.close();
  }
}
