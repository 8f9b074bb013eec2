import { ProgramFailed, run } from "../kit/process";

/** Programs that build an image from a Dockerfile, in the order in which they are looked for. */
export const BUILDERS = ["buildah", "podman", "docker"] as const;
export type BuilderName = (typeof BUILDERS)[number];

/** Architectures as Lambda names them, and what builders call them. */
export const PLATFORMS = { arm64: "linux/arm64", x86_64: "linux/amd64" } as const;
export type Architecture = keyof typeof PLATFORMS;

/** A builder of this machine. */
export interface ImageBuilder {
  readonly name: BuilderName;
  readonly version: string;
}

/** What tells that it can build, not only that it is there: docker without its daemon cannot. */
const PROBES: Readonly<Record<BuilderName, readonly string[]>> = {
  buildah: ["--version"],
  podman: ["--version"],
  docker: ["version", "--format", "{{.Server.Version}}"],
};

/** The first builder that is there and can build; undefined where none is. */
export async function findImageBuilder(
  cwd: string,
  env: NodeJS.ProcessEnv,
  names: readonly BuilderName[] = BUILDERS,
): Promise<ImageBuilder | undefined> {
  for (const name of names) {
    try {
      const { stdout } = await run(name, PROBES[name], { cwd, env });
      return { name, version: /\d+\.\d+\S*/.exec(stdout)?.[0] ?? stdout.trim() };
    } catch {
      continue; // It is not there, or has no daemon: the next one.
    }
  }
  return undefined;
}

export interface ImageBuild {
  /** Folder that COPY takes from. */
  readonly context: string;
  /** Below the context. */
  readonly dockerfile: string;
  /** Below the context. */
  readonly ignoreFile: string;
  /** Such as `linux/arm64`. */
  readonly platform: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly tag: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Called with each line that the builder prints. */
  readonly onLine?: (line: string) => void;
}

/**
 * Arguments of a build: the same for all builders, but for how each is told the ignore file and one time for all files.
 */
export function listBuilderArguments(
  name: BuilderName,
  {
    dockerfile,
    ignoreFile,
    platform,
    buildArguments,
    tag,
  }: Pick<ImageBuild, "dockerfile" | "ignoreFile" | "platform" | "buildArguments" | "tag">,
): readonly string[] {
  const values = Object.entries(buildArguments).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  // A layer an instruction is docker's and podman's own way, and buildah's when told. docker takes
  // <Dockerfile>.dockerignore by itself, and the time from the build argument SOURCE_DATE_EPOCH. One platform
  // and no attestations: Lambda takes no index of images.
  const own =
    name === "docker"
      ? ["--provenance=false", "--build-arg", "SOURCE_DATE_EPOCH=0"]
      : ["--layers", "--ignorefile", ignoreFile, "--timestamp", "0"];
  return ["build", "--platform", platform, "--file", dockerfile, "--tag", tag, ...own, ...values, "."];
}

/**
 * Builds an image. Throws with the builder's last lines, and what to do where they say that the machine is of another
 * architecture.
 */
export async function runBuilder({ name }: ImageBuilder, build: ImageBuild): Promise<void> {
  const { context, env, signal, onLine, platform } = build;
  try {
    await run(name, listBuilderArguments(name, build), {
      cwd: context,
      env,
      ...(signal && { signal }),
      ...(onLine && { onLine }),
    });
  } catch (error) {
    if (!(error instanceof ProgramFailed) || !/exec format error/i.test(error.message)) throw error;
    throw new Error(
      `${name} cannot run programs for ${platform} on this machine. Build where the architecture is the ` +
        `same, or install an emulation (qemu-user-static).\n${error.message}`,
      { cause: error },
    );
  }
}
