import { join } from "node:path";
import type { BenchFigure } from "../../judges/benches/figures";
import { median } from "../../judges/statistics/median";
import type { CommandContext } from "../context";
import { packageFunctions } from "../package";
import { openColdRig } from "./cold-rig";
import { makePerCallCode } from "./cold-variants";
import { benchResult, type BenchResult } from "./result";
import { measureWarm } from "./warm-calls";

/** Calls of each handler. */
const CALLS = 400;

/** Times of a warm status poll in milliseconds, by where the connection to DynamoDB comes from. */
export interface PoolTimes {
  /** A client of the SDK for each call, and with it a TLS handshake. */
  readonly perCall: readonly number[];
  /** The functions' own pool. */
  readonly pooled: readonly number[];
  /** A request signed by hand over one kept socket, and nothing else. */
  readonly socket: readonly number[];
}

/**
 * A client for each call, the functions' pool, and a bare kept socket: warm `GetItem`s over TLS on loopback. Only told;
 * exit code 1 where the pool saves nothing.
 */
export async function benchPool(context: CommandContext, { calls = CALLS } = {}): Promise<BenchResult> {
  await packageFunctions(context);
  const rig = await context.progress.step("Bundle the handlers", () => openColdRig(context));
  try {
    const startOf = (variant: string) =>
      rig.cases.find((each) => each.protocol === "TLS" && each.call === "status" && each.variant === variant)!.start;
    const perCall = {
      ...startOf("by hand"),
      code: await makePerCallCode(context.projectDirectory, join(rig.folder, "per-call")),
    };
    const measured = await context.progress.step("Call warm functions", (detail) =>
      measureWarm([perCall, startOf("ours"), startOf("by hand")], { calls, signal: context.signal, detail }),
    );
    return verdict({ perCall: measured[0]!, pooled: measured[1]!, socket: measured[2]! });
  } finally {
    await rig.close();
  }
}

/** What the times say. */
export function verdict({ perCall, pooled, socket }: PoolTimes): BenchResult {
  const [each, pool, bare] = [median(perCall), median(pooled), median(socket)];
  const figure: BenchFigure = {
    compares: `status poll over TLS: a client for each call / the pool (${ms(each)} / ${ms(pool)}); ${ms(each - pool)} saved a call`,
    measured: `${(each / pool).toFixed(1)}x`,
    mustReach: "> 1x",
    limit: `${(each / bare).toFixed(1)}x, a bare kept socket (${ms(bare)})`,
    holds: each > pool,
  };
  return benchResult("pool", {
    method: `Warm polls of one function instance through Lambda's runtime interface on loopback, a GetItem over TLS each; medians of ${pooled.length} calls, in turn. The pool's include all that the front door does besides.`,
    figures: [figure],
    charts: [
      {
        title: "A status poll by where its connection comes from, median",
        unit: "ms",
        kind: "bars",
        categories: ["a client for each call", "the pool", "a bare kept socket"],
        series: [{ name: "median", values: [each, pool, bare].map((value) => Math.round(value * 100) / 100) }],
      },
    ],
    data: { medians: { perCall: each, pooled: pool, socket: bare }, calls: pooled.length },
  });
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
