import { countAbove, quantile } from "../../kit/quantiles";
import { asList, asObject, type JsonObject } from "../json";
import { readDimensions, type MetricName, type MetricStore } from "./metric-store";
import { AwsError } from "./metrics-server";

/** What CloudWatch computes from the samples of a period: at least one value, ascending. */
export type Statistic = (ascending: readonly number[]) => number;

const sum: Statistic = (values) => values.reduce((total, value) => total + value, 0);

const PLAIN = new Map<string, Statistic>([
  ["SampleCount", (values) => values.length],
  ["Sum", sum],
  ["Average", (values) => sum(values) / values.length],
  ["Minimum", (values) => values[0] ?? NaN],
  ["Maximum", (values) => values.at(-1) ?? NaN],
]);

/** Names of the statistics, for messages. */
const STATISTICS = `${[...PLAIN.keys()].join(", ")}, p0 to p100, PR(low:high)`;

/**
 * Reads a statistic's name; undefined for a name that is not known here. Besides the plain ones there are:
 * - `p95`, linear between the two nearest samples: CloudWatch does not say how it computes percentiles;
 * - `PR(low:high)`, percent of the samples above `low` and at most `high`, of which one may be missing (CloudWatch
 *   user guide, "Statistics definitions").
 */
export function parseStatistic(name: string): Statistic | undefined {
  const percentile = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/i.exec(name)?.[1];
  if (percentile !== undefined) return (values) => quantile(values, Number(percentile) / 100);
  return PLAIN.get(name) ?? parsePercentileRank(name);
}

function parsePercentileRank(name: string): Statistic | undefined {
  const [matched, from, to] = /^PR\((-?\d+(?:\.\d+)?)?:(-?\d+(?:\.\d+)?)?\)$/i.exec(name) ?? [];
  if (matched === undefined || (from === undefined && to === undefined)) return undefined;
  const [low, high] = [Number(from ?? -Infinity), Number(to ?? Infinity)];
  if (low >= high) return undefined;
  return (values) => (100 * (countAbove(values, low) - countAbove(values, high))) / values.length;
}

/** Most queries of one call (CloudWatch API reference, GetMetricData). */
const MAX_QUERIES = 500;
const MINUTE_MS = 60_000;

interface Query extends MetricName {
  readonly id: string;
  readonly label: string;
  readonly statistic: Statistic;
  readonly periodMs: number;
  /** Whether the answer holds its result. */
  readonly returned: boolean;
}

/**
 * Answers GetMetricData from samples, all of it in one page. Periods are counted from the start, which is rounded down
 * to a whole minute; a period without samples has no value.
 * @param input the request's parsed JSON, times in seconds since 1970
 * @throws AwsError where something is invalid, and for expressions, which are not evaluated here
 */
export function getMetricData(store: MetricStore, input: JsonObject): JsonObject {
  const [givenStartMs, endMs] = [readTime(input, "StartTime"), readTime(input, "EndTime")];
  if (givenStartMs >= endMs)
    throw invalid(
      `The parameter StartTime (${isoTime(givenStartMs)}) must be less than the parameter EndTime (${isoTime(endMs)}).`,
    );
  const queries = asList(input["MetricDataQueries"]).map((query) => readQuery(asObject(query) ?? {}));
  if (queries.length === 0 || queries.length > MAX_QUERIES)
    throw invalid(`MetricDataQueries has ${queries.length} queries; allowed: 1 to ${MAX_QUERIES}.`);
  const ids = queries.map(({ id }) => id);
  const duplicate = ids.find((id, index) => ids.indexOf(id) !== index);
  if (duplicate !== undefined) throw invalid(`The id ${duplicate} is there twice; allowed: each once.`);
  const startMs = Math.floor(givenStartMs / MINUTE_MS) * MINUTE_MS;
  const results = queries
    .filter(({ returned }) => returned)
    .map((query) => {
      const periods = [...store.byPeriod(query, { startMs, endMs, periodMs: query.periodMs })];
      if (input["ScanBy"] !== "TimestampAscending") periods.reverse();
      return {
        Id: query.id,
        Label: query.label,
        StatusCode: "Complete",
        Timestamps: periods.map(([periodStartMs]) => periodStartMs / 1_000),
        Values: periods.map(([, values]) => query.statistic(values)),
      };
    });
  return { Messages: [], MetricDataResults: results };
}

function readQuery(query: JsonObject): Query {
  const { Id: id, Expression: expression, MetricStat: metricStat, Label: label, ReturnData: returnData } = query;
  if (typeof id !== "string" || !/^[a-z]\w*$/.test(id))
    throw invalid(
      `The id of a query is ${JSON.stringify(id)}; allowed: letters, digits and _, a lower-case letter first.`,
    );
  if (expression !== undefined)
    throw invalid(
      `${id} is the expression ${JSON.stringify(expression)}; here only MetricStat is answered. ` +
        "Ask for the metrics, and compute it from them.",
    );
  const stat = asObject(metricStat);
  const metric = asObject(stat?.["Metric"]);
  if (stat === undefined || metric === undefined) throw invalid(`${id} has no MetricStat with a Metric.`);
  if (stat["Unit"] !== undefined)
    throw invalid(
      `${id} asks for the unit ${JSON.stringify(stat["Unit"])}, and units are not kept here; leave it out.`,
    );
  const name = readMetricName(id, metric);
  return {
    id,
    ...name,
    label: typeof label === "string" ? label : name.metric,
    statistic: readStatistic(id, stat["Stat"]),
    periodMs: readPeriod(id, stat["Period"]),
    returned: returnData !== false,
  };
}

function readMetricName(id: string, given: JsonObject): MetricName {
  const { Namespace: namespace, MetricName: metric, Dimensions: dimensions } = given;
  if (typeof namespace !== "string" || typeof metric !== "string")
    throw invalid(
      `${id} names the metric ${JSON.stringify(metric)} of ${JSON.stringify(namespace)}; ` +
        "it takes Namespace and MetricName.",
    );
  return { namespace, metric, dimensions: readDimensions(dimensions) };
}

function readStatistic(id: string, name: unknown): Statistic {
  const statistic = typeof name === "string" ? parseStatistic(name) : undefined;
  if (statistic === undefined)
    throw invalid(`${id} asks for the statistic ${JSON.stringify(name)}; allowed here: ${STATISTICS}.`);
  return statistic;
}

function readPeriod(id: string, seconds: unknown): number {
  const allowed =
    typeof seconds === "number" && seconds > 0 && ([1, 5, 10, 20, 30].includes(seconds) || seconds % 60 === 0);
  if (!allowed)
    throw invalid(
      `${id} has the period ${JSON.stringify(seconds)}; allowed: 1, 5, 10, 20, 30, or a multiple of 60 seconds.`,
    );
  return seconds * 1_000;
}

function readTime(input: JsonObject, name: string): number {
  const seconds = input[name];
  if (typeof seconds !== "number" || !Number.isFinite(seconds))
    throw invalid(`${name} is ${JSON.stringify(seconds) ?? "missing"}; allowed: seconds since 1970.`);
  return seconds * 1_000;
}

const invalid = (message: string): AwsError => new AwsError(400, "ValidationError", message);
const isoTime = (ms: number): string => new Date(ms).toISOString();
