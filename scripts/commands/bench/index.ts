import { UsageError, type CommandContext, type CommandResult } from "../context";
import { benchAgents } from "./agents";
import { benchCache } from "./cache";
import { benchCapacity } from "./capacity";
import { benchImage } from "./image";
import { benchIsolation } from "./isolation";
import { benchWake } from "./wake";

/** The benchmarks by name. */
export const BENCHES: Readonly<Record<string, (context: CommandContext) => Promise<CommandResult>>> = { agents: benchAgents, cache: benchCache, capacity: benchCapacity, image: (context) => benchImage(context), isolation: (context) => benchIsolation(context), wake: (context) => benchWake(context) };

/** Runs benchmarks one after the other; none beside another, as they would measure each other. Exit code 1 where one misses a bound. */
export async function bench(context: CommandContext, names: readonly string[]): Promise<CommandResult> {
  const wanted = names.length > 0 ? names : Object.keys(BENCHES);
  const unknown = wanted.filter((name) => BENCHES[name] === undefined);
  if (unknown.length > 0) throw new UsageError(`There is no benchmark ${unknown.join(", ")}. Allowed: ${Object.keys(BENCHES).join(", ")}.`);
  const results: CommandResult[] = [];
  for (const name of wanted) results.push(await BENCHES[name]!(context));
  return {
    exitCode: Math.max(...results.map(({ exitCode }) => exitCode)),
    text: results.map(({ text }) => text).join("\n\n"),
    json: { benches: results.map(({ json }) => json) },
  };
}
