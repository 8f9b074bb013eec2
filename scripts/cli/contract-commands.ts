import type { Command } from "commander";
import type { FuzzOptions } from "../commands/fuzz";
import type { OpenApiOptions } from "../commands/openapi";
import { countOf } from "./options";
import type { Shell } from "./shell";

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
      perform(async (context) => (await import("../commands/openapi")).openapi(context, given)),
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
      perform(async (context) => (await import("../commands/fuzz")).fuzz(context, given)),
    );
}
