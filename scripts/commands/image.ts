import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeImage, type ImageProblem } from "../judges/image/rules";
import { imageSize, judgeSize, mebibytes } from "../judges/image/size";
import {
  buildImageWith,
  findImageBuilder,
  BUILDERS,
  PLATFORMS,
  type Architecture,
  type BuilderName,
} from "../tools/image-builder";
import type { ImageRoot } from "../tools/image-stages";
import { UsageError, type CommandContext, type CommandResult } from "./context";
import { executeImage, IMAGE_FILES, readImageFiles, writeImageFunctions, type ImageFiles } from "./image-sources";
import type { PackagedFunction } from "./package";

export interface ImageOptions {
  /** Base image instead of the Dockerfile's. */
  readonly base?: string;
}

export interface ImageBuildOptions extends ImageOptions {
  /** Default: `quickturn:` and a part of the hash of the functions. */
  readonly tag?: string;
  /** Default: the first that is there. */
  readonly builder?: BuilderName;
  /** Default: arm64, as the functions have it. */
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
  const found = judgeImage({ ...files, buildArguments: buildArguments(options) });
  if (found.length > 0) return refusal(found);
  await writeImageFunctions(context);
  const image = await context.progress.step(
    "Execute the stages without a daemon",
    () => executed(context, files),
    ({ layers }) => mebibytes(imageSize(layers)),
  );
  const oversized = judgeSize(image.layers);
  if (oversized.length > 0) return refusal(oversized);
  const { layers } = image;
  return {
    exitCode: 0,
    text: [
      `The image is in order: ${mebibytes(imageSize(layers))} above its base image.`,
      ...layers.map(
        ({ line, files: count, bytes }) =>
          `  ${IMAGE_FILES.dockerfile}:${line}  ${mebibytes(bytes).padStart(9)}  ${count} files`,
      ),
    ].join("\n"),
    json: { valid: true, bytes: imageSize(layers), layers, problems: [] },
  };
}

/** Builds the image with buildah, podman or docker. It pushes nothing. */
export async function buildImage(context: CommandContext, options: ImageBuildOptions = {}): Promise<CommandResult> {
  const { projectDirectory, environment, signal, progress } = context;
  const problems = judgeImage({ ...readImageFiles(projectDirectory), buildArguments: buildArguments(options) });
  if (problems.length > 0) return refusal(problems);
  const builder = await findImageBuilder(projectDirectory, environment, options.builder && [options.builder]);
  if (builder === undefined) {
    const missing = options.builder ?? BUILDERS.join(", ");
    throw new UsageError(
      `There is no builder that could build: ${missing} ${options.builder ? "is" : "are"} missing, or without a daemon. Install one (Debian: apt-get install buildah); quickturn image validate needs none.`,
    );
  }
  const functions = await writeImageFunctions(context);
  const { architecture = "arm64", tag = `quickturn:${contentTag(functions)}` } = options;
  const build = {
    context: projectDirectory,
    dockerfile: IMAGE_FILES.dockerfile,
    ignoreFile: IMAGE_FILES.ignore,
    platform: PLATFORMS[architecture],
    buildArguments: buildArguments(options),
    tag,
    env: environment,
    signal,
  };
  await progress.step(`Build ${tag} with ${builder.name} ${builder.version}`, (detail) =>
    buildImageWith(builder, { ...build, onLine: detail }),
  );
  return {
    exitCode: 0,
    text: `${tag}\nPush it to a repository of yours, and apply with package_type=image and the digest that the push prints: image_uri=<repository>@sha256:<digest>.`,
    json: { tag, builder, architecture, functions: functions.map(({ name, sha256 }) => ({ name, sha256 })) },
  };
}

function buildArguments({ base, caches }: Pick<ImageBuildOptions, "base" | "caches">): Record<string, string> {
  return { ...(base !== undefined && { BASE: base }), ...(caches !== undefined && { FUNCTIONS: caches }) };
}

async function executed(context: CommandContext, files: ImageFiles): Promise<ImageRoot> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-image-"));
  try {
    return await executeImage(context, files, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same for the same functions, whoever builds. */
function contentTag(functions: readonly PackagedFunction[]): string {
  return createHash("sha256")
    .update(functions.map(({ name, sha256 }) => `${name} ${sha256}\n`).join(""))
    .digest("hex")
    .slice(0, 12);
}

function refusal(problems: readonly ImageProblem[]): CommandResult {
  const text = problems
    .map(
      ({ rule, line, message }) =>
        `${IMAGE_FILES.dockerfile}${line === undefined ? "" : `:${line}`}  ${rule}: ${message}`,
    )
    .join("\n");
  return { exitCode: 1, text, json: { valid: false, problems } };
}
