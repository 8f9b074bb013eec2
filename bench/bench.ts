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

/** Benchmarks that start what they need. */
const ALONE = {
  cold: benchCold,
  throughput: benchThroughput,
  cost: benchCost,
  synth: benchSynth,
  apply: benchApply,
  tests: benchTests,
  growth: benchGrowth,
  cli: benchCli,
} satisfies Readonly<Record<string, (context: CommandContext) => Promise<BenchResult>>>;

/** Benchmarks that change the settings of one applied stack, because creating one takes longer than measuring. */
const ON_STACK = {
  agents: benchAgents,
  cache: benchCache,
  capacity: benchCapacity,
} satisfies Readonly<Record<string, (context: CommandContext, stack: LocalStack) => Promise<BenchResult>>>;

/** Every benchmark, in the order of the table. */
export const BENCH_NAMES = [
  "agents",
  "cache",
  "cold",
  "capacity",
  "throughput",
  "cost",
  "synth",
  "apply",
  "tests",
  "growth",
  "cli",
] as const satisfies readonly (keyof typeof ALONE | keyof typeof ON_STACK)[];
type BenchName = (typeof BENCH_NAMES)[number];

/** What to run. */
export interface BenchOptions {
  /** Names of benchmarks; empty: all of them. */
  readonly names: readonly string[];
  /** Folder to write results.json into. Default: nothing is written. */
  readonly write?: string;
}

/** Runs benchmarks one after the other, so that none disturbs another. Exit code 1 where one misses a bound. */
export async function bench(context: CommandContext, { names, write }: BenchOptions): Promise<CommandResult> {
  const unknown = names.filter((name) => !BENCH_NAMES.some((known) => known === name));
  if (unknown.length > 0)
    throw new UsageError(`There is no benchmark ${unknown.join(", ")}. Allowed: ${BENCH_NAMES.join(", ")}.`);
  const wanted = BENCH_NAMES.filter((name) => names.length === 0 || names.includes(name));
  const results = new Map<BenchName, BenchResult>();
  let written = "";
  const measure = async (name: BenchName, run: () => Promise<BenchResult>) => {
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
  for (const name of wanted) if (isKeyOf(ALONE, name)) await measure(name, () => ALONE[name](context));
  const onStack = wanted.flatMap((name) => (isKeyOf(ON_STACK, name) ? [name] : []));
  if (onStack.length > 0)
    await LocalStack.with(context, { settings: { agents: [ECHO] } }, async (stack) => {
      for (const name of onStack) await measure(name, () => ON_STACK[name](context, stack));
    });
  const found = wanted.flatMap((name) => results.get(name) ?? []);
  return {
    exitCode: Math.max(...found.map(({ exitCode }) => exitCode)),
    text: [...found.map(({ text }) => text), written].filter(Boolean).join("\n\n"),
    json: { benches: found.map(({ json }) => json) },
  };
}

const isKeyOf = <Table extends object>(table: Table, name: string): name is Extract<keyof Table, string> =>
  Object.hasOwn(table, name);
