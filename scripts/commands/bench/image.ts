import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareImages, type ImageSamples } from "../../judges/image/comparison";
import { imageSize, mebibytes } from "../../judges/image/size";
import { FunctionInstance } from "../../local/functions/function-instance";
import { FunctionLog } from "../../local/functions/function-log";
import { imageProcess } from "../../local/functions/image-function";
import { findNodeBinary } from "../../local/functions/node-binary";
import type { ImageRoot } from "../../tools/image-stages";
import type { CommandContext } from "../context";
import { executeImage, readImageFiles, writeImageFunctions } from "../image-sources";
import { executeNaive } from "./naive-image";
import { benchResult, type BenchResult } from "./result";

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
      ({ images: each }) => each.map(({ layers }) => mebibytes(imageSize(layers))).join(", "),
    );
    const starts = await context.progress.step("Start cold, in turn", (detail) =>
      startInTurn(images, { folder, runs, signal: context.signal, detail }),
    );
    const [naive, uncached, ours] = images.map(({ layers }, index) => ({
      bytes: imageSize(layers),
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
      await executeImage(context, files, join(folder, "uncached"), { FUNCTIONS: "" }),
      await executeImage(context, files, join(folder, "ours")),
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
