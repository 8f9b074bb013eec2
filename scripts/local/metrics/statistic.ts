import { countAbove, quantile } from "../../judges/statistics/quantiles";

/** What CloudWatch makes of a period's samples. */
export type Statistic = (ascending: readonly number[]) => number;

const sum: Statistic = (values) => values.reduce((all, value) => all + value, 0);

const PLAIN: Readonly<Record<string, Statistic>> = {
  SampleCount: (values) => values.length,
  Sum: sum,
  Average: (values) => sum(values) / values.length,
  Minimum: (values) => values[0]!,
  Maximum: (values) => values[values.length - 1]!,
};

/**
 * Reads a statistic's name: the five plain ones, `p95` (linear between the two nearest samples: CloudWatch does not
 * tell how it computes it), and `PR(low:high)`, percent of the samples that are above `low` and at most `high`, either
 * of which may be missing (CloudWatch user guide, "Statistics definitions"). What it yields is given at least one
 * value. Undefined for any other name.
 */
export function parseStatistic(name: string): Statistic | undefined {
  const percentile = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/i.exec(name)?.[1];
  if (percentile !== undefined) return (values) => quantile(values, Number(percentile) / 100);
  return rank(name) ?? (Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined);
}

/** For the message about a name that is none. */
export const STATISTICS = `${Object.keys(PLAIN).join(", ")}, p0 to p100, PR(low:high)`;

function rank(name: string): Statistic | undefined {
  const bounds = /^PR\((-?\d+(?:\.\d+)?)?:(-?\d+(?:\.\d+)?)?\)$/i.exec(name);
  if (bounds === null || (bounds[1] === undefined && bounds[2] === undefined)) return undefined;
  const [low, high] = [
    bounds[1] === undefined ? -Infinity : Number(bounds[1]),
    bounds[2] === undefined ? Infinity : Number(bounds[2]),
  ];
  if (low >= high) return undefined;
  return (values) => (100 * (countAbove(values, low) - countAbove(values, high))) / values.length;
}
