import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandContext } from "../scripts/kit/context";
import { median } from "../scripts/kit/quantiles";
import { overtime, type ColdBudget } from "../__tests__/support/cold-budget";
import { withFunctionVariants, type Variant } from "./function-variants";
import { type BenchFigure, benchResult, type BenchResult, measureInTurn } from "./results";
import { measureColdStart, type ColdTimes } from "./running-function";

/** How often each start is measured. */
const RUNS = 5;
/** Largest multiple of a bare node for the calls that a caller waits for. */
const MAX_RATIO = 1.7;
const BOUNDED = ["invoke", "status"];
const CAUSE =
  "what is left is TLS, the code that is read, the pool and its guards, and the signature: handlers/COLD-START.md";

/** The starts of one call in one variant, in the order of the rounds. */
export interface ColdSamples {
  readonly call: string;
  readonly variant: Variant;
  readonly times: readonly ColdTimes[];
}

/**
 * Starts each function on Node 22 and gives it one call: the zip, other ways to write it, and a bare node. Exit code 1
 * where invoke or status takes over 1.7 times a bare node, or a call exceeds handlers/budget.json.
 */
export async function benchCold(context: CommandContext): Promise<BenchResult> {
  const budget = JSON.parse(
    readFileSync(join(context.projectDirectory, "handlers", "budget.json"), "utf8"),
  ) as ColdBudget;
  const { progress, signal } = context;
  const samples = await withFunctionVariants(context, (variants) =>
    progress.step("Start each cold", async (detail) => {
      // The first round fills the system's cache of files and does not count.
      const times = await measureInTurn(variants, { rounds: RUNS + 1, signal, detail }, ({ start }) =>
        measureColdStart(start),
      );
      return variants.map(({ call, variant }, index) => ({ call, variant, times: times[index]!.slice(1) }));
    }),
  );
  return judgeCold(samples, budget);
}

/** Compares each variant with the bare node of its round, and ours with its bound and its budget. */
export function judgeCold(samples: readonly ColdSamples[], budget: ColdBudget): BenchResult {
  const rows = samples.map(({ call, variant, times }) => {
    const bare = samples.find((each) => each.call === call && each.variant === "bare");
    const ratioOf = (key: keyof ColdTimes) =>
      median(times.map((each, round) => each[key] / (bare?.times[round]?.[key] ?? NaN)));
    return {
      call,
      variant,
      ms: median(times.map(({ ms }) => ms)),
      ratio: ratioOf("ms"),
      cpuRatio: ratioOf("cpuMs"),
    };
  });
  const ours = rows.filter(({ variant }) => variant === "ours");
  const guarded = ours.filter(({ cpuRatio }) => !Number.isNaN(cpuRatio));
  const problems = overtime(budget, Object.fromEntries(guarded.map(({ call, cpuRatio }) => [call, cpuRatio])));
  const runs = samples[0]?.times.length ?? 0;
  return benchResult("cold", {
    method:
      "Each function on Node 22 in a process of its own, one call to a DynamoDB and an SQS on loopback that answer " +
      `at once over TLS; from before the process to its answer; medians of ${runs} runs, the variants in turn; ` +
      "ratios to the bare node of the same run.",
    figures: [
      ...ours.map(({ call, ms, ratio }): BenchFigure => {
        const others = rows.filter((row) => row.call === call && ["by hand", "default"].includes(row.variant));
        const compared = others.map((other) => `${other.variant} ${other.ratio.toFixed(2)}x`).join(", ");
        return {
          compares: `cold ${call}, spawn to first answer / bare node${compared === "" ? "" : ` (${compared})`}`,
          measured: `${ratio.toFixed(2)}x (${ms.toFixed(0)} ms)`,
          limit: "1x, bare node",
          ...(BOUNDED.includes(call) && { mustReach: `<= ${MAX_RATIO}x`, holds: ratio <= MAX_RATIO, cause: CAUSE }),
        };
      }),
      {
        compares: "cold calls against handlers/budget.json, processor time / bare node",
        measured: `${problems.length} of ${guarded.length} over`,
        mustReach: "0",
        holds: problems.length === 0,
        cause: problems.join(" "),
      },
    ],
    data: { rows, samples },
  });
}
