import {
  type Kpi,
  type Measure,
  type MetricReference,
  FRONT_DOOR_KPIS,
  KPIS,
  conditionSetting,
  isMet,
  nameMetric,
  type SettingCondition,
  type SourceNames,
} from "../../stacks/contract/settings";
import type { NamedStatistic } from "../kit/metric-data";
import type { GateWindow } from "./evidence";

/**
 * The settings that a verdict depends on: saved evidence holds these, and nothing else of a deployment's configuration.
 */
export const GATE_SETTINGS: readonly string[] = [
  ...new Set([
    ...KPIS.flatMap(({ targetSetting, when, measure }) =>
      [targetSetting, when && conditionSetting(when), "ofSetting" in measure ? measure.ofSetting : undefined].flatMap(
        (name) => name ?? [],
      ),
    ),
    "api_memory_size",
    "authorization",
    "aws_region",
    "cache_cluster_enabled",
    "cache_cluster_size",
    "cache_enabled",
    "cache_ttl_in_seconds",
    "memory_size",
    "timeout",
  ]),
].sort();

/** A number, or null where the setting is null. Throws where it is missing or something else. */
export function readNumber(settings: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = settings[name];
  if (value === null) return null;
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new Error(
      `The setting ${name} is ${JSON.stringify(value) ?? "missing"}; allowed: a number or null. Apply this ` +
        `release first: the output "settings" then has it.`,
    );
  return value;
}

/** Why a condition does not hold, as `cache_enabled is false`; undefined where it does or there is none. */
export function explainUnmet(
  condition: SettingCondition | undefined,
  settings: Readonly<Record<string, unknown>>,
): string | undefined {
  if (condition === undefined || isMet(condition, settings)) return undefined;
  const name = conditionSetting(condition);
  return `${name} is ${JSON.stringify(settings[name]) ?? "missing"}`;
}

/** One statistic of one metric over the window. */
export interface MetricRead {
  readonly reference: MetricReference;
  /** CloudWatch's: `Sum`, `SampleCount`, `Maximum`, `p95`, `PR(:90000)`. */
  readonly statistic: string;
  /** For a quota of a minute. Default: the whole window. */
  readonly periodSeconds?: 60;
}

/**
 * Key of a read in evidence and in CloudWatch's answer: it begins with a lower-case letter, and has letters, digits and
 * _ only.
 */
export function readId({
  reference: { source, metric, dimensions = {} },
  statistic,
  periodSeconds,
}: MetricRead): string {
  const parts = [
    source,
    metric,
    ...Object.entries(dimensions).sort().flat(),
    statistic,
    ...(periodSeconds === undefined ? [] : [`${periodSeconds}s`]),
  ];
  return parts.map((part) => part.replaceAll(/[^A-Za-z0-9]+/g, "_").replace(/_$/, "")).join("_");
}

const ofDeployment = (metric: string): MetricReference => ({ source: "deployment", metric });

/** What tells whether anything ran: only then is a count without data a count of 0. */
export const ACTIVITY: readonly MetricRead[] = (["worker", "front_door"] as const).map((source) => ({
  reference: { source, metric: "Invocations" },
  statistic: "Sum",
}));

/**
 * What the cost of a request is reckoned from. A worker's INIT has no metric. AWS counts the capacity units of indexes
 * apart, and they are not read.
 */
export const COST_READS: readonly MetricRead[] = [
  ...(["worker", "front_door", "sweeper"] as const).flatMap((source) =>
    ["Invocations", "Duration"].map((metric) => ({ reference: { source, metric }, statistic: "Sum" })),
  ),
  { reference: { source: "gateway", metric: "Count" }, statistic: "SampleCount" },
  ...(["requests_table", "sessions_table"] as const).flatMap((source) =>
    ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"].map((metric) => ({
      reference: { source, metric },
      statistic: "Sum",
    })),
  ),
  { reference: ofDeployment("TokensIn"), statistic: "Sum" },
  { reference: ofDeployment("TokensOut"), statistic: "Sum" },
  { reference: ofDeployment("JobDuration"), statistic: "SampleCount" },
];

/**
 * What a KPI is read from. Of a percentile also its rank, `PR(:bound)`: the percent of samples up to the bound
 * (CloudWatch user guide, "Statistics definitions"). With it "P95 is at most 90 s" is "at most 5 % take longer than 90
 * s", a share that can be judged exactly, though CloudWatch gives no raw samples.
 */
export function listReads(kpi: Kpi, settings: Readonly<Record<string, unknown>>): readonly MetricRead[] {
  const { measure } = kpi;
  const of = (reference: MetricReference, ...statistics: readonly string[]) =>
    statistics.map((statistic) => ({ reference, statistic }));
  switch (measure.kind) {
    case "percentile":
      return of(measure.metric, `p${measure.percentile}`, "SampleCount", ...rankStatistic(kpi, settings));
    case "mean":
    case "share":
      return of(measure.metric, "Sum", "SampleCount");
    case "ratio":
      return [...measure.part, ...measure.whole].flatMap((metric) => of(metric, "Sum"));
    case "total":
      return [...measure.metrics.flatMap((metric) => of(metric, "Sum")), ...ACTIVITY];
    case "peak":
      return measure.metrics.flatMap((metric) => of(metric, "Maximum", "SampleCount"));
    case "quota":
      return of(measure.metric, "Maximum");
    case "fill":
      return [fillRead(measure)];
    case "cost":
      return COST_READS;
    case "capacity":
      return [];
  }
}

export const fillRead = ({ metric: reference, statistic }: Extract<Measure, { kind: "fill" }>): MetricRead =>
  statistic === "Sum" ? { reference, statistic, periodSeconds: 60 } : { reference, statistic };

/** The statistic for the share of samples up to the KPI's bound; none without a bound. */
export function rankStatistic({ targetSetting }: Kpi, settings: Readonly<Record<string, unknown>>): string[] {
  const bound = targetSetting === undefined ? null : readNumber(settings, targetSetting);
  return bound === null ? [] : [`PR(:${bound})`];
}

/** Metrics that there are by version: the functions' own, two of the worker's handler, one of the front door's. */
const BY_VERSION = new Set([
  "worker/Duration",
  "worker/Errors",
  "worker/Invocations",
  "deployment/RequestFailed",
  "deployment/JobDuration",
  "front_door/Duration",
  "front_door/Errors",
  "front_door/Invocations",
  "deployment/AnswerFailed",
]);

/** Whether a KPI can be read by version: each of its metrics must be there by version. */
export function hasVersions({ measure }: Kpi): boolean {
  if (measure.kind === "fill" || measure.kind === "total") return false;
  const references =
    "metric" in measure
      ? [measure.metric]
      : measure.kind === "ratio"
        ? [...measure.part, ...measure.whole]
        : "metrics" in measure
          ? measure.metrics
          : [];
  return references.length > 0 && references.every(({ source, metric }) => BY_VERSION.has(`${source}/${metric}`));
}

/** One query of GetMetricData. Without a unit: a wrong one gives no data, and ours are told apart by name. */
export interface MetricQuery extends NamedStatistic {
  /** Stable: the same metric and statistic have the same in every run. */
  readonly id: string;
  readonly periodSeconds: number;
}

interface QueryWish {
  readonly names: SourceNames;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly window: GateWindow;
  /** Of the function that the KPIs are about; null = whatever ran. */
  readonly version: string | null;
  /** Names of KPIs; empty = all. */
  readonly only: readonly string[];
}

/** Every KPI that may be named: those of a deployment, and those of a version of the front door. */
export const NAMED_KPIS: readonly Kpi[] = [...KPIS, ...FRONT_DOOR_KPIS];

/** The KPIs that are judged at all, in the list's order. */
export const selectedKpis = (only: readonly string[]): readonly Kpi[] =>
  only.length === 0 ? KPIS : NAMED_KPIS.filter(({ name }) => only.includes(name));

/**
 * What CloudWatch is asked: each statistic once, in the order of their ids. One period covers the whole window, because
 * percentiles of parts cannot be put together.
 */
export function gateQueries({ names, settings, window, version, only }: QueryWish): MetricQuery[] {
  const kpis = selectedKpis(only).filter(
    (kpi) => explainUnmet(kpi.when, settings) === undefined && (version === null || hasVersions(kpi)),
  );
  const reads = new Map(kpis.flatMap((kpi) => listReads(kpi, settings)).map((read) => [readId(read), read] as const));
  const wholeSeconds = (window.endMs - window.startMs) / 1_000;
  return [...reads]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([id, { reference, statistic, periodSeconds = wholeSeconds }]) => {
      const { namespace, metric, dimensions } = nameMetric(reference, names);
      const ofVersion = version === null ? {} : versionDimensions(reference, names, version);
      return {
        id,
        namespace,
        metric,
        dimensions: { ...dimensions, ...ofVersion },
        statistic,
        // Of times long ago there are no minutes any more.
        periodSeconds: Math.max(periodSeconds, window.periodSeconds),
      };
    });
}

/**
 * An alias with weights tells its versions apart by ExecutedVersion (Lambda developer guide, "Types of metrics"); the
 * handlers by Version.
 */
function versionDimensions(
  { source }: MetricReference,
  { frontDoorFunction, workerFunction, liveAlias }: SourceNames,
  version: string,
): Record<string, string> {
  if (source === "deployment") return { Version: version };
  return {
    Resource: `${source === "front_door" ? frontDoorFunction : workerFunction}:${liveAlias}`,
    ExecutedVersion: version,
  };
}
