import { FIXED_BY_STACK, cacheSize } from "../cost/deployment";
import { costPerRequest, type Measured, type MeasuredFunction } from "../cost/per-request";
import type { GateWindow } from "./window";
import { type TokenPrices, ReadSeries, type Evidence, type Readings, EvidenceError } from "./evidence";
import { readId, COST_READS, type MetricRead, ACTIVITY, fillRead, rankStatistic } from "./reads";
import { readNumber } from "./settings";
import type { Kpi } from "../../stacks/contract/settings";

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
function measuredCost(
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
    `tokens are ${share.toFixed(0)} % of it, at $${usdPer1000Input} in and $${usdPer1000Output} out a ` +
      `1,000${assumed ? ", an assumption: give --token-price-in and --token-price-out" : ""}`,
    "without INIT, provisioned concurrency, logs and alarms, of which there is no metric",
  ];
}

function memory(settings: Readonly<Record<string, unknown>>, name: string): number {
  const value = readNumber(settings, name);
  if (value === null) throw new Error(`The setting ${name} is null; allowed: a number of MiB.`);
  return value;
}

/** What a KPI's value is, before anything is judged. */
export interface KpiMeasured {
  /** In the KPI's unit; null where nothing was measured. */
  readonly value: number | null;
  readonly samples: number | null;
  /** How many of the samples stand on the wrong side, where that is known: then the KPI is a share. */
  readonly bad: number | null;
  /** Sentences that belong to the value. */
  readonly notes: readonly string[];
}

type Context = Pick<Evidence, "settings" | "account" | "tokenPrices">;
type Of<Kind extends Kpi["measure"]["kind"]> = Extract<Kpi["measure"], { kind: Kind }>;

const nothing = (...notes: string[]): KpiMeasured => ({ value: null, samples: 0, bad: null, notes });
const sumOf = (reference: MetricRead["reference"]): MetricRead => ({ reference, statistic: "Sum" });
const countOf = (reference: MetricRead["reference"]): MetricRead => ({ reference, statistic: "SampleCount" });

/** Reads a KPI out of evidence. Throws {@link EvidenceError} where what was read cannot be used. */
export function measureKpi(kpi: Kpi, readings: Readings, context: Context): KpiMeasured {
  const { measure } = kpi;
  const series = new ReadSeries(readings);
  switch (measure.kind) {
    case "percentile":
      return percentile(kpi, measure, series, context);
    case "mean":
      return mean(measure, series);
    case "share":
      return share(kpi, series.sum(sumOf(measure.metric)), series.sum(countOf(measure.metric)));
    case "ratio":
      return ratio(kpi, measure, series);
    case "total":
      return total(measure, series);
    case "peak":
      return peak(measure, series);
    case "fill":
      return fill(
        mostOf(measure, series, readings),
        readNumber(context.settings, measure.ofSetting),
        measure.ofSetting,
      );
    case "quota":
      return fill(
        series.maximum({ reference: measure.metric, statistic: "Maximum" }),
        context.account?.concurrentExecutions ?? null,
        "the account's limit",
      );
    case "cost": {
      const { usd, requests, notes } = measuredCost(series, context.settings, readings.window, context.tokenPrices);
      return usd === null ? nothing("no request ended") : { value: usd, samples: requests, bad: null, notes };
    }
    case "capacity":
      return capacity(measure, context);
  }
}

function percentile(
  kpi: Kpi,
  { metric, percentile: rank }: Of<"percentile">,
  series: ReadSeries,
  { settings }: Context,
): KpiMeasured {
  const value = series.only({ reference: metric, statistic: `p${rank}` });
  const samples = series.sum(countOf(metric)) ?? 0;
  const [statistic] = rankStatistic(kpi, settings);
  const rankRead = statistic === undefined ? undefined : { reference: metric, statistic };
  const within = rankRead && series.has(rankRead) ? series.only(rankRead) : null;
  if (within !== null && (within < 0 || within > 100))
    throw new EvidenceError(`${statistic} of ${metric.metric} is ${within}; allowed: 0 to 100 percent`);
  return { value, samples, bad: within === null ? null : Math.round((1 - within / 100) * samples), notes: [] };
}

function mean({ metric }: Of<"mean">, series: ReadSeries): KpiMeasured {
  const [sum, samples] = [series.sum(sumOf(metric)), series.sum(countOf(metric)) ?? 0];
  return sum === null || samples === 0 ? nothing() : { value: sum / samples, samples, bad: null, notes: [] };
}

/** Percent of what is counted, in all there is. With `better` higher the rest of it is what is bad. */
function share({ better, name }: Kpi, part: number | null, all: number | null): KpiMeasured {
  if (all === null || all === 0) return { ...nothing(), bad: 0 };
  const counted = Math.round(part ?? 0);
  const samples = Math.round(all);
  if (counted < 0 || counted > samples)
    throw new EvidenceError(
      `${name} has ${counted} of ${samples}; allowed: no more of them than there are. Its metrics do not fit together`,
    );
  return {
    value: (counted / samples) * 100,
    samples,
    bad: better === "lower" ? counted : samples - counted,
    notes: [],
  };
}

/** The whole decides whether there is anything: a missing part of it is 0. */
function ratio(kpi: Kpi, { part, whole }: Of<"ratio">, series: ReadSeries): KpiMeasured {
  const add = (references: readonly MetricRead["reference"][]) =>
    references.reduce((sum, reference) => sum + (series.sum(sumOf(reference)) ?? 0), 0);
  return share(kpi, add(part), add(whole));
}

/** No data is 0 only where something ran. */
function total({ metrics }: Of<"total">, series: ReadSeries): KpiMeasured {
  const sums = metrics.map((metric) => series.sum(sumOf(metric)));
  const ran = ACTIVITY.some((read) => (series.sum(read) ?? 0) > 0);
  if (!ran && sums.every((sum) => sum === null)) return nothing("nothing ran, so that no count is no 0");
  return { value: sums.reduce<number>((all, sum) => all + (sum ?? 0), 0), samples: null, bad: null, notes: [] };
}

function peak({ metrics }: Of<"peak">, series: ReadSeries): KpiMeasured {
  const peaks = metrics
    .map((reference) => series.maximum({ reference, statistic: "Maximum" }))
    .filter((value) => value !== null);
  const samples = metrics.reduce((all, metric) => all + (series.sum(countOf(metric)) ?? 0), 0);
  return peaks.length === 0 ? nothing() : { value: Math.max(...peaks), samples, bad: null, notes: [] };
}

/**
 * The largest value, or the largest sum of a minute; where CloudWatch has no minutes any more, the mean minute of its
 * finest period.
 */
function mostOf(measure: Of<"fill">, series: ReadSeries, { window }: Readings): number | null {
  const most = series.maximum(fillRead(measure));
  return most === null || measure.statistic === "Maximum" ? most : most / Math.max(1, window.periodSeconds / 60);
}

function fill(most: number | null, of: number | null, what: string): KpiMeasured {
  if (of === null || of <= 0) return nothing(`${what} is ${of === null ? "not known" : of}`);
  return most === null
    ? nothing()
    : { value: (most / of) * 100, samples: null, bad: null, notes: [`${most} of ${of}`] };
}

function capacity({ ofSetting }: Of<"capacity">, { settings, account }: Context): KpiMeasured {
  const reserved = readNumber(settings, ofSetting);
  if (reserved !== null && reserved >= 0)
    return { value: reserved, samples: null, bad: null, notes: [`${ofSetting} is ${reserved}`] };
  if (!account)
    throw new EvidenceError(
      `${ofSetting} is ${reserved}, and the account's limits are not in the evidence; it takes ` +
        "lambda:GetAccountSettings",
    );
  return {
    value: account.unreservedConcurrentExecutions,
    samples: null,
    bad: null,
    notes: [`what the account has left for all functions without a reservation; ${ofSetting} is ${reserved}`],
  };
}
