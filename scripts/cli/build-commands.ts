import { type Command, Option } from "commander";
import { type Shell, countOf } from "./shell";
import { BUILDERS, PLATFORMS, type Architecture, type BuilderName } from "../image/image-builder";
import type { FuzzOptions } from "../../__tests__/proof/fuzz/fuzz";
import type { OpenApiOptions } from "../publish/openapi";

/** From sources to Terraform JSON, and what that needs. */
export function addBuildCommands(root: Command, { perform }: Shell): void {
  root
    .command("doctor")
    .description("say what this machine has and what is missing")
    .action(() => perform(async (context) => (await import("../deploy/doctor")).doctor(context)));
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
              ...(markdown && { markdown }),
            }),
      ),
    );
  root
    .command("modules")
    .description("synth, and write the stacks as Terraform modules that need no Node.js")
    .option("--out <folder>", "folder for the modules; default: dist/terraform")
    .action((options: { out?: string }) =>
      perform(async (context) => (await import("../publish/modules")).modules(context, options)),
    );
  root
    .command("docs")
    .description("synth, and write what is generated and kept: the tables in docs and RUNBOOK.md, and openapi.json")
    .action(() => perform(async (context) => (await import("../publish/docs")).docs(context)));
  root
    .command("env")
    .description("print the variables that terraform and npx cdktf need to find the provider")
    .option("--emulator <url>", "also point them at an AWS emulator on this machine")
    .action((options: { emulator?: string }) =>
      perform(async (context) => (await import("../deploy/env")).env(context, options)),
    );
}

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
      perform(async (context) => (await import("../image/image")).validateImage(context, options)),
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
        perform(async (context) => (await import("../image/image")).buildImage(context, options)),
    );
}

/** What callers are promised, and whether it is true. */
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
  root
    .command("fuzz")
    .description(
      "send an API what its document allows and what it forbids, and judge every answer; exit code 1 at any finding",
    )
    .option("--requests <count>", "how many, in each access mode", countOf(1, 1_000_000), 2_000)
    .option("--seed <number>", "draws the requests: the same seed, the same ones", countOf(0, 2 ** 31), 1)
    .option("--concurrency <count>", "requests at once", countOf(1, 64), 8)
    .option(
      "--authorization <modes>",
      "access modes, with commas between, or all: iam, api_key, jwt, none; default: iam, and with --url the one that credentials are given for",
    )
    .option(
      "--url <url>",
      "stage of a running API; callers: QUICKTURN_API_KEY, QUICKTURN_TOKEN or AWS credentials, a second one with OTHER; default: a stack of its own on this machine",
    )
    .option("--other-profile <name>", "with --url: AWS profile of a second caller")
    .option("--keep", "keep the folder with state and logs", false)
    .action((given: FuzzOptions) =>
      perform(async (context) => (await import("../../__tests__/proof/fuzz/fuzz")).fuzz(context, given)),
    );
}
