import { list, record, type Values } from "../applied/state";
import type { Sample, MetricStore } from "./metric-store";
import { AwsError } from "./metrics-server";
import { dimensionsOf } from "./metric-data";

/** A directive holds at most so many dimensions a set (embedded metric format specification). */
const MAX_DIMENSIONS = 30;

/**
 * The metrics in one line of a function's log, in CloudWatch's embedded metric format: of each directive each metric,
 * once for each of its dimension sets, each value of an array for itself. A line that is none has no metrics; a metric
 * or a dimension that the line does not hold is left out, as CloudWatch does.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @returns samples with the line's own time, in milliseconds since 1970
 */
export function embeddedMetrics(line: string): Sample[] {
  // Most lines are none, and parsing takes longest.
  if (!line.startsWith("{") || !line.includes('"_aws"')) return [];
  const root = parse(line);
  const metadata = record(root?.["_aws"]);
  const atMs = metadata?.["Timestamp"];
  if (root === undefined || typeof atMs !== "number") return [];
  return list(metadata?.["CloudWatchMetrics"]).flatMap((directive) => ofDirective(record(directive) ?? {}, root, atMs));
}

function ofDirective(directive: Values, root: Values, atMs: number): Sample[] {
  const namespace = directive["Namespace"];
  if (typeof namespace !== "string" || namespace === "") return [];
  const sets = list(directive["Dimensions"])
    .map((names) => embeddedDimensions(list(names), root))
    .filter((set) => set !== undefined);
  return list(directive["Metrics"]).flatMap((definition) => {
    const metric = record(definition)?.["Name"];
    if (typeof metric !== "string") return [];
    return valuesOf(root[metric]).flatMap((value) =>
      sets.map((dimensions) => ({ namespace, metric, dimensions, value, atMs })),
    );
  });
}

/** Undefined where the line lacks one of them: the set is no set then. */
function embeddedDimensions(names: readonly unknown[], root: Values): Record<string, string> | undefined {
  const entries = names.map((name) => [String(name), root[String(name)]] as const);
  const given = entries.filter(
    (entry): entry is readonly [string, string] => typeof entry[1] === "string" && entry[1] !== "",
  );
  return given.length < entries.length || entries.length > MAX_DIMENSIONS ? undefined : Object.fromEntries(given);
}

function valuesOf(target: unknown): number[] {
  return (Array.isArray(target) ? target : [target]).filter(
    (value): value is number => typeof value === "number" && Number.isFinite(value),
  );
}

function parse(line: string): Values | undefined {
  try {
    return record(JSON.parse(line));
  } catch {
    return undefined; // A line that only looks like JSON is a line of text.
  }
}

/**
 * Records what PutMetricData is given, all of it or nothing. A datum without a time is of now; a given time is taken as
 * one of the metrics. Statistic sets are refused: no percentile can be told from them.
 * @param input the request's parsed JSON, times in seconds since 1970
 * @param nowMs in the time of the metrics
 */
export function putMetricData(store: MetricStore, input: Values, nowMs: number): void {
  const namespace = input["Namespace"];
  if (typeof namespace !== "string" || namespace === "")
    throw invalid(`Namespace is ${JSON.stringify(namespace) ?? "missing"}; it takes one.`);
  const samples = list(input["MetricData"]).flatMap((datum) => samplesOf(namespace, record(datum) ?? {}, nowMs));
  for (const sample of samples) store.record(sample);
}

function samplesOf(namespace: string, datum: Values, nowMs: number): Sample[] {
  const { MetricName: metric, Timestamp: seconds, Value: value, Values: values, Counts: counts } = datum;
  if (typeof metric !== "string" || metric === "")
    throw invalid(`A datum has the MetricName ${JSON.stringify(metric) ?? "missing"}; it takes one.`);
  if (datum["StatisticValues"] !== undefined)
    throw invalid(`${metric} comes as StatisticValues; here only Value and Values are recorded.`);
  const given =
    values === undefined
      ? [value]
      : list(values).flatMap((each, index) => Array<unknown>(countOf(metric, list(counts)[index])).fill(each));
  const bad = given.find((each) => typeof each !== "number" || !Number.isFinite(each));
  if (given.length === 0 || bad !== undefined || given.includes(undefined))
    throw invalid(`${metric} has the value ${JSON.stringify(bad) ?? "missing"}; allowed: numbers.`);
  const atMs = typeof seconds === "number" ? seconds * 1_000 : nowMs;
  return given.map((each) => ({
    namespace,
    metric,
    dimensions: dimensionsOf(datum["Dimensions"]),
    value: each as number,
    atMs,
  }));
}

/** Most samples that one value may stand for here. */
const MAX_COUNT = 10_000;

function countOf(metric: string, count: unknown = 1): number {
  if (Number.isInteger(count) && (count as number) >= 0 && (count as number) <= MAX_COUNT) return count as number;
  throw invalid(
    `${metric} has the count ${JSON.stringify(count)}; allowed here: whole numbers from 0 to ${MAX_COUNT}.`,
  );
}

const invalid = (message: string): AwsError => new AwsError(400, "InvalidParameterValue", message);
