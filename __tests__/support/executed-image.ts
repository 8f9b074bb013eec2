import { SILENT } from "../../scripts/kit/context";
import { readImageFiles } from "../../scripts/image/dockerfile";
import { executeImage, writeImageFunctions } from "../../scripts/image/image";
import type { ImageRoot } from "../../scripts/image/image-stages";
import { SILENT_CONTEXT } from "./module-stacks";
import { PROJECT } from "./stack-json";
import { temporaryFolder } from "./temporary-folder";

/** Packages the functions and executes the stages of their image. */
export async function executedImage(buildArguments: Readonly<Record<string, string>> = {}): Promise<ImageRoot> {
  await writeImageFunctions({ projectDirectory: PROJECT, progress: SILENT });
  const context = { ...SILENT_CONTEXT, environment: process.env };
  return executeImage(context, readImageFiles(PROJECT), { folder: temporaryFolder("image"), buildArguments });
}
