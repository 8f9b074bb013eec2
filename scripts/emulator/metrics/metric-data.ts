import { countAbove, quantile } from "../../kit/quantiles";
import { evaluateMath, fillLabel, isFoundBy, isSearch, parseSearch } from "../../kit/metric-expressions";
import { asList, asObject, asText, isNumber, messageOf, type JsonObject } from "../json";
import type { MetricName, MetricStore, Periods, Sample } from "./metric-store";

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
 * @throws AwsError where something is invalid, or an expression is of a kind that the dashboard does not use
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
  const window = { startMs: Math.floor(givenStartMs / MINUTE_MS) * MINUTE_MS, endMs };
  const results = queries
    .filter(({ returned }) => returned)
    .flatMap((query) => answerQuery(query, { store, window, queries }))
    .map(({ id, label, points }) => {
      if (input["ScanBy"] !== "TimestampAscending") points.reverse();
      return {
        Id: id,
        Label: label,
        StatusCode: "Complete",
        Timestamps: points.map(([ms]) => ms / 1_000),
        Values: points.map(([, value]) => value),
      };
    });
  return { Messages: [], MetricDataResults: results };
}

interface Query {
  readonly id: string;
  readonly label: string | undefined;
  readonly periodMs: number;
  /** Whether the answer holds its result. */
  readonly returned: boolean;
  readonly source: (MetricName & { readonly statistic: Statistic }) | { readonly expression: string };
}

type Points = [ms: number, value: number][];
type Result = Pick<Query, "id"> & { readonly label: string; readonly points: Points };

/** What queries are answered from. */
interface Question {
  readonly store: MetricStore;
  readonly window: Pick<Periods, "startMs" | "endMs">;
  /** All queries of the call, which an expression may name. */
  readonly queries: readonly Query[];
}

/** One result; of a search one for each metric that it finds. */
function answerQuery(query: Query, question: Question): Result[] {
  const { id, label, periodMs, source } = query;
  const { store } = question;
  if (!("expression" in source)) return [{ id, label: label ?? source.metric, points: readPoints(query, question) }];
  const { expression } = source;
  try {
    if (!isSearch(expression)) return [{ id, label: label ?? id, points: evaluate(expression, periodMs, question) }];
    const search = parseSearch(expression);
    const statistic = readStatistic(id, search.statistic);
    return store
      .names()
      .filter((name) => isFoundBy(search, name))
      .map((name) => ({
        id,
        label: fillLabel(label ?? name.metric, name.dimensions),
        points: readPoints({ source: { ...name, statistic }, periodMs }, question),
      }));
  } catch (error) {
    throw error instanceof AwsError ? error : invalid(`${id}: ${messageOf(error)}`);
  }
}

function readPoints({ source, periodMs }: Pick<Query, "source" | "periodMs">, { store, window }: Question): Points {
  if ("expression" in source) return [];
  const periods = [...store.byPeriod(source, { ...window, periodMs })];
  return periods.map(([ms, values]) => [ms, source.statistic(values)]);
}

/** The values of an expression of metrics, in the periods of the window. */
function evaluate(expression: string, periodMs: number, question: Question): Points {
  const { startMs, endMs } = question.window;
  const metrics = question.queries.filter(({ source }) => !("expression" in source));
  const values = new Map(metrics.map((query) => [query.id, new Map(readPoints(query, question))]));
  const periods = Array.from({ length: Math.ceil((endMs - startMs) / periodMs) }, (_, index) => index * periodMs);
  return evaluateMath(
    expression,
    values,
    periods.map((afterMs) => startMs + afterMs),
  );
}

function readQuery(query: JsonObject): Query {
  const { Id: id, Expression: expression, MetricStat: metricStat, Label: label, ReturnData: returnData } = query;
  if (typeof id !== "string" || !/^[a-z]\w*$/.test(id))
    throw invalid(`The id of a query is ${describe(id)}; allowed: letters, digits and _, a lower-case letter first.`);
  const asked = { id, label: asText(label), returned: returnData !== false };
  if (typeof expression === "string")
    return { ...asked, source: { expression }, periodMs: readPeriod(id, query["Period"]) };
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
    ...asked,
    source: { namespace, metric, dimensions: readDimensions(dimensions), statistic: readStatistic(id, statistic) },
    periodMs: readPeriod(id, period),
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
