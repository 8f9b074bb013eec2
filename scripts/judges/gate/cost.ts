import { FIXED_BY_STACK, cacheSize } from "../cost/deployment";
import { costPerRequest, type Measured, type MeasuredFunction } from "../cost/per-request";
import type { GateWindow } from "./window";
import type { TokenPrices } from "./evidence";
import { readId, COST_READS, type MetricRead } from "./reads";
import type { ReadSeries } from "./series";
import { numberOf } from "./settings";

/** Dollars a request over the window, and of how many requests; null where none ended. */
export interface MeasuredCost {
  readonly usd: number | null;
  readonly requests: number;
  readonly notes: readonly string[];
}

const read = (id: string): MetricRead => {
  const found = COST_READS.find((each) => readId(each) === id);
  if (!found) throw new Error(`${id} is not among what a cost is read from`);
  return found;
};

/** What was used in a window, and what a request then cost. */
export function measuredCost(
  series: ReadSeries,
  settings: Readonly<Record<string, unknown>>,
  { startMs, endMs }: GateWindow,
  prices: TokenPrices,
): MeasuredCost {
  const sum = (id: string) => series.sum(read(id)) ?? 0;
  const requests = sum("deployment_JobDuration_SampleCount");
  if (requests === 0) return { usd: null, requests, notes: [] };
  const ran = (source: string, memoryMiB: number): MeasuredFunction => ({
    invocations: sum(`${source}_Invocations_Sum`),
    durationMsSum: sum(`${source}_Duration_Sum`),
    initMsSum: 0,
    memoryMiB,
  });
  const both = (metric: string) => sum(`requests_table_${metric}_Sum`) + sum(`sessions_table_${metric}_Sum`);
  const cluster = settings["cache_cluster_enabled"] === true;
  const measured: Measured = {
    requests,
    functions: [
      ran("worker", memory(settings, "memory_size")),
      ran("front_door", memory(settings, "api_memory_size")),
      ran("sweeper", FIXED_BY_STACK.sweeperMemoryMiB),
    ],
    apiCalls: sum("gateway_Count_SampleCount"),
    cacheHours: cluster ? (endMs - startMs) / 3_600_000 : 0,
    ...(cluster && { cacheClusterGB: cacheSize(String(settings["cache_cluster_size"])) }),
    reads: both("ConsumedReadCapacityUnits"),
    writes: both("ConsumedWriteCapacityUnits"),
    inputTokens: sum("deployment_TokensIn_Sum"),
    outputTokens: sum("deployment_TokensOut_Sum"),
    usdPer1000InputTokens: prices.usdPer1000Input,
    usdPer1000OutputTokens: prices.usdPer1000Output,
    ...(typeof settings["aws_region"] === "string" && { region: settings["aws_region"] }),
  };
  const { totalUsd, parts, substitutes } = costPerRequest(measured);
  return { usd: totalUsd, requests, notes: [...notesOf(parts.tokens, totalUsd, prices), ...substitutes] };
}

function notesOf(
  tokensUsd: number,
  totalUsd: number,
  { usdPer1000Input, usdPer1000Output, assumed }: TokenPrices,
): string[] {
  const share = totalUsd === 0 ? 0 : (tokensUsd / totalUsd) * 100;
  return [
    `tokens are ${share.toFixed(0)} % of it, at $${usdPer1000Input} in and $${usdPer1000Output} out a 1,000${assumed ? ", an assumption: give --token-price-in and --token-price-out" : ""}`,
    "without INIT, provisioned concurrency, logs and alarms, of which there is no metric",
  ];
}

function memory(settings: Readonly<Record<string, unknown>>, name: string): number {
  const value = numberOf(settings, name);
  if (value === null) throw new Error(`The setting ${name} is null; allowed: a number of MiB.`);
  return value;
}
