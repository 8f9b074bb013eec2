import { SILENT } from "../../scripts/progress";
import { executeImage, readImageFiles, writeImageFunctions } from "../../scripts/commands/image-sources";
import type { ImageRoot } from "../../scripts/tools/image-stages";
import { PROJECT } from "./stack-json";
import { temporaryFolder } from "./temporary-folder";

/** Packages the functions and executes the stages of their image. */
export async function executedImage(buildArguments: Readonly<Record<string, string>> = {}): Promise<ImageRoot> {
  await writeImageFunctions({ projectDirectory: PROJECT, progress: SILENT });
  return executeImage(
    { projectDirectory: PROJECT, signal: new AbortController().signal },
    readImageFiles(PROJECT),
    temporaryFolder("image"),
    buildArguments,
  );
}
