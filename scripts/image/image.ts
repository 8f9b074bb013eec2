import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { writeFolder } from "../kit/files";
import { provideNodeBinary } from "../kit/node-binary";
import type { PackagedFunction } from "../kit/package-functions";
import { ProgramFailed, run, type RunOptions } from "../kit/process";
import { IMAGE_FILES, readImageFiles, type ImageFiles } from "./dockerfile";
import { formatMebibytes, judgeImage, judgeSize, sumBytes, type ImageProblem } from "./image-rules";
import { executeStages, type ImageRoot, type StageOptions } from "./image-stages";

/** Programs that build an image from a Dockerfile, in the order in which they are tried. */
export const BUILDERS = ["buildah", "podman", "docker"] as const;
export type BuilderName = (typeof BUILDERS)[number];

/** Architectures as Lambda names them, and what builders call them. */
export const PLATFORMS = { arm64: "linux/arm64", x86_64: "linux/amd64" } as const;
export type Architecture = keyof typeof PLATFORMS;

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

/** Packages the functions, and writes the files of each zip to its folder below dist/image. */
export async function writeImageFunctions(
  context: Pick<CommandContext, "projectDirectory" | "progress">,
): Promise<readonly PackagedFunction[]> {
  // The CLI's options and the doctor, too, load this file; only packaging needs esbuild.
  const { packageFunctions } = await import("../kit/package-functions");
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

/** Executes the image's stages in an empty folder, on Node.js 22 and for this process's user. */
export async function executeImage(
  { projectDirectory, environment, progress, signal }: Omit<CommandContext, "env">,
  files: ImageFiles,
  { folder, buildArguments = {} }: Pick<StageOptions, "folder" | "buildArguments">,
): Promise<ImageRoot> {
  // The user's number is a part of the code cache's name. On Windows there is none, and Node leaves it out.
  const userId = process.getuid?.();
  const node = await provideNodeBinary("nodejs22.x", (text) => progress.note(text), environment);
  return executeStages({
    ...files,
    context: projectDirectory,
    folder,
    nodePath: node.path,
    buildArguments: { ...(userId !== undefined && { USER_ID: String(userId) }), ...buildArguments },
    signal,
  });
}

/** Commands that succeed only where the builder can build: docker cannot without its daemon. */
const PROBES: Readonly<Record<BuilderName, readonly string[]>> = {
  buildah: ["--version"],
  podman: ["--version"],
  docker: ["version", "--format", "{{.Server.Version}}"],
};

/** The first builder that can build. Undefined where none can. */
export async function findImageBuilder(
  cwd: string,
  env: NodeJS.ProcessEnv,
  names: readonly BuilderName[] = BUILDERS,
): Promise<{ readonly name: BuilderName; readonly version: string } | undefined> {
  for (const name of names) {
    try {
      const { stdout } = await run(name, PROBES[name], { cwd, env });
      return { name, version: /\d+\.\d+\S*/.exec(stdout)?.[0] ?? stdout.trim() };
    } catch {
      continue; // It is missing, or has no daemon.
    }
  }
  return undefined;
}

interface ImageBuild {
  /** Such as `linux/arm64`. */
  readonly platform: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly tag: string;
}

/** Arguments of a build. Builders differ in how they take the ignore file and the one time of all files. */
export function listBuilderArguments(
  name: BuilderName,
  { platform, buildArguments, tag }: ImageBuild,
): readonly string[] {
  const values = Object.entries(buildArguments).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  // docker and podman make a layer for each instruction anyway, buildah when told. docker finds
  // <Dockerfile>.dockerignore itself, and takes the time from the build argument SOURCE_DATE_EPOCH. Lambda takes no
  // index of images, so there is one platform and no attestation.
  const own =
    name === "docker"
      ? ["--provenance=false", "--build-arg", "SOURCE_DATE_EPOCH=0"]
      : ["--layers", "--ignorefile", IMAGE_FILES.ignore, "--timestamp", "0"];
  return ["build", "--platform", platform, "--file", IMAGE_FILES.dockerfile, "--tag", tag, ...own, ...values, "."];
}

/**
 * Builds an image in the folder that COPY takes from. Throws with the builder's last lines, and what to do where the
 * machine has another architecture.
 */
export async function runBuilder(name: BuilderName, build: ImageBuild, options: RunOptions): Promise<void> {
  try {
    await run(name, listBuilderArguments(name, build), options);
  } catch (error) {
    if (!(error instanceof ProgramFailed) || !/exec format error/i.test(error.message)) throw error;
    throw new Error(
      `${name} cannot run programs for ${build.platform} on this machine. Build where the architecture is the ` +
        `same, or install an emulation (qemu-user-static).\n${error.message}`,
      { cause: error },
    );
  }
}
