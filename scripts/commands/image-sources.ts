import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { parseDockerfile, type Dockerfile } from "../judges/image/dockerfile";
import { readIgnoreFile, type IgnoreFile } from "../judges/image/ignore-file";
import { findNodeBinary } from "../local/functions/node-binary";
import { writeFolder } from "../tools/files";
import { executeStages, type ImageRoot } from "../tools/image-stages";
import { UsageError, type CommandContext } from "./context";
import { packageFunctions, type PackagedFunction } from "./package";

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
  const { functions } = (await packageFunctions(context)).json as { functions: readonly PackagedFunction[] };
  const folder = join(context.projectDirectory, IMAGE_FILES.functions);
  for (const { name, archive } of functions) {
    const files = unzipSync(readFileSync(join(context.projectDirectory, archive)));
    // Another command may read what is there already.
    if (!holds(join(folder, name), files)) writeFolder(join(folder, name), files);
  }
  return functions;
}

function holds(folder: string, files: Readonly<Record<string, Uint8Array>>): boolean {
  if (!existsSync(folder) || readdirSync(folder).length !== Object.keys(files).length) return false;
  return Object.entries(files).every(
    ([name, content]) => existsSync(join(folder, name)) && readFileSync(join(folder, name)).equals(content),
  );
}

/** Executes the image's stages in an empty folder, on this machine's Node.js 22 and for this process's user. */
export async function executeImage(
  { projectDirectory, signal }: Pick<CommandContext, "projectDirectory" | "signal">,
  files: ImageFiles,
  folder: string,
  buildArguments: Readonly<Record<string, string>> = {},
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
