import {
  CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
  type MetricDataQuery,
  type MetricStat,
} from "@aws-sdk/client-cloudwatch";
import { clientConfiguration, type AwsPlace } from "./aws-client";

/** What GetMetricData is asked. */
export interface MetricDataCall extends AwsPlace {
  /** At most 500, as the SDK has them. */
  readonly queries: readonly MetricDataQuery[];
  /** Milliseconds since 1970, included. */
  readonly startMs: number;
  /** Milliseconds since 1970, not included. */
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** A metric over time, and what is made of each period. */
export interface NamedStatistic {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Such as `Sum` or `p95`. */
  readonly statistic: string;
}

/**
 * Asks GetMetricData, page by page.
 * @param advice what else a person can do where CloudWatch does not answer
 * @throws Error with the region and the permission that the call takes
 */
export async function* metricDataPages(call: MetricDataCall, advice = ""): AsyncGenerator<GetMetricDataCommandOutput> {
  const { queries, startMs, endMs, region, signal } = call;
  const client = new CloudWatchClient(clientConfiguration(call, "CLOUDWATCH"));
  try {
    let NextToken: string | undefined;
    do {
      const command = new GetMetricDataCommand({
        StartTime: new Date(startMs),
        EndTime: new Date(endMs),
        ScanBy: "TimestampAscending",
        MetricDataQueries: [...queries],
        NextToken,
      });
      const page = await client.send(command, { abortSignal: signal });
      yield page;
      ({ NextToken } = page);
    } while (NextToken !== undefined);
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { name, message } = cause as Error;
    throw new Error(
      `CloudWatch in ${region} does not answer GetMetricData (${name}: ${message}). It takes credentials with ` +
        `cloudwatch:GetMetricData${advice}.`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}

/** Describes a statistic as the SDK does. */
export function metricStat(
  { namespace, metric, dimensions, statistic }: NamedStatistic,
  periodSeconds: number,
): MetricStat {
  const named = Object.entries(dimensions).map(([name, value]) => ({ Name: name, Value: value }));
  return {
    Metric: { Namespace: namespace, MetricName: metric, Dimensions: named },
    Period: periodSeconds,
    Stat: statistic,
  };
}
