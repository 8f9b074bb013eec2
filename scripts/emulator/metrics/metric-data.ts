import { countAbove, quantile } from "../../kit/quantiles";
import { asList, asObject, asText, isNumber, type JsonObject } from "../json";
import type { MetricStore, Sample } from "./metric-store";

/** A refusal as AWS words it: status, name and message reach the caller. */
export class AwsError extends Error {
  constructor(
    readonly status: number,
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** What CloudWatch computes from the samples of a period: at least one value, ascending. */
type Statistic = (ascending: readonly number[]) => number;

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

/**
 * Answers GetMetricData from samples, all of it in one page. Periods are counted from the start, which is rounded down
 * to a whole minute; a period without samples has no value.
 * @param input the request's parsed JSON, times in seconds since 1970
 * @throws AwsError where something is invalid, and for expressions, which are not evaluated here
 */
export function getMetricData(store: MetricStore, input: JsonObject): JsonObject {
  const [givenStartMs, endMs] = [readTime(input, "StartTime"), readTime(input, "EndTime")];
  if (givenStartMs >= endMs) {
    const [start, end] = [givenStartMs, endMs].map((ms) => new Date(ms).toISOString());
    throw invalid(`The parameter StartTime (${start}) must be less than the parameter EndTime (${end}).`);
  }
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

function readQuery(query: JsonObject) {
  const { Id: id, Expression: expression, MetricStat: metricStat, Label: label, ReturnData: returnData } = query;
  if (typeof id !== "string" || !/^[a-z]\w*$/.test(id))
    throw invalid(`The id of a query is ${describe(id)}; allowed: letters, digits and _, a lower-case letter first.`);
  if (expression !== undefined)
    throw invalid(
      `${id} is the expression ${describe(expression)}; here only MetricStat is answered. ` +
        "Ask for the metrics, and compute it from them.",
    );
  const { Metric: given, Stat: statistic, Period: period, Unit: unit } = asObject(metricStat) ?? {};
  if (asObject(given) === undefined) throw invalid(`${id} has no MetricStat with a Metric.`);
  if (unit !== undefined)
    throw invalid(`${id} asks for the unit ${describe(unit)}, and units are not kept here; leave it out.`);
  const { Namespace: namespace, MetricName: metric, Dimensions: dimensions } = asObject(given) ?? {};
  if (typeof namespace !== "string" || typeof metric !== "string")
    throw invalid(
      `${id} has the MetricName ${describe(metric)} and the Namespace ${describe(namespace)}; expected texts.`,
    );
  return {
    id,
    namespace,
    metric,
    dimensions: readDimensions(dimensions),
    label: typeof label === "string" ? label : metric,
    statistic: readStatistic(id, statistic),
    periodMs: readPeriod(id, period),
    /** Whether the answer holds its result. */
    returned: returnData !== false,
  };
}

function readStatistic(id: string, name: unknown): Statistic {
  const statistic = typeof name === "string" ? parseStatistic(name) : undefined;
  if (statistic === undefined)
    throw invalid(`${id} asks for the statistic ${describe(name)}; allowed here: ${STATISTICS}.`);
  return statistic;
}

function readPeriod(id: string, seconds: unknown): number {
  const allowed =
    typeof seconds === "number" && seconds > 0 && ([1, 5, 10, 20, 30].includes(seconds) || seconds % 60 === 0);
  if (!allowed)
    throw invalid(`${id} has the period ${describe(seconds)}; allowed: 1, 5, 10, 20, 30, or a multiple of 60 seconds.`);
  return seconds * 1_000;
}

function readTime(input: JsonObject, name: string): number {
  const seconds = input[name];
  if (!isNumber(seconds)) throw invalid(`${name} is ${describe(seconds)}; allowed: seconds since 1970.`);
  return seconds * 1_000;
}

/**
 * Records the data of a PutMetricData call, all of it or nothing. A datum without a time is recorded at `nowMs`.
 * @param input the request's parsed JSON, times in seconds since 1970
 * @param nowMs in the time of the metrics
 * @throws AwsError where something is invalid, and for sets of values and of statistics, which are not recorded here
 */
export function putMetricData(store: MetricStore, input: JsonObject, nowMs: number): void {
  const namespace = asText(input["Namespace"]);
  if (namespace === undefined)
    throw invalid(`Namespace is ${describe(input["Namespace"])}; expected a text.`, PUT_REFUSAL);
  const data = asList(input["MetricData"]).map((datum) => readDatum(asObject(datum) ?? {}, nowMs));
  for (const datum of data) store.record({ namespace, ...datum });
}

const PUT_REFUSAL = "InvalidParameterValue";

function readDatum(datum: JsonObject, nowMs: number): Omit<Sample, "namespace"> {
  const { Timestamp: seconds, Value: value, Dimensions: dimensions } = datum;
  const metric = asText(datum["MetricName"]);
  if (metric === undefined)
    throw invalid(`A datum has the MetricName ${describe(datum["MetricName"])}; expected a text.`, PUT_REFUSAL);
  const set = ["StatisticValues", "Values"].find((name) => datum[name] !== undefined);
  if (set !== undefined) throw invalid(`${metric} comes as ${set}; here only Value is recorded.`, PUT_REFUSAL);
  if (!isNumber(value)) throw invalid(`${metric} has the value ${describe(value)}; allowed: numbers.`, PUT_REFUSAL);
  const atMs = isNumber(seconds) ? seconds * 1_000 : nowMs;
  return { metric, dimensions: readDimensions(dimensions), value, atMs };
}

/** `[{Name, Value}]` as a map. */
function readDimensions(given: unknown): Record<string, string> {
  return Object.fromEntries(
    asList(given).map((each) => [String(asObject(each)?.["Name"]), String(asObject(each)?.["Value"])]),
  );
}

const describe = (value: unknown): string => JSON.stringify(value) ?? "missing";
const invalid = (message: string, name = "ValidationError"): AwsError => new AwsError(400, name, message);
