import {
  FRONT_DOOR_KPIS,
  KPIS,
  nameMetric,
  type Kpi,
  type MetricReference,
  type SourceNames,
} from "../../../stacks/settings";
import { hasVersions, readId, readsOf, WORKER_INVOCATIONS } from "./reads";
import { unmet } from "./settings";
import type { GateWindow } from "./window";

/** One query of GetMetricData. Without a unit: a wrong one gives no data, and ours are told apart by name. */
export interface MetricQuery {
  /** Stable: the same metric and statistic have the same in every run. */
  readonly id: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: string;
  readonly periodSeconds: number;
}

export interface QueryWish {
  readonly names: SourceNames;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly window: GateWindow;
  /** Of the function that the KPIs are about; null = whatever ran. */
  readonly version: string | null;
  /** Names of KPIs; empty = all. */
  readonly only: readonly string[];
}

/** Most queries of one call (GetMetricData). */
export const MAX_QUERIES = 500;

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
    (kpi) => unmet(kpi.when, settings) === undefined && (version === null || hasVersions(kpi)),
  );
  const reads = new Map(
    [...kpis.flatMap((kpi) => readsOf(kpi, settings)), WORKER_INVOCATIONS].map((read) => [readId(read), read] as const),
  );
  const wholeSeconds = (window.endMs - window.startMs) / 1_000;
  return [...reads]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([id, read]) => ({
      id,
      ...named(read.reference, names, version),
      statistic: read.statistic,
      // Of times long ago there are no minutes any more.
      periodSeconds: Math.max(read.periodSeconds ?? wholeSeconds, window.periodSeconds),
    }));
}

function named(reference: MetricReference, names: SourceNames, version: string | null) {
  const { namespace, metric, dimensions } = nameMetric(reference, names);
  return {
    namespace,
    metric,
    dimensions: version === null ? dimensions : { ...dimensions, ...versionDimensions(reference, names, version) },
  };
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

/** Queries in calls of at most {@link MAX_QUERIES}. */
export function inCalls(queries: readonly MetricQuery[], atMost: number = MAX_QUERIES): MetricQuery[][] {
  return Array.from({ length: Math.ceil(queries.length / atMost) }, (_, call) =>
    queries.slice(call * atMost, (call + 1) * atMost),
  );
}
