import type { Command } from "commander";
import { BENCH_NAMES } from "../commands/bench/names";
import { collect, countOf } from "./options";
import type { Shell } from "./shell";

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
        (await import("../commands/local")).local(context, {
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
      perform(async (context) => (await import("../commands/bench")).bench(context, { names, ...given })),
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
      perform(async (context) => (await import("../commands/soak")).soak(context, given)),
    );
}
