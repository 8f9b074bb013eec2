import { InvalidArgumentError, type Command } from "commander";
import { BENCH_NAMES } from "../../bench/bench";
import { main } from "../../scripts/cli";
import { parseCount, type Shell } from "../../scripts/cli/shell";
import { UsageError } from "../../scripts/kit/context";
import type { FuzzOptions } from "./fuzz/fuzz";
import type { KilledCanariesOptions } from "./rehearse/killed-canaries";
import type { RehearseOptions } from "./rehearse/rehearse";
import { RELEASES } from "./rehearse/releases";
import type { SoakOptions } from "./soak/soak";

const releaseNames = RELEASES.map(({ name }) => name);

function parseRelease(value: string, previous: readonly string[]): readonly string[] {
  if (!releaseNames.includes(value)) throw new InvalidArgumentError(`Allowed: ${releaseNames.join(", ")}.`);
  return [...previous, value];
}

/** Commands for those who work on the project. They are not published; npm scripts of the same names call them. */
function addCommands(root: Command, { perform }: Shell): void {
  root
    .command("bench")
    .description(`measure two ways side by side: ${BENCH_NAMES.join(", ")}; exit code 1 where a bound is missed`)
    .argument("[names...]", "names of benchmarks; default: all")
    .option("--write <folder>", "write results.json there; the results of other benchmarks stay")
    .action((names: string[], given: { write?: string }) =>
      perform(async (context) => (await import("../../bench/bench")).bench(context, { names, ...given })),
    );
  root
    .command("soak")
    .description(
      "send requests to the local runtime and check every caller's history; exit code 1 where a promise is broken",
    )
    .option("--requests <count>", "how many", parseCount(1, 100_000), 2_000)
    .option("--faults", "kill and freeze functions, and disturb their calls", false)
    .option("--concurrency <count>", "callers at once", parseCount(1, 64), 16)
    .option("--seed <number>", "draws the faults", parseCount(0, 2 ** 31), 1)
    .option("--keep", "keep the folder with state and logs", false)
    .action((given: SoakOptions) => perform(async (context) => (await import("./soak/soak")).soak(context, given)));
  root
    .command("fuzz")
    .description(
      "send an API what its document allows and what it forbids, and judge every answer; exit code 1 at any finding",
    )
    .option("--requests <count>", "how many, in each access mode", parseCount(1, 1_000_000), 2_000)
    .option("--seed <number>", "draws the requests: the same seed, the same ones", parseCount(0, 2 ** 31), 1)
    .option("--concurrency <count>", "requests at once", parseCount(1, 64), 8)
    .option(
      "--authorization <modes>",
      "access modes, with commas between, or all: iam, api_key, jwt, none; " +
        "default: iam, and with --url the one that credentials are given for",
    )
    .option(
      "--url <url>",
      "stage of a running API; callers: QUICKTURN_API_KEY, QUICKTURN_TOKEN or AWS credentials, a second one with " +
        "OTHER_ before the name; default: a stack of its own on this machine",
    )
    .option("--other-profile <name>", "with --url: AWS profile of a second caller")
    .option("--keep", "keep the folder with state and logs", false)
    .action((given: FuzzOptions) => perform(async (context) => (await import("./fuzz/fuzz")).fuzz(context, given)));
  root
    .command("rehearse")
    .description(
      "release a good version and bad ones to callers on this machine, with the canary of a pipeline, in time-lapse; " +
        "exit code 1 where a release ends otherwise than expected",
    )
    .option(
      "--only <release>",
      `release to rehearse; may be repeated: ${releaseNames.join(", ")}; default: all`,
      parseRelease,
      [],
    )
    .option("--factor <times>", "how much faster the minutes of the metrics pass", parseCount(1, 120), 30)
    .option("--rate <requests>", "requests that callers begin each second", parseCount(1, 50), 3)
    .option("--keep", "keep the folder with state and logs", false)
    .option(
      "--kills <n>",
      "instead: kill so many runs with kill -9, half of them applies and half canaries, and check that the next run " +
        "continues from there",
      parseCount(1, 200),
    )
    .option("--seed <n>", "draws the kills: the same seed kills at the same points", parseCount(0, 2 ** 32 - 1), 1)
    .action(({ kills, ...given }: RehearseOptions & Partial<KilledCanariesOptions>) =>
      perform(async (context) => {
        if (kills === undefined) return (await import("./rehearse/rehearse")).rehearse(context, given);
        // Options without a meaning here are refused instead of being ignored.
        if (given.only.length > 0 || given.keep)
          throw new UsageError(
            "--kills was given with --only or --keep; allowed: --kills without them, because it has its own canaries " +
              "and leaves nothing.",
          );
        const { seed = 1, ...times } = given;
        return (await import("./rehearse/killed-canaries")).rehearseAllKills(context, { ...times, seed, kills });
      }),
    );
  root
    .command("docs")
    .description("synth, and write what is generated and kept: the tables in docs and RUNBOOK.md, and openapi.json")
    .action(() => perform(async (context) => (await import("../runner/docs")).docs(context)));
  root
    .command("successor")
    .description("check that the same sources work with CDKTF's successor and AWS provider 6; exit code 1 where not")
    .action(() => perform(async (context) => (await import("./successor/successor")).successor(context)));
  root
    .command("release")
    .description("build what this version publishes: archives, bills of materials, checksums, notes; publishes nothing")
    .option("--allow-dirty", "also where files are not as the commit has them; the manifest says so", false)
    .option("--tag <name>", "of the commit; refused where it is not v and the version of package.json")
    .option(
      "--date <day>",
      "of the release, as YYYY-MM-DD; refused where a suppression of the audit's own ends within 180 days; " +
        "default: the date of the commit",
    )
    .action((given: { allowDirty: boolean; tag?: string; date?: string }) =>
      perform(async (context) => (await import("../../scripts/publish/release")).release(context, given)),
    );
}

void main(process.argv, {
  name: "npm run",
  description: "What proves, measures and publishes Quickturn.",
  help: "",
  addCommands,
});
