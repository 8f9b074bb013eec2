import type { Command } from "commander";
import type { Shell } from "./shell";

/** What a maintainer runs before and for a release. */
export function addReleaseCommands(root: Command, { perform }: Shell): void {
  root
    .command("successor")
    .description("check that the same sources work with CDKTF's successor and AWS provider 6; exit code 1 where not")
    .action(() => perform(async (context) => (await import("../../__tests__/proof/successor/successor")).successor(context)));
  root
    .command("release")
    .description("build what this version publishes: archives, bills of materials, checksums, notes; publishes nothing")
    .option("--allow-dirty", "also where files are not as the commit has them; the manifest says so", false)
    .option("--tag <name>", "of the commit; refused where it is not v and the version of package.json")
    .option(
      "--date <day>",
      "of the release, as YYYY-MM-DD; refused where a suppression of the audit's own ends within 180 days; default: the commit's",
    )
    .action((given: { allowDirty: boolean; tag?: string; date?: string }) =>
      perform(async (context) => (await import("../publish/release")).release(context, given)),
    );
}
