import { existsSync, readFileSync, readdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { parseDockerfile, type Dockerfile, readIgnoreFile, type IgnoreFile } from "./dockerfile";
import { findNodeBinary } from "../kit/node-binary";
import { writeFolder } from "../kit/files";
import { executeStages, type ImageRoot, type StageOptions } from "./image-stages";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { packageFunctions, type PackagedFunction } from "../kit/package-functions";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { judgeImage, type ImageProblem, sumBytes, judgeSize, formatMebibytes } from "./image-rules";
import {
  runBuilder,
  findImageBuilder,
  BUILDERS,
  PLATFORMS,
  type Architecture,
  type BuilderName,
} from "./image-builder";

/** Where the image's sources lie, below the project. */
export const IMAGE_FILES = {
  dockerfile: join("handlers", "Dockerfile"),
  ignore: join("handlers", "Dockerfile.dockerignore"),
  functions: join("dist", "image"),
} as const;

/** What an image is built from. */
export interface ImageFiles {
  readonly dockerfile: Dockerfile;
  readonly ignore: IgnoreFile;
}

/** Reads the Dockerfile and its ignore file. */
export function readImageFiles(
  projectDirectory: string,
  files: Pick<typeof IMAGE_FILES, "dockerfile" | "ignore"> = IMAGE_FILES,
): ImageFiles {
  const text = (path: string): string => {
    const file = join(projectDirectory, path);
    if (!existsSync(file)) throw new UsageError(`${file} is missing. Take it from the repository again.`);
    return readFileSync(file, "utf8");
  };
  const source = text(files.dockerfile);
  try {
    return { dockerfile: parseDockerfile(source), ignore: readIgnoreFile(text(files.ignore)) };
  } catch (cause) {
    throw new UsageError(`${files.dockerfile}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * Packages the functions and lays each into its folder below dist/image, as the zip has it: the image runs the same
 * bytes.
 */
export async function writeImageFunctions(
  context: Pick<CommandContext, "projectDirectory" | "progress">,
): Promise<readonly PackagedFunction[]> {
  const { functions } = (await packageFunctions(context)).json;
  const folder = join(context.projectDirectory, IMAGE_FILES.functions);
  for (const { name, archive } of functions) {
    const files = unzipSync(readFileSync(join(context.projectDirectory, archive)));
    // Another command may read what is there already.
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
  // The code cache carries its user in its name. Windows has no such numbers, and Node leaves them out there.
  const userId = process.getuid?.();
  const own: Record<string, string> = userId === undefined ? {} : { USER_ID: String(userId) };
  return executeStages({
    ...files,
    context: projectDirectory,
    folder,
    nodePath: findNodeBinary("nodejs22.x").path,
    buildArguments: { ...own, ...buildArguments },
    signal,
  });
}

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
  const found = judgeImage({ ...files, buildArguments: listBuildArguments(options) });
  if (found.length > 0) return reportProblems(found);
  await writeImageFunctions(context);
  const image = await context.progress.step(
    "Execute the stages without a daemon",
    () => executeInTemporaryFolder(context, files),
    ({ layers }) => formatMebibytes(sumBytes(layers)),
  );
  const oversized = judgeSize(image.layers);
  if (oversized.length > 0) return reportProblems(oversized);
  const { layers } = image;
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
  const build = {
    context: projectDirectory,
    dockerfile: IMAGE_FILES.dockerfile,
    ignoreFile: IMAGE_FILES.ignore,
    platform: PLATFORMS[architecture],
    buildArguments: listBuildArguments(options),
    tag,
    env: environment,
    signal,
  };
  await progress.step(`Build ${tag} with ${builder.name} ${builder.version}`, (detail) =>
    runBuilder(builder, { ...build, onLine: detail }),
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

/** The same for the same functions, whoever builds. */
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
