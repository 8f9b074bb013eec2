import { mapEnvironment, locateInImage, type ImageRoot } from "../../scripts/image/image-stages";
import type { VersionConfiguration } from "../../scripts/emulator/applied/functions";
import type { InstanceOptions } from "../../scripts/emulator/functions/function-instance";

/** Options that make a function's process run from an image. */
export type ImageProcess = Required<Pick<InstanceOptions, "version" | "taskRoot" | "nodeFlags" | "processVariables">>;

/**
 * Makes a version run from an image's folder instead of a zip's: with its code, the image's variables, and the flags of
 * the base image's bootstrap, without which Node.js takes no code cache.
 * @param command `image_config.command`; default: the image's own
 * @throws Error where neither names a handler
 */
export function imageProcess(
  image: ImageRoot,
  version: VersionConfiguration,
  command: readonly string[] = image.command,
): ImageProcess {
  const [handler] = command;
  if (handler === undefined)
    throw new Error(
      `Function ${version.functionName} has no handler: neither image_config.command nor the image's CMD names one. ` +
        "Give <folder>/index.handler.",
    );
  const { folder, environment, workingDirectory } = image;
  return {
    version: { ...version, handler },
    taskRoot: locateInImage(folder, environment["LAMBDA_TASK_ROOT"] ?? workingDirectory),
    nodeFlags: bootstrapFlags(version.memoryMiB),
    processVariables: mapEnvironment(folder, environment),
  };
}

/**
 * The flags with which /var/runtime/bootstrap of AWS's base images starts Node.js (read in that of nodejs18;
 * handlers/precompile.mjs has the same).
 */
export function bootstrapFlags(memoryMiB: number): readonly string[] {
  const youngMiB = Math.floor(memoryMiB / 10);
  return [
    "--expose-gc",
    "--max-http-header-size",
    "81920",
    `--max-semi-space-size=${Math.floor(youngMiB / 2)}`,
    `--max-old-space-size=${memoryMiB - youngMiB}`,
  ];
}
