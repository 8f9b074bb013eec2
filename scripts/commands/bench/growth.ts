import { growthFigures, growthText } from "../../judges/benches/growth";
import type { CommandContext } from "../context";
import { measureDeployments } from "./growth-deployments";
import { measureRequests } from "./growth-requests";
import { benchResult, type BenchResult } from "./result";

/** What `bench growth` measures. */
export interface GrowthBenchOptions {
  /** Deployments in one root, ascending. Default: 1, 10, 50. */
  readonly deployments?: readonly number[];
  /** Requests in the table, ascending. Default: 1,000, 10,000 and 100,000. */
  readonly requests?: readonly number[];
}

const METHOD =
  "Deployments: one root calls the module with for_each; terraform plan of nothing that is there yet, with a real provider that is running already, once for each size. Requests: the functions' own store over a database in memory (dynalite), in a process of its own for each size; one in ten requests has not ended, and twenty are due; medians, and the calls and items that each operation asks for, which is what DynamoDB's time and price follow.";

/**
 * How plans grow with deployments, and what the functions ask of the table with requests. Exit code 1 where anything
 * grows faster than linearly, or calls or items grow at all.
 */
export async function benchGrowth(
  context: CommandContext,
  { deployments = [1, 10, 50], requests = [1_000, 10_000, 100_000] }: GrowthBenchOptions = {},
): Promise<BenchResult> {
  const growth = {
    requests: await measureRequests(context, requests),
    deployments: await measureDeployments(context, deployments),
  };
  const { figures, charts } = growthFigures(growth);
  return benchResult("growth", {
    method: METHOD,
    figures,
    charts,
    text: growthText(growth, figures),
    data: { growth },
  });
}
