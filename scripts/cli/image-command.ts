import { Option, type Command } from "commander";
import { BUILDERS, PLATFORMS, type Architecture, type BuilderName } from "../tools/image-builder";
import type { Shell } from "./shell";

/** The functions as a container image. */
export function addImageCommand(root: Command, { perform }: Shell): void {
  const image = root.command("image").description("the functions as one container image (handlers/Dockerfile)");
  image
    .command("validate")
    .description(
      "judge the Dockerfile, execute its stages without a daemon, and judge the size; exit code 1 where a rule is broken",
    )
    .option("--base <image>", "base image instead of the Dockerfile's")
    .action((options: { base?: string }) =>
      perform(async (context) => (await import("../commands/image")).validateImage(context, options)),
    );
  image
    .command("build")
    .description("package, and build the image with buildah, podman or docker; pushes nothing")
    .option("--base <image>", "base image instead of the Dockerfile's; one of this machine, or with a digest")
    .option("--tag <name>", "default: quickturn:<part of the hash of the functions>")
    .option(
      "--caches <list>",
      'name and MiB of each function that gets a code cache, such as "api:512 worker:1792"; "": none; default: the profiles\' sizes',
    )
    .addOption(new Option("--architecture <name>", "of the functions").choices(Object.keys(PLATFORMS)).default("arm64"))
    .addOption(new Option("--builder <name>", "default: the first that is there").choices([...BUILDERS]))
    .action(
      (options: { base?: string; tag?: string; caches?: string; architecture: Architecture; builder?: BuilderName }) =>
        perform(async (context) => (await import("../commands/image")).buildImage(context, options)),
    );
}
