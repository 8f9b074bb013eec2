import type { GetMetricDataCommandOutput } from "@aws-sdk/client-cloudwatch";
import type { MetricQuery } from "../judges/gate/queries";
import type { AwsPlace } from "./aws-client";
import { metricDataPages, metricStat } from "./metric-data";

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
  readonly queries: readonly MetricQuery[];
  /** Milliseconds since 1970, included. */
  readonly startMs: number;
  /** Milliseconds since 1970, not included. */
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** One value a query and period. Throws with the region and what it takes; a query that went wrong is an answer. */
export async function metricData(request: MetricDataRequest): Promise<Record<string, MetricData>> {
  const found = new Map(
    request.queries.map(({ id }) => [id, { status: "Missing", messages: [] as string[], values: [] as number[] }]),
  );
  const ofAll: string[] = [];
  const queries = request.queries.map((query) => ({
    Id: query.id,
    MetricStat: metricStat(query, query.periodSeconds),
  }));
  for await (const page of metricDataPages({ ...request, queries })) {
    ofAll.push(...texts(page.Messages));
    for (const { Id: id = "", StatusCode: status, Messages: messages, Values: values = [] } of page.MetricDataResults ??
      []) {
      const result = found.get(id);
      if (!result) continue;
      // A page that is not the last says PartialData, and the next one has the rest.
      result.status = status ?? "Complete";
      result.messages.push(...texts(messages));
      result.values.push(...values);
    }
  }
  return Object.fromEntries(
    [...found].map(([id, { status, messages, values }]) => [id, { status, messages: [...messages, ...ofAll], values }]),
  );
}

const texts = (messages: GetMetricDataCommandOutput["Messages"]): string[] =>
  (messages ?? []).map(({ Code: code, Value: value }) => [code, value].filter(Boolean).join(": "));
