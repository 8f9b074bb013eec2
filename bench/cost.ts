import { type BenchFigure, benchResult, type BenchResult } from "./results";
import type { Difference } from "../scripts/cost/comparison";
import type { CommandContext } from "../scripts/kit/context";
import { cost } from "../scripts/cost/cost";

/** Requests a month: few, some, many. */
const REQUESTS = [10_000, 100_000, 1_000_000];

/**
 * What profile baseline and profile optimized cost a month, from the cost model. Nothing is measured, so nothing has a
 * bound.
 */
export async function benchCost(context: CommandContext): Promise<BenchResult> {
  const { json: report } = await cost(context, {
    compare: ["baseline", "optimized"],
    vars: [],
    requests: REQUESTS.join(","),
  });
  const figures = report.differences.flatMap(({ infrastructure, total }, index) => {
    const month = `${REQUESTS[index]!.toLocaleString("en")} requests a month`;
    return [figureOf(`${month}, all but the models' tokens`, infrastructure), figureOf(`${month}, with tokens`, total)];
  });
  return benchResult("cost", {
    method:
      "Dollars a month of profile baseline / optimized from the cost model (quickturn cost): list prices of " +
      "us-east-1 and the default usage.",
    figures,
    data: { requests: REQUESTS, differences: report.differences },
  });
}

function figureOf(compared: string, { beforeUsd, afterUsd, differencePercent }: Difference): BenchFigure {
  return {
    compares: `${compared} ($${beforeUsd.toFixed(2)} / $${afterUsd.toFixed(2)})`,
    measured: differencePercent === null ? "-" : `${differencePercent > 0 ? "+" : ""}${differencePercent.toFixed(1)} %`,
  };
}
