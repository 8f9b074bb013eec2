import { UsageError, type CommandContext, type CommandResult } from "../scripts/kit/context";
import { LocalStack } from "../scripts/local/local-stack";
import { benchAgents } from "./agents";
import { benchApply } from "./apply";
import { benchCache } from "./cache";
import { benchCapacity } from "./capacity";
import { benchCold } from "./cold";
import { benchCost } from "./cost";
import { benchGrowth } from "./growth";
import { benchImage } from "./image";
import { benchIsolation } from "./isolation";
import { benchPool } from "./pool";
import { recordOf, writeResults, type BenchResult } from "./results";
import { benchSynth } from "./synth";
import { benchTests } from "./tests";
import { benchThroughput } from "./throughput";
import { benchWake } from "./wake";

/** The headlines, in the order of the table: what is measured where nobody names a benchmark. */
export const HEADLINES = [
  "agents",
  "cache",
  "pool",
  "wake",
  "cold",
  "capacity",
  "throughput",
  "cost",
  "synth",
  "apply",
  "tests",
  "image",
  "growth",
] as const;

/** Every benchmark: the headlines, and a proof that is run by name because it takes long. */
export const BENCH_NAMES = [...HEADLINES, "isolation"] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

type Bench =
  | { readonly stack: false; readonly run: (context: CommandContext) => Promise<BenchResult> }
  /**
   * Flips the stack that it is given, which it shares with others: creating one takes longer than most measurements.
   */
  | { readonly stack: true; readonly run: (context: CommandContext, stack: LocalStack) => Promise<BenchResult> };

const alone = (run: (context: CommandContext) => Promise<BenchResult>): Bench => ({ stack: false, run });
const onStack = (run: (context: CommandContext, stack: LocalStack) => Promise<BenchResult>): Bench => ({
  stack: true,
  run,
});

const BENCHES: Readonly<Record<BenchName, Bench>> = {
  agents: onStack(benchAgents),
  cache: onStack(benchCache),
  pool: alone((context) => benchPool(context)),
  wake: alone((context) => benchWake(context)),
  cold: alone((context) => benchCold(context)),
  capacity: onStack(benchCapacity),
  throughput: alone((context) => benchThroughput(context)),
  cost: alone((context) => benchCost(context)),
  synth: alone((context) => benchSynth(context)),
  apply: alone((context) => benchApply(context)),
  tests: alone((context) => benchTests(context)),
  image: alone((context) => benchImage(context)),
  growth: alone((context) => benchGrowth(context)),
  isolation: alone((context) => benchIsolation(context)),
};

/** What to run. */
export interface BenchOptions {
  /** Default: every headline. */
  readonly names: readonly string[];
  /** Folder to write results.json and report.html into. Default: nothing is written. */
  readonly write?: string;
}

/**
 * Runs benchmarks one after the other; none beside another, as they would measure each other. Exit code 1 where one
 * misses a bound.
 */
export async function bench(context: CommandContext, { names, write }: BenchOptions): Promise<CommandResult> {
  const unknown = names.filter((name) => !isBench(name));
  if (unknown.length > 0)
    throw new UsageError(`There is no benchmark ${unknown.join(", ")}. Allowed: ${BENCH_NAMES.join(", ")}.`);
  const wanted: readonly BenchName[] = names.length > 0 ? [...new Set(names)].filter(isBench) : HEADLINES;
  const found: BenchResult[] = [];
  const written = new Set<string>();
  await runAll(context, wanted, async (name, result, seconds) => {
    found[wanted.indexOf(name)] = result;
    // Each as it ends: one that fails later takes nothing away.
    if (write !== undefined)
      for (const path of await writeResults(write, { [name]: recordOf(result, seconds) }, BENCH_NAMES))
        written.add(path);
  });
  return {
    exitCode: Math.max(...found.map(({ exitCode }) => exitCode)),
    text: [...found.map(({ text }) => text), ...(written.size > 0 ? [`Written: ${[...written].join(", ")}`] : [])].join(
      "\n\n",
    ),
    json: { benches: found.map(({ json }) => json) },
  };
}

const isBench = (name: string): name is BenchName => (BENCH_NAMES as readonly string[]).includes(name);

type OnResult = (name: BenchName, result: BenchResult, seconds: number) => Promise<void>;

/** Those that need no stack first: an apply would still be heard of in the machine's caches. */
async function runAll(context: CommandContext, names: readonly BenchName[], onResult: OnResult): Promise<void> {
  const timed = async (name: BenchName, run: () => Promise<BenchResult>) => {
    context.signal.throwIfAborted();
    const began = performance.now();
    const result = await run();
    await onResult(name, result, (performance.now() - began) / 1_000);
  };
  const benches = names.map((name) => [name, BENCHES[name]] as const);
  for (const [name, entry] of benches) if (!entry.stack) await timed(name, () => entry.run(context));
  const onTheStack = benches.flatMap(([name, entry]) => (entry.stack ? [[name, entry.run] as const] : []));
  if (onTheStack.length === 0) return;
  const agents = [{ name: "echo", kind: "scripted", target: "1ms done", phases: [1] }];
  await LocalStack.with(context, { settings: { agents } }, async (stack) => {
    for (const [name, run] of onTheStack) await timed(name, () => run(context, stack));
  });
}
