import { type Command, InvalidArgumentError } from "commander";
import { BENCH_NAMES } from "../../bench/bench";
import { collect, countOf, type Shell } from "./shell";
import { UsageError } from "../kit/context";
import type { RehearseOptions } from "../../__tests__/proof/rehearse/rehearse";
import { RELEASES } from "../../__tests__/proof/rehearse/releases";

/** What shows, on this machine alone, that it works. */
export function addProofCommands(root: Command, { perform }: Shell): void {
  root
    .command("local")
    .description(
      "apply the stack to an AWS emulator, serve what was applied on loopback, and show a request under both profiles",
    )
    .option("--once", "stop after the demonstration", false)
    .option("--serve-only", "serve without a demonstration", false)
    .option("--port <port>", "loopback port of the API; default: any free one", countOf(1, 65_535))
    .option(
      "--var <name=value>",
      "setting to apply; may be repeated. With vpc_endpoint_ids a call says by its header X-Quickturn-Vpc-Endpoint which way it comes (an id, or none); default: the first of them",
      collect,
      [],
    )
    .option("--keep", "keep the folder with state and logs", false)
    .action((given: { once: boolean; serveOnly: boolean; port?: number; var: string[]; keep: boolean }) =>
      perform(async (context) =>
        (await import("../local/local")).local(context, {
          once: given.once,
          quiet: given.serveOnly,
          vars: given.var,
          keep: given.keep,
          ...(given.port ? { port: given.port } : {}),
        }),
      ),
    );
  root
    .command("bench")
    .description(`measure side by side, in one run: ${BENCH_NAMES.join(", ")}; exit code 1 where a bound is missed`)
    .argument("[names...]", "which; default: all but isolation")
    .option(
      "--write <folder>",
      "write results.json and report.html, a page with charts, there; what it holds of other benchmarks stays",
    )
    .action((names: string[], given: { write?: string }) =>
      perform(async (context) => (await import("../../bench/bench")).bench(context, { names, ...given })),
    );
  root
    .command("soak")
    .description(
      "send requests to the local runtime and check every caller's history; exit code 1 where a promise is broken",
    )
    .option("--requests <count>", "how many", countOf(1, 100_000), 2_000)
    .option("--faults", "kill and freeze functions, and disturb their calls", false)
    .option("--concurrency <count>", "callers at once", countOf(1, 64), 16)
    .option("--seed <number>", "draws the faults", countOf(0, 2 ** 31), 1)
    .option("--keep", "keep the folder with state and logs", false)
    .action((given: { requests: number; faults: boolean; concurrency: number; seed: number; keep: boolean }) =>
      perform(async (context) => (await import("../../__tests__/proof/soak/soak")).soak(context, given)),
    );
}

/** Adds `rehearse`, which shows on this machine alone what a canary does to callers. */
export function addRehearseCommand(root: Command, { perform }: Shell): void {
  root
    .command("rehearse")
    .description(
      "release a good version and bad ones to callers on this machine, by the canary that a pipeline uses, in time-lapse; exit code 1 where one did not end as it was to",
    )
    .option(
      "--only <release>",
      `release to rehearse; may be repeated: ${names.join(", ")}; default: all`,
      releaseName,
      [],
    )
    .option("--factor <times>", "how much faster the minutes of the metrics pass", countOf(1, 120), 30)
    .option("--rate <requests>", "requests that callers begin each second", countOf(1, 50), 3)
    .option("--keep", "keep the folder with state and logs", false)
    .option(
      "--kills <n>",
      "instead: kill so many runs with kill -9, half of them applies and half canaries, and check that the next run goes on from there",
      countOf(1, 200),
    )
    .option("--seed <n>", "of the kills: the same one kills at the same points", countOf(0, 2 ** 32 - 1), 1)
    .action((given: Given) => {
      const { kills } = given;
      if (kills === undefined)
        return perform(async (context) => (await import("../../__tests__/proof/rehearse/rehearse")).rehearse(context, given));
      // What has no meaning there is refused: it would be forgotten without a word.
      return perform(async (context) => {
        if (given.only.length > 0 || given.keep)
          throw new UsageError(
            "--kills was given with --only or --keep; allowed: without them, because it has canaries of its own and leaves nothing.",
          );
        return (await import("../../__tests__/proof/rehearse/killed-canaries")).rehearseAllKills(context, { ...given, kills });
      });
    });
}

interface Given extends RehearseOptions {
  readonly kills?: number;
  readonly seed: number;
}

const names = RELEASES.map(({ name }) => name);

function releaseName(value: string, previous: readonly string[]): readonly string[] {
  if (!names.includes(value)) throw new InvalidArgumentError(`Allowed: ${names.join(", ")}.`);
  return [...previous, value];
}
