import { asList, asObject, asText, parseObject, type JsonObject } from "../json";
import { AwsError } from "./metrics-server";

/** One measured value of one metric. */
export interface Sample {
  /** Such as `AWS/Lambda`. */
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since 1970, in the time of the metrics. */
  readonly atMs: number;
}

/** A metric with exactly these dimensions. */
export type MetricName = Pick<Sample, "namespace" | "metric" | "dimensions">;

/** Periods of equal length, one after the other. Times are milliseconds since 1970. */
export interface Periods {
  /** Start of the first period. */
  readonly startMs: number;
  /** The first moment that is in no period. */
  readonly endMs: number;
  readonly periodMs: number;
}

/** Samples that are kept of a metric, so that a run of days has a bound. */
export const KEPT_SAMPLES = 200_000;

/** The oldest samples of a full metric are dropped in lots, so that not every new sample moves all others. */
const DROPPED_AT_ONCE = KEPT_SAMPLES / 10;

/** Keeps every sample of each metric, so that percentiles and ranks are exact. CloudWatch itself keeps no samples. */
export class MetricStore {
  /** Times and values of a metric in two arrays of numbers, which take a third of the memory of objects. */
  private readonly series = new Map<string, { readonly atMs: number[]; readonly values: number[] }>();

  record({ value, atMs, ...name }: Sample): void {
    const key = keyOf(name);
    const series = this.series.get(key) ?? { atMs: [], values: [] };
    this.series.set(key, series);
    series.atMs.push(atMs);
    series.values.push(value);
    if (series.values.length <= KEPT_SAMPLES) return;
    series.atMs.splice(0, DROPPED_AT_ONCE);
    series.values.splice(0, DROPPED_AT_ONCE);
  }

  /**
   * The values of a metric by period, ascending within each. Periods without samples are left out.
   * @returns start of a period in milliseconds since 1970 to its values, in the order of time
   */
  byPeriod(name: MetricName, { startMs, endMs, periodMs }: Periods): ReadonlyMap<number, readonly number[]> {
    const periods = new Map<number, number[]>();
    const series = this.series.get(keyOf(name));
    for (const [index, value] of (series?.values ?? []).entries()) {
      const atMs = series?.atMs[index] ?? NaN;
      if (!(atMs >= startMs && atMs < endMs)) continue;
      const start = startMs + Math.floor((atMs - startMs) / periodMs) * periodMs;
      const values = periods.get(start) ?? [];
      periods.set(start, values);
      values.push(value);
    }
    const inOrder = [...periods].sort(([left], [right]) => left - right);
    return new Map(inOrder.map(([start, values]) => [start, values.sort((left, right) => left - right)]));
  }
}

/** CloudWatch distinguishes metrics by all their dimensions, in any order. */
function keyOf({ namespace, metric, dimensions }: MetricName): string {
  const sorted = Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([namespace, metric, ...sorted]);
}

/** Most dimensions of a set (embedded metric format specification). */
const MAX_DIMENSIONS = 30;

/**
 * The metrics in one line of a function's log, in CloudWatch's embedded metric format: each metric of a directive once
 * for each of its dimension sets, and each value of an array by itself. Like CloudWatch, it leaves out metrics and
 * dimension sets of which the line lacks a value.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @returns samples with the line's own time, in milliseconds since 1970; none for any other line
 */
export function readEmbeddedMetrics(line: string): Sample[] {
  // Most lines hold no metrics, and parsing them would take longest.
  const root = line.startsWith("{") && line.includes('"_aws"') ? parseObject(line) : undefined;
  const metadata = asObject(root?.["_aws"]);
  const atMs = metadata?.["Timestamp"];
  if (root === undefined || typeof atMs !== "number") return [];
  return asList(metadata?.["CloudWatchMetrics"]).flatMap((directive) => {
    const { Namespace: namespace, Dimensions: sets, Metrics: definitions } = asObject(directive) ?? {};
    if (typeof namespace !== "string" || namespace === "") return [];
    const dimensionSets = asList(sets)
      .map((names) => readDimensionSet(asList(names), root))
      .filter((set) => set !== undefined);
    return asList(definitions).flatMap((definition) => {
      const metric = asObject(definition)?.["Name"];
      if (typeof metric !== "string") return [];
      return readNumbers(root[metric]).flatMap((value) =>
        dimensionSets.map((dimensions) => ({ namespace, metric, dimensions, value, atMs })),
      );
    });
  });
}

/** Undefined where the line lacks one of the dimensions. */
function readDimensionSet(names: readonly unknown[], root: JsonObject): Record<string, string> | undefined {
  const dimensions = names.flatMap((name) => {
    const value = asText(root[String(name)]);
    return value === undefined ? [] : [[String(name), value] as const];
  });
  return dimensions.length < names.length || names.length > MAX_DIMENSIONS ? undefined : Object.fromEntries(dimensions);
}

function readNumbers(target: unknown): number[] {
  return (Array.isArray(target) ? target : [target]).filter(isNumber);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Most samples that one value of PutMetricData may stand for here. */
const MAX_COUNT = 10_000;

/**
 * Records the data of a PutMetricData call, all of it or nothing. A datum without a time is recorded at `nowMs`.
 * @param input the request's parsed JSON, times in seconds since 1970
 * @param nowMs in the time of the metrics
 * @throws AwsError where something is invalid, and for statistic sets, which do not allow percentiles
 */
export function putMetricData(store: MetricStore, input: JsonObject, nowMs: number): void {
  const namespace = asText(input["Namespace"]);
  if (namespace === undefined) throw invalid(`Namespace is ${describe(input["Namespace"])}; expected a text.`);
  const samples = asList(input["MetricData"]).flatMap((datum) =>
    readDatum(asObject(datum) ?? {}, nowMs).map((sample) => ({ namespace, ...sample })),
  );
  for (const sample of samples) store.record(sample);
}

function readDatum(datum: JsonObject, nowMs: number): Omit<Sample, "namespace">[] {
  const { Timestamp: seconds, Value: value, Values: values, Counts: counts } = datum;
  const metric = asText(datum["MetricName"]);
  if (metric === undefined)
    throw invalid(`A datum has the MetricName ${describe(datum["MetricName"])}; expected a text.`);
  if (datum["StatisticValues"] !== undefined)
    throw invalid(`${metric} comes as StatisticValues; here only Value and Values are recorded.`);
  const given =
    values === undefined
      ? [value]
      : asList(values).flatMap((each, index) => Array<unknown>(readCount(metric, asList(counts)[index])).fill(each));
  const numbers = given.filter(isNumber);
  if (numbers.length === 0 || numbers.length < given.length)
    throw invalid(`${metric} has the value ${describe(given.find((each) => !isNumber(each)))}; allowed: numbers.`);
  const dimensions = readDimensions(datum["Dimensions"]);
  const atMs = typeof seconds === "number" ? seconds * 1_000 : nowMs;
  return numbers.map((each) => ({ metric, dimensions, value: each, atMs }));
}

function readCount(metric: string, count: unknown = 1): number {
  if (isNumber(count) && Number.isInteger(count) && count >= 0 && count <= MAX_COUNT) return count;
  throw invalid(`${metric} has the count ${describe(count)}; allowed here: whole numbers from 0 to ${MAX_COUNT}.`);
}

/** `[{Name, Value}]` as a map. */
export function readDimensions(given: unknown): Record<string, string> {
  return Object.fromEntries(
    asList(given).map((each) => [String(asObject(each)?.["Name"]), String(asObject(each)?.["Value"])]),
  );
}

const describe = (value: unknown): string => JSON.stringify(value) ?? "missing";
const invalid = (message: string): AwsError => new AwsError(400, "InvalidParameterValue", message);
