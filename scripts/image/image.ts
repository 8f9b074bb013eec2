import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { writeFolder } from "../kit/files";
import { findNodeBinary } from "../kit/node-binary";
import { packageFunctions, type PackagedFunction } from "../kit/package-functions";
import { IMAGE_FILES, readImageFiles, type ImageFiles } from "./dockerfile";
import {
  BUILDERS,
  findImageBuilder,
  PLATFORMS,
  runBuilder,
  type Architecture,
  type BuilderName,
} from "./image-builder";
import { formatMebibytes, judgeImage, judgeSize, sumBytes, type ImageProblem } from "./image-rules";
import { executeStages, type ImageRoot, type StageOptions } from "./image-stages";

/** Packages the functions, and writes the files of each zip to its folder below dist/image. */
export async function writeImageFunctions(
  context: Pick<CommandContext, "projectDirectory" | "progress">,
): Promise<readonly PackagedFunction[]> {
  const { functions } = (await packageFunctions(context)).json;
  const folder = join(context.projectDirectory, IMAGE_FILES.functions);
  for (const { name, archive } of functions) {
    const files = unzipSync(readFileSync(join(context.projectDirectory, archive)));
    // Another command may be reading files that are there already.
    if (!hasFiles(join(folder, name), files)) writeFolder(join(folder, name), files);
  }
  return functions;
}

function hasFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): boolean {
  if (!existsSync(folder) || readdirSync(folder).length !== Object.keys(files).length) return false;
  return Object.entries(files).every(
    ([name, content]) => existsSync(join(folder, name)) && readFileSync(join(folder, name)).equals(content),
  );
}

/** Executes the image's stages in an empty folder, on this machine's Node.js 22 and for this process's user. */
export async function executeImage(
  { projectDirectory, signal }: Pick<CommandContext, "projectDirectory" | "signal">,
  files: ImageFiles,
  { folder, buildArguments = {} }: Pick<StageOptions, "folder" | "buildArguments">,
): Promise<ImageRoot> {
  // The user's number is a part of the code cache's name. On Windows there is none, and Node leaves it out.
  const userId = process.getuid?.();
  return executeStages({
    ...files,
    context: projectDirectory,
    folder,
    nodePath: findNodeBinary("nodejs22.x").path,
    buildArguments: { ...(userId !== undefined && { USER_ID: String(userId) }), ...buildArguments },
    signal,
  });
}

interface ImageOptions {
  /** Base image instead of the Dockerfile's. */
  readonly base?: string;
}

interface ImageBuildOptions extends ImageOptions {
  /** Default: `quickturn:` and a part of the hash of the functions. */
  readonly tag?: string;
  /** Default: the first that can build. */
  readonly builder?: BuilderName;
  /** Default: arm64, the architecture of the functions. */
  readonly architecture?: Architecture;
  /** Name and MiB of each code cache, such as `api:512 worker:1792`; "" = none. Default: the Dockerfile's. */
  readonly caches?: string;
}

/**
 * Judges the sources of the image, executes its stages without a daemon, and judges the size of the result. Exit code 1
 * where a rule is broken.
 */
export async function validateImage(context: CommandContext, options: ImageOptions = {}): Promise<CommandResult> {
  const files = readImageFiles(context.projectDirectory);
  const problems = judgeImage({ ...files, buildArguments: listBuildArguments(options) });
  if (problems.length > 0) return reportProblems(problems);
  await writeImageFunctions(context);
  const { layers } = await context.progress.step(
    "Execute the stages without a daemon",
    () => executeInTemporaryFolder(context, files),
    (image) => formatMebibytes(sumBytes(image.layers)),
  );
  const oversized = judgeSize(layers);
  if (oversized.length > 0) return reportProblems(oversized);
  return {
    exitCode: 0,
    text: [
      `The image is in order: ${formatMebibytes(sumBytes(layers))} above its base image.`,
      ...layers.map(
        ({ line, files: count, bytes }) =>
          `  ${IMAGE_FILES.dockerfile}:${line}  ${formatMebibytes(bytes).padStart(9)}  ${count} files`,
      ),
    ].join("\n"),
    json: { valid: true, bytes: sumBytes(layers), layers, problems: [] },
  };
}

/** Builds the image with buildah, podman or docker. It pushes nothing. */
export async function buildImage(context: CommandContext, options: ImageBuildOptions = {}): Promise<CommandResult> {
  const { projectDirectory, environment, signal, progress } = context;
  const problems = judgeImage({ ...readImageFiles(projectDirectory), buildArguments: listBuildArguments(options) });
  if (problems.length > 0) return reportProblems(problems);
  const builder = await findImageBuilder(projectDirectory, environment, options.builder && [options.builder]);
  if (builder === undefined) {
    const missing = options.builder ?? BUILDERS.join(", ");
    throw new UsageError(
      `There is no builder that could build: ${missing} ${options.builder ? "is" : "are"} missing, or ` +
        "without a daemon. Install one (Debian: apt-get install buildah); quickturn image validate needs " +
        "none.",
    );
  }
  const functions = await writeImageFunctions(context);
  const { architecture = "arm64", tag = `quickturn:${createTag(functions)}` } = options;
  const build = { platform: PLATFORMS[architecture], buildArguments: listBuildArguments(options), tag };
  await progress.step(`Build ${tag} with ${builder.name} ${builder.version}`, (onLine) =>
    runBuilder(builder.name, build, { cwd: projectDirectory, env: environment, signal, onLine }),
  );
  return {
    exitCode: 0,
    text:
      `${tag}\nPush it to a repository of yours, and apply with package_type=image and the digest that ` +
      "the push prints: image_uri=<repository>@sha256:<digest>.",
    json: { tag, builder, architecture, functions: functions.map(({ name, sha256 }) => ({ name, sha256 })) },
  };
}

function listBuildArguments({ base, caches }: Pick<ImageBuildOptions, "base" | "caches">): Record<string, string> {
  return { ...(base !== undefined && { BASE: base }), ...(caches !== undefined && { FUNCTIONS: caches }) };
}

async function executeInTemporaryFolder(context: CommandContext, files: ImageFiles): Promise<ImageRoot> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-image-"));
  try {
    return await executeImage(context, files, { folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same functions have the same tag, whichever builder is used. */
function createTag(functions: readonly PackagedFunction[]): string {
  return createHash("sha256")
    .update(functions.map(({ name, sha256 }) => `${name} ${sha256}\n`).join(""))
    .digest("hex")
    .slice(0, 12);
}

function reportProblems(problems: readonly ImageProblem[]): CommandResult {
  const text = problems
    .map(
      ({ rule, line, message }) =>
        `${IMAGE_FILES.dockerfile}${line === undefined ? "" : `:${line}`}  ${rule}: ${message}`,
    )
    .join("\n");
  return { exitCode: 1, text, json: { valid: false, problems } };
}
