import { InvalidArgumentError, type Command } from "commander";
import { UsageError } from "../commands/context";
import type { RehearseOptions } from "../commands/rehearse/rehearse";
import { RELEASES } from "../commands/rehearse/releases";
import { countOf } from "./options";
import type { Shell } from "./shell";

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
        return perform(async (context) => (await import("../commands/rehearse/rehearse")).rehearse(context, given));
      // What has no meaning there is refused: it would be forgotten without a word.
      return perform(async (context) => {
        if (given.only.length > 0 || given.keep)
          throw new UsageError(
            "--kills was given with --only or --keep; allowed: without them, because it has canaries of its own and leaves nothing.",
          );
        return (await import("../commands/rehearse/all-kills")).rehearseAllKills(context, { ...given, kills });
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
