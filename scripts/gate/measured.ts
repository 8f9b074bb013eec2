import type { Kpi } from "../../stacks/contract/settings";
import { costPerRequest } from "../cost/bill";
import { cacheSize, FIXED_BY_STACK } from "../cost/deployment";
import { EvidenceError, ReadSeries, type Evidence, type Readings, type GivenTokenPrices } from "./evidence";
import { ACTIVITY, fillRead, rankStatistic, readNumber, type MetricRead } from "./reads";

/** The value of a KPI, before anything is judged. */
export interface KpiMeasured {
  /** In the KPI's unit; null where nothing was measured. */
  readonly value: number | null;
  readonly samples: number | null;
  /** How many of the samples are bad, where that is known: the KPI is then judged as a share. */
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
      return measurePercentile(kpi, measure, { series, settings: context.settings });
    case "mean":
      return measureMean(measure, series);
    case "share":
      return measureShare(kpi, series.sum(sumOf(measure.metric)), series.sum(countOf(measure.metric)));
    case "ratio":
      return measureRatio(kpi, measure, series);
    case "total":
      return measureTotal(measure, series);
    case "peak":
      return measurePeak(measure, series);
    case "fill":
      return measureFill(
        findMost(measure, series, readings),
        readNumber(context.settings, measure.ofSetting),
        measure.ofSetting,
      );
    case "quota":
      return measureFill(
        series.maximum({ reference: measure.metric, statistic: "Maximum" }),
        context.account?.concurrentExecutions ?? null,
        "the account's limit",
      );
    case "cost":
      return measureCost(series, readings, context);
    case "capacity":
      return measureCapacity(measure, context);
  }
}

function measurePercentile(
  kpi: Kpi,
  { metric, percentile: rank }: Of<"percentile">,
  { series, settings }: { readonly series: ReadSeries; readonly settings: Evidence["settings"] },
): KpiMeasured {
  const value = series.only({ reference: metric, statistic: `p${rank}` });
  const samples = series.sum(countOf(metric)) ?? 0;
  const [statistic] = rankStatistic(kpi, settings);
  const within = statistic === undefined ? null : series.only({ reference: metric, statistic });
  if (within !== null && (within < 0 || within > 100))
    throw new EvidenceError(`${statistic} of ${metric.metric} is ${within}; allowed: 0 to 100 percent`);
  return { value, samples, bad: within === null ? null : Math.round((1 - within / 100) * samples), notes: [] };
}

function measureMean({ metric }: Of<"mean">, series: ReadSeries): KpiMeasured {
  const [sum, samples] = [series.sum(sumOf(metric)), series.sum(countOf(metric)) ?? 0];
  return sum === null || samples === 0 ? nothing() : { value: sum / samples, samples, bad: null, notes: [] };
}

/** Measures a part in percent of all. Where `better` is higher, the rest of it is bad. */
function measureShare({ better, name }: Kpi, part: number | null, all: number | null): KpiMeasured {
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

/** A part without data is 0; without data of the whole nothing was measured. */
function measureRatio(kpi: Kpi, { part, whole }: Of<"ratio">, series: ReadSeries): KpiMeasured {
  const add = (references: readonly MetricRead["reference"][]) =>
    references.reduce((sum, reference) => sum + (series.sum(sumOf(reference)) ?? 0), 0);
  return measureShare(kpi, add(part), add(whole));
}

/** A count without data is 0 only where something ran. */
function measureTotal({ metrics }: Of<"total">, series: ReadSeries): KpiMeasured {
  const sums = metrics.map((metric) => series.sum(sumOf(metric)));
  const ran = ACTIVITY.some((read) => (series.sum(read) ?? 0) > 0);
  if (!ran && sums.every((sum) => sum === null)) return nothing("nothing ran, so a count without data is not 0");
  return { value: sums.reduce<number>((all, sum) => all + (sum ?? 0), 0), samples: null, bad: null, notes: [] };
}

function measurePeak({ metrics }: Of<"peak">, series: ReadSeries): KpiMeasured {
  const peaks = metrics
    .map((reference) => series.maximum({ reference, statistic: "Maximum" }))
    .filter((value) => value !== null);
  const samples = metrics.reduce((all, metric) => all + (series.sum(countOf(metric)) ?? 0), 0);
  return peaks.length === 0 ? nothing() : { value: Math.max(...peaks), samples, bad: null, notes: [] };
}

/** Finds the largest value, or the largest sum of a minute: of times long ago the mean minute of the finest period. */
function findMost(measure: Of<"fill">, series: ReadSeries, { window }: Readings): number | null {
  const most = series.maximum(fillRead(measure));
  return most === null || measure.statistic === "Maximum" ? most : most / Math.max(1, window.periodSeconds / 60);
}

function measureFill(most: number | null, of: number | null, what: string): KpiMeasured {
  if (of === null || of <= 0) return nothing(`${what} is ${of === null ? "not known" : of}`);
  return most === null
    ? nothing()
    : { value: (most / of) * 100, samples: null, bad: null, notes: [`${most} of ${of}`] };
}

function measureCapacity({ ofSetting }: Of<"capacity">, { settings, account }: Context): KpiMeasured {
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

type Source = MetricRead["reference"]["source"];

/** Reckons what a request cost from what was used in the window. */
function measureCost(
  series: ReadSeries,
  { window: { startMs, endMs } }: Readings,
  { settings, tokenPrices }: Context,
): KpiMeasured {
  const sum = (source: Source, metric: string) => series.sum(sumOf({ source, metric })) ?? 0;
  const count = (source: Source, metric: string) => series.sum(countOf({ source, metric })) ?? 0;
  const requests = count("deployment", "JobDuration");
  if (requests === 0) return nothing("no request ended");
  const ran = (source: "worker" | "front_door" | "sweeper", memoryMiB: number) => ({
    invocations: sum(source, "Invocations"),
    durationMsSum: sum(source, "Duration"),
    memoryMiB,
  });
  const both = (metric: string) => sum("requests_table", metric) + sum("sessions_table", metric);
  const hasCluster = settings["cache_cluster_enabled"] === true;
  const { totalUsd, tokensUsd, substitutes } = costPerRequest({
    region: String(settings["aws_region"]),
    requests,
    functions: [
      ran("worker", readMemory(settings, "memory_size")),
      ran("front_door", readMemory(settings, "api_memory_size")),
      ran("sweeper", FIXED_BY_STACK.sweeperMemoryMiB),
    ],
    apiCalls: count("gateway", "Count"),
    cacheClusterGB: hasCluster ? cacheSize(String(settings["cache_cluster_size"])) : null,
    hours: (endMs - startMs) / 3_600_000,
    reads: both("ConsumedReadCapacityUnits"),
    writes: both("ConsumedWriteCapacityUnits"),
    inputTokens: sum("deployment", "TokensIn"),
    outputTokens: sum("deployment", "TokensOut"),
    tokenPrices,
  });
  const notes = [describeTokens(totalUsd === 0 ? 0 : tokensUsd / totalUsd, tokenPrices), WITHOUT, ...substitutes];
  return { value: totalUsd, samples: requests, bad: null, notes };
}

const WITHOUT = "without INIT, provisioned concurrency, logs and alarms, of which there is no metric";

function describeTokens(share: number, { usdPer1000Input, usdPer1000Output, assumed }: GivenTokenPrices): string {
  return (
    `tokens are ${(share * 100).toFixed(0)} % of it, at $${usdPer1000Input} in and $${usdPer1000Output} out a ` +
    `1,000${assumed ? ", an assumption: give --token-price-in and --token-price-out" : ""}`
  );
}

function readMemory(settings: Evidence["settings"], name: string): number {
  const value = readNumber(settings, name);
  if (value === null) throw new Error(`The setting ${name} is null; allowed: a number of MiB.`);
  return value;
}
