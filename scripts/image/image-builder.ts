import { ProgramFailed, run, type RunOptions } from "../kit/process";
import { IMAGE_FILES } from "./dockerfile";

/** Programs that build an image from a Dockerfile, in the order in which they are tried. */
export const BUILDERS = ["buildah", "podman", "docker"] as const;
export type BuilderName = (typeof BUILDERS)[number];

/** Architectures as Lambda names them, and what builders call them. */
export const PLATFORMS = { arm64: "linux/arm64", x86_64: "linux/amd64" } as const;
export type Architecture = keyof typeof PLATFORMS;

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
