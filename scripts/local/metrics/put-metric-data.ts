import { list, record, type Values } from "../applied/state";
import { AwsError } from "./aws-error";
import { dimensionsOf } from "./metric-data";
import type { MetricStore, Sample } from "./metric-store";

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
