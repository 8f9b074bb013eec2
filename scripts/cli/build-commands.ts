import { type Command, Option } from "commander";
import { collect, parseCount, type Shell } from "./shell";
import { BUILDERS, PLATFORMS, type Architecture, type BuilderName } from "../image/image";
import type { LocalOptions } from "../local/local";
import type { OpenApiOptions } from "../publish/openapi";

/** Adds the commands that lead from sources to Terraform JSON. */
export function addBuildCommands(root: Command, { perform }: Shell): void {
  root
    .command("doctor [tools...]")
    .description("say what this machine has, what will be fetched when it is needed, and what is missing")
    .option("--fix", "fetch now what is missing of these tools: terraform, provider, emulator (default: all)", false)
    .action((tools: string[], options: { fix: boolean }) =>
      perform(async (context) => (await import("../deploy/doctor")).doctor(context, { ...options, tools })),
    );
  root
    .command("package")
    .description("bundle and zip the functions, byte for byte the same on every machine")
    .action(() => perform(async (context) => (await import("../kit/package-functions")).packageFunctions(context)));
  root
    .command("synth")
    .description("package, and write the stacks as Terraform JSON to cdktf.out")
    .option(
      "--diff [ref]",
      "also say what it changes since a commit (default: HEAD); exit code 0: nothing, 2: something, 1: failed",
    )
    .option("--markdown <path>", "with --diff: write a Markdown file")
    .action(({ diff, markdown }: { diff?: string | true; markdown?: string }) =>
      perform(async (context) =>
        diff === undefined
          ? (await import("../kit/synth")).synth(context)
          : (await import("../review/synth-diff")).synthDiff(context, {
              ref: diff === true ? "HEAD" : diff,
              markdown: markdown || undefined,
            }),
      ),
    );
  root
    .command("modules")
    .description("synth, and write the stacks as Terraform modules that need no Node.js, in JSON and in HCL")
    .option("--out <folder>", "folder for the modules; default: dist/terraform")
    .action((options: { out?: string }) =>
      perform(async (context) => (await import("../publish/modules")).modules(context, options)),
    );
  root
    .command("env")
    .description("print the variables that terraform and npx cdktf need to find the provider")
    .option("--emulator <url>", "also point them at an AWS emulator on this machine")
    .action((options: { emulator?: string }) =>
      perform(async (context) => (await import("../deploy/env")).env(context, options)),
    );
}

/** Adds `image`, which judges and builds the functions as a container image. */
export function addImageCommand(root: Command, { perform }: Shell): void {
  const image = root.command("image").description("the functions as one container image (handlers/Dockerfile)");
  image
    .command("validate")
    .description(
      "judge the Dockerfile, execute its stages without a daemon, and judge the size; exit code 1 where a rule " +
        "is broken",
    )
    .option("--base <image>", "base image instead of the Dockerfile's")
    .action((options: { base?: string }) =>
      perform(async (context) => (await import("../image/image")).validateImage(context, options)),
    );
  image
    .command("build")
    .description("package, and build the image with buildah, podman or docker; pushes nothing")
    .option("--base <image>", "base image instead of the Dockerfile's; one of this machine, or with a digest")
    .option("--tag <name>", "default: quickturn:<part of the hash of the functions>")
    .option(
      "--caches <list>",
      'name and MiB of each function that gets a code cache, such as "api:512 worker:1792"; "": none; default: ' +
        "the profiles' sizes",
    )
    .addOption(new Option("--architecture <name>", "of the functions").choices(Object.keys(PLATFORMS)).default("arm64"))
    .addOption(new Option("--builder <name>", "default: the first that is there").choices([...BUILDERS]))
    .action(
      (options: { base?: string; tag?: string; caches?: string; architecture: Architecture; builder?: BuilderName }) =>
        perform(async (context) => (await import("../image/image")).buildImage(context, options)),
    );
}

/** Adds `openapi`, which writes what callers are promised. */
export function addContractCommands(root: Command, { perform }: Shell): void {
  root
    .command("openapi")
    .description(
      "write the OpenAPI document for callers; with URL and credentials of what is applied, where something is",
    )
    .option(
      "--state <path>",
      "folder of an initialized stack, or a file with its terraform output -json; default: this project's stack",
    )
    .option("--out <file>", "file to write; default: it is printed")
    .action((given: OpenApiOptions) =>
      perform(async (context) => (await import("../publish/openapi")).openapi(context, given)),
    );
}

/** Adds `local`, which runs the stack on this machine, without an account. */
export function addLocalCommand(root: Command, { perform }: Shell): void {
  root
    .command("local")
    .description(
      "apply the stack to an AWS emulator, serve what was applied on loopback, and show a request under both profiles",
    )
    .option("--once", "stop after the demonstration", false)
    .option("--serve-only", "serve without a demonstration", false)
    .option("--port <port>", "loopback port of the API; default: any free one", parseCount(1, 65_535))
    .option(
      "--var <name=value>",
      "setting to apply; may be repeated. With vpc_endpoint_ids a call says by its header " +
        "X-Quickturn-Vpc-Endpoint which way it comes (an id, or none); default: the first of them",
      collect,
      [],
    )
    .option("--keep", "keep the folder with state and logs", false)
    .action(({ serveOnly: quiet, var: vars, ...given }: LocalOptions & { serveOnly: boolean; var: string[] }) =>
      perform(async (context) => (await import("../local/local")).local(context, { ...given, quiet, vars })),
    );
}
