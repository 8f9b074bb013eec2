import { type MetricSeries, sourceKey } from "./metrics";

/** A SEARCH expression, read. */
export interface Search {
  readonly namespace: string;
  /** Exactly these dimensions a metric must have. */
  readonly dimensions: readonly string[];
  /** Values that they, or MetricName, must have. */
  readonly terms: Readonly<Record<string, string>>;
  readonly statistic: string;
}

export const isSearch = (expression: string): boolean => expression.startsWith("SEARCH(");

/**
 * Reads `SEARCH('{Namespace,Dimension,…} Name="value" …', 'Statistic')`: exact terms alone, which is what the dashboard
 * asks for (CloudWatch user guide, "Search expression syntax"). Throws on any other form.
 */
export function parseSearch(expression: string): Search {
  const [, schema, terms = "", statistic] =
    /^SEARCH\('\{([^{}']+)\}((?:\s+[\w.]+="[^"']*")*)\s*',\s*'([\w.()%:]+)'\s*\)$/.exec(expression) ?? [];
  const [namespace, ...dimensions] = schema?.split(",").map((part) => part.trim().replace(/^"(.*)"$/, "$1")) ?? [];
  if (namespace === undefined || statistic === undefined)
    throw new Error(
      `${expression} cannot be searched for here; allowed: SEARCH('{Namespace,Dimension} Name="value"', 'Statistic').`,
    );
  return {
    namespace,
    dimensions,
    statistic,
    terms: Object.fromEntries([...terms.matchAll(/([\w.]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!])),
  };
}

/** The series that a search finds among those there are, in an order that does not depend on theirs. */
export function found(
  { namespace, dimensions, terms, statistic }: Search,
  periodSeconds: number,
  series: readonly MetricSeries[],
): readonly MetricSeries[] {
  const fits = (each: MetricSeries) =>
    each.namespace === namespace &&
    each.statistic === statistic &&
    each.periodSeconds === periodSeconds &&
    Object.keys(each.dimensions).length === dimensions.length &&
    dimensions.every((name) => name in each.dimensions) &&
    Object.entries(terms).every(
      ([name, value]) =>
        (name === "MetricName" ? each.metric : name === "Namespace" ? each.namespace : each.dimensions[name]) === value,
    );
  return series.filter(fits).sort((left, right) => (sourceKey(left) < sourceKey(right) ? -1 : 1));
}
