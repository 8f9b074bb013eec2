import { countAbove, quantile } from "../../kit/quantiles";
import { list, record, type Values } from "../applied/state";
import type { MetricName, MetricStore } from "./metric-store";
import { AwsError } from "./metrics-server";

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

/** Most queries of one call (CloudWatch API reference, GetMetricData). */
const MAX_QUERIES = 500;
const MINUTE_MS = 60_000;

interface Query extends MetricName {
  readonly id: string;
  readonly label: string;
  readonly statistic: Statistic;
  readonly periodMs: number;
  readonly returned: boolean;
}

/**
 * Answers GetMetricData from samples, all of it in one page. Periods are counted from the start, which is rounded down
 * to a whole minute; a period without samples has no value. Throws {@link AwsError} for what is wrong, and for
 * expressions, which are not evaluated here.
 * @param input the request's parsed JSON, times in seconds since 1970
 */
export function getMetricData(store: MetricStore, input: Values): Values {
  const [startMs, endMs] = [timeOf(input, "StartTime"), timeOf(input, "EndTime")];
  if (startMs >= endMs)
    throw invalid(`The parameter StartTime (${iso(startMs)}) must be less than the parameter EndTime (${iso(endMs)}).`);
  const queries = list(input["MetricDataQueries"]).map((query) => readQuery(record(query) ?? {}));
  if (queries.length === 0 || queries.length > MAX_QUERIES)
    throw invalid(`MetricDataQueries has ${queries.length} queries; allowed: 1 to ${MAX_QUERIES}.`);
  const twice = queries.find(({ id }, index) => queries.findIndex((other) => other.id === id) !== index);
  if (twice) throw invalid(`The id ${twice.id} is there twice; allowed: each once.`);
  const ascending = input["ScanBy"] === "TimestampAscending";
  const from = Math.floor(startMs / MINUTE_MS) * MINUTE_MS;
  return {
    Messages: [],
    MetricDataResults: queries
      .filter(({ returned }) => returned)
      .map((query) => resultOf(store, query, from, endMs, ascending)),
  };
}

function resultOf(store: MetricStore, query: Query, startMs: number, endMs: number, ascending: boolean): Values {
  const found = [...store.byPeriod(query, startMs, endMs, query.periodMs)].map(
    ([start, values]) => [start / 1_000, query.statistic(values)] as const,
  );
  if (!ascending) found.reverse();
  return {
    Id: query.id,
    Label: query.label,
    StatusCode: "Complete",
    Timestamps: found.map(([time]) => time),
    Values: found.map(([, value]) => value),
  };
}

function readQuery(query: Values): Query {
  const id = query["Id"];
  if (typeof id !== "string" || !/^[a-z]\w*$/.test(id))
    throw invalid(
      `The id of a query is ${JSON.stringify(id)}; allowed: letters, digits and _, a lower-case letter first.`,
    );
  if (query["Expression"] !== undefined)
    throw invalid(
      `${id} is the expression ${JSON.stringify(query["Expression"])}; here only MetricStat is answered. Ask for the metrics, and compute it from them.`,
    );
  const stat = record(query["MetricStat"]);
  const metric = record(stat?.["Metric"]);
  if (stat === undefined || metric === undefined) throw invalid(`${id} has no MetricStat with a Metric.`);
  if (stat["Unit"] !== undefined)
    throw invalid(
      `${id} asks for the unit ${JSON.stringify(stat["Unit"])}, and units are not kept here; leave it out.`,
    );
  const name = nameOf(id, metric);
  const label = typeof query["Label"] === "string" ? query["Label"] : name.metric;
  return {
    id,
    label,
    ...name,
    statistic: statisticOf(id, stat["Stat"]),
    periodMs: periodOf(id, stat["Period"]),
    returned: query["ReturnData"] !== false,
  };
}

function nameOf(id: string, metric: Values): MetricName {
  const [namespace, name] = [metric["Namespace"], metric["MetricName"]];
  if (typeof namespace !== "string" || typeof name !== "string")
    throw invalid(
      `${id} names the metric ${JSON.stringify(name)} of ${JSON.stringify(namespace)}; it takes Namespace and MetricName.`,
    );
  return { namespace, metric: name, dimensions: dimensionsOf(metric["Dimensions"]) };
}

function statisticOf(id: string, name: unknown): Statistic {
  const statistic = typeof name === "string" ? parseStatistic(name) : undefined;
  if (statistic === undefined)
    throw invalid(`${id} asks for the statistic ${JSON.stringify(name)}; allowed here: ${STATISTICS}.`);
  return statistic;
}

function periodOf(id: string, seconds: unknown): number {
  const allowed =
    typeof seconds === "number" && seconds > 0 && ([1, 5, 10, 20, 30].includes(seconds) || seconds % 60 === 0);
  if (!allowed)
    throw invalid(
      `${id} has the period ${JSON.stringify(seconds)}; allowed: 1, 5, 10, 20, 30, or a multiple of 60 seconds.`,
    );
  return seconds * 1_000;
}

/** `[{Name, Value}]` as a map. */
export function dimensionsOf(given: unknown): Record<string, string> {
  return Object.fromEntries(
    list(given).map((each) => [String(record(each)?.["Name"]), String(record(each)?.["Value"])]),
  );
}

function timeOf(input: Values, name: string): number {
  const seconds = input[name];
  if (typeof seconds !== "number" || !Number.isFinite(seconds))
    throw invalid(`${name} is ${JSON.stringify(seconds) ?? "missing"}; allowed: seconds since 1970.`);
  return seconds * 1_000;
}

const invalid = (message: string): AwsError => new AwsError(400, "ValidationError", message);
const iso = (ms: number): string => new Date(ms).toISOString();
