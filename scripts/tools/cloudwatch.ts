import { CloudWatchClient, GetMetricDataCommand, type GetMetricDataCommandOutput } from "@aws-sdk/client-cloudwatch";
import { clientConfiguration, type AwsPlace } from "./aws-client";

/** One statistic of one metric. */
export interface MetricDataQuery {
  /** Begins with a lower-case letter; letters, digits and _ only. */
  readonly id: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Such as `Sum` or `p95`. */
  readonly statistic: string;
  readonly periodSeconds: number;
}

/** What CloudWatch answered to one query. */
export interface MetricData {
  /** StatusCode of the last page: `Complete`, or what went wrong. */
  readonly status: string;
  /** About this query, and about the whole call. */
  readonly messages: readonly string[];
  /** Oldest period first. */
  readonly values: readonly number[];
}

export interface MetricDataRequest extends AwsPlace {
  /** At most 500. */
  readonly queries: readonly MetricDataQuery[];
  /** Milliseconds since 1970, included. */
  readonly startMs: number;
  /** Milliseconds since 1970, not included. */
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** GetMetricData with every page of it. Throws with the region and what it takes; a query that went wrong is an answer. */
export async function metricData(request: MetricDataRequest): Promise<Record<string, MetricData>> {
  const client = new CloudWatchClient(clientConfiguration(request, "CLOUDWATCH"));
  const found = new Map(request.queries.map(({ id }) => [id, { status: "Missing", messages: [] as string[], values: [] as number[] }]));
  const ofAll: string[] = [];
  try {
    let nextToken: string | undefined;
    do {
      const page = await send(client, request, nextToken);
      ofAll.push(...texts(page.Messages));
      for (const { Id: id = "", StatusCode: status, Messages: messages, Values: values = [] } of page.MetricDataResults ?? []) {
        const result = found.get(id);
        if (!result) continue;
        // A page that is not the last says PartialData, and the next one has the rest.
        result.status = status ?? "Complete";
        result.messages.push(...texts(messages));
        result.values.push(...values);
      }
      nextToken = page.NextToken;
    } while (nextToken !== undefined);
  } finally {
    client.destroy();
  }
  return Object.fromEntries([...found].map(([id, { status, messages, values }]) => [id, { status, messages: [...messages, ...ofAll], values }]));
}

const texts = (messages: GetMetricDataCommandOutput["Messages"]): string[] => (messages ?? []).map(({ Code: code, Value: value }) => [code, value].filter(Boolean).join(": "));

async function send(client: CloudWatchClient, { queries, startMs, endMs, region, signal }: MetricDataRequest, nextToken: string | undefined): Promise<GetMetricDataCommandOutput> {
  const command = new GetMetricDataCommand({
    StartTime: new Date(startMs),
    EndTime: new Date(endMs),
    ScanBy: "TimestampAscending",
    MetricDataQueries: queries.map(({ id, namespace, metric, dimensions, statistic, periodSeconds }) => ({
      Id: id,
      MetricStat: { Metric: { Namespace: namespace, MetricName: metric, Dimensions: Object.entries(dimensions).map(([name, value]) => ({ Name: name, Value: value })) }, Period: periodSeconds, Stat: statistic },
    })),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  });
  try {
    return await client.send(command, { abortSignal: signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { name, message } = cause as Error;
    throw new Error(`CloudWatch in ${region} does not answer GetMetricData (${name}: ${message}). It takes credentials with cloudwatch:GetMetricData.`, { cause });
  }
}
