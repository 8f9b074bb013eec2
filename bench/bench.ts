import { UsageError, type CommandContext, type CommandResult } from "../scripts/kit/context";
import { LocalStack } from "../scripts/local/local-stack";
import { benchAgents } from "./agents";
import { benchApply } from "./apply";
import { benchCache } from "./cache";
import { benchCapacity } from "./capacity";
import { benchCli } from "./cli";
import { benchCold } from "./cold";
import { benchCost } from "./cost";
import { benchGrowth } from "./growth";
import { ECHO } from "./requests";
import { recordResult, type BenchResult } from "./results";
import { benchSynth } from "./synth";
import { benchTests } from "./tests";
import { benchThroughput } from "./throughput";

/**
 * A benchmark starts what it needs, or changes the settings of one applied stack, as creating one takes longer than
 * measuring.
 */
type Bench =
  | { readonly alone: (context: CommandContext) => Promise<BenchResult> }
  | { readonly onStack: (context: CommandContext, stack: LocalStack) => Promise<BenchResult> };

/** Every benchmark, in the order of the table. */
const BENCHES: Readonly<Record<string, Bench>> = {
  agents: { onStack: benchAgents },
  cache: { onStack: benchCache },
  cold: { alone: benchCold },
  capacity: { onStack: benchCapacity },
  throughput: { alone: benchThroughput },
  cost: { alone: benchCost },
  synth: { alone: benchSynth },
  apply: { alone: benchApply },
  tests: { alone: benchTests },
  growth: { alone: benchGrowth },
  cli: { alone: benchCli },
};
export const BENCH_NAMES = Object.keys(BENCHES);

/** What to run. */
export interface BenchOptions {
  /** Names of benchmarks; empty: all of them. */
  readonly names: readonly string[];
  /** Folder to write results.json into. Default: nothing is written. */
  readonly write?: string;
}

/** Runs benchmarks one after the other, so that none disturbs another. Exit code 1 where one misses a bound. */
export async function bench(context: CommandContext, { names, write }: BenchOptions): Promise<CommandResult> {
  const unknown = names.filter((name) => !BENCH_NAMES.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`There is no benchmark ${unknown.join(", ")}. Allowed: ${BENCH_NAMES.join(", ")}.`);
  const wanted = Object.entries(BENCHES).filter(([name]) => names.length === 0 || names.includes(name));
  const results = new Map<string, BenchResult>();
  let written = "";
  const measure = async (name: string, run: () => Promise<BenchResult>) => {
    context.signal.throwIfAborted();
    const began = performance.now();
    const result = await run();
    results.set(name, result);
    const seconds = (performance.now() - began) / 1_000;
    // Each result is recorded at once, so that a later failure does not lose it.
    if (write !== undefined)
      written = `Written: ${recordResult({ folder: write, name, result, seconds, order: BENCH_NAMES })}`;
  };
  // An apply fills the caches of the machine, so benchmarks that need no stack come first.
  for (const [name, each] of wanted) if ("alone" in each) await measure(name, () => each.alone(context));
  if (wanted.some(([, each]) => "onStack" in each))
    await LocalStack.with(context, { settings: { agents: [ECHO] } }, async (stack) => {
      for (const [name, each] of wanted) if ("onStack" in each) await measure(name, () => each.onStack(context, stack));
    });
  const found = wanted.flatMap(([name]) => results.get(name) ?? []);
  return {
    exitCode: Math.max(...found.map(({ exitCode }) => exitCode)),
    text: [...found.map(({ text }) => text), written].filter(Boolean).join("\n\n"),
    json: { benches: found.map(({ json }) => json) },
  };
}
