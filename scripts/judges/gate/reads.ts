import type { Kpi, Measure, MetricReference } from "../../../stacks/settings";
import { numberOf } from "./settings";

/** One statistic of one metric over the window. */
export interface MetricRead {
  readonly reference: MetricReference;
  /** CloudWatch's: `Sum`, `SampleCount`, `Maximum`, `p95`, `PR(:90000)`. */
  readonly statistic: string;
  /** One minute instead of the whole window: a quota is one of a minute. Default: the window. */
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

const worker = (metric: string): MetricReference => ({ source: "worker", metric });
const ofDeployment = (metric: string): MetricReference => ({ source: "deployment", metric });

/** Whether anything ran: without it, no count is not a count of 0. */
export const ACTIVITY: readonly MetricRead[] = (["worker", "front_door"] as const).map((source) => ({
  reference: { source, metric: "Invocations" },
  statistic: "Sum",
}));

/**
 * What the cost of a request is reckoned from. A worker's INIT has no metric; indexes' capacity units are counted apart
 * by AWS and are not read.
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
export function readsOf(kpi: Kpi, settings: Readonly<Record<string, unknown>>): readonly MetricRead[] {
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

/** Of the KPI's bound; none where it has none. */
export function rankStatistic({ targetSetting }: Kpi, settings: Readonly<Record<string, unknown>>): string[] {
  const bound = targetSetting === undefined ? null : numberOf(settings, targetSetting);
  return bound === null ? [] : [`PR(:${bound})`];
}

/** By version there are: the functions' own metrics, and of the handlers' the worker's two and the front door's one. */
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

/** Whether a KPI can be told by version: of each of its metrics there must be one. */
export function hasVersions({ measure }: Kpi): boolean {
  const references =
    "metric" in measure
      ? [measure.metric]
      : measure.kind === "ratio"
        ? [...measure.part, ...measure.whole]
        : "metrics" in measure
          ? measure.metrics
          : [];
  return (
    references.length > 0 &&
    measure.kind !== "fill" &&
    measure.kind !== "total" &&
    references.every(({ source, metric }) => BY_VERSION.has(`${source}/${metric}`))
  );
}

/** Invocations of the worker, to say what a wait waits for. */
export const WORKER_INVOCATIONS: MetricRead = { reference: worker("Invocations"), statistic: "Sum" };
