import { listCharts, parseBody, type ChartRow, type Widget } from "../../scripts/dashboard/applied-dashboard";
import type { MetricSeries, Point } from "../../scripts/dashboard/cloudwatch";
import { isSearch, parseSearch } from "../../scripts/kit/metric-expressions";
import type { NamedStatistic } from "../../scripts/kit/metric-data";
import { seededRandom } from "../../scripts/kit/random";
import { appliedBody } from "./dashboard-state";

/** The day that is told: 2026-11-20, UTC. */
export const DAY_START_MS = Date.UTC(2026, 10, 20);
export const DAY_END_MS = DAY_START_MS + 86_400_000;

const MINUTES = 1_440;
const AGENTS = ["planner", "researcher", "critic"];
const MODELS = ["anthropic.claude-sonnet", "amazon.nova-lite"];

/** What happens in a minute of the day. */
interface Minute {
  /** Requests that begin. */
  readonly requests: number;
  /** From 0 to 1: how far the incident has gone. */
  readonly trouble: number;
  readonly noise: number;
}

/** Traffic of a working day, and an incident from 14:10 to 16:20 in which agents are slow and fail. */
function day(): readonly Minute[] {
  const random = seededRandom(2_026);
  return Array.from({ length: MINUTES }, (_, minute): Minute => {
    const working = Math.exp(-(((minute - 830) / 260) ** 2));
    const trouble = minute < 850 || minute > 980 ? 0 : Math.min(1, (minute - 850) / 25, (980 - minute) / 35);
    return {
      requests: Math.round((1 + 13 * working) * (0.75 + 0.5 * random())),
      trouble: Math.max(0, trouble),
      noise: random(),
    };
  });
}

type Sample = (minute: Minute, at: number) => number;
const POLLS = 24;
const jobMs: Sample = ({ trouble, noise }) => 11_000 + 3_000 * noise + 78_000 * trouble;

/** A typical sample, or the count, of each metric in a minute; by name, or by name and what it is of. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  "Duration worker": (minute, at) => jobMs(minute, at) * 0.94,
  "Duration api": ({ noise }) => 14 + 6 * noise,
  "Duration sweeper": ({ noise }) => 180 + 60 * noise,
  "Invocations worker": ({ requests }) => requests,
  "Invocations api": ({ requests }) => Math.round(requests * (1 + POLLS * 0.16)),
  "Invocations sweeper": (_, at) => Number(at % 5 === 0),
  "Invocations heartbeat": (_, at) => Number(at % 5 === 2),
  "Errors worker": ({ requests, trouble, noise }) => Math.round(requests * trouble * 0.22 * (0.6 + noise)),
  ConcurrentExecutions: (minute, at) => Math.min(50, Math.round((minute.requests * jobMs(minute, at)) / 60_000)),
  "Throttles worker": (minute, at) => Math.max(0, Math.round((minute.requests * jobMs(minute, at)) / 60_000) - 50),
  Count: ({ requests }) => requests * (1 + POLLS),
  Latency: ({ trouble, noise }) => 21 + 9 * noise + 40 * trouble,
  IntegrationLatency: ({ trouble, noise }) => 15 + 6 * noise + 30 * trouble,
  "5XXError": ({ trouble, noise }) => 0.03 * trouble * noise,
  "4XXError": ({ noise }) => 0.004 * noise,
  CacheHitCount: ({ requests, noise }) => Math.round(requests * POLLS * (0.8 + 0.08 * noise)),
  CacheMissCount: ({ requests, noise }) => Math.round(requests * POLLS * (0.2 - 0.08 * noise)),
  JobDuration: jobMs,
  RequestFailed: ({ trouble, noise }) => trouble * (0.1 + 0.1 * noise),
  RequestsCompleted: ({ requests, trouble }) => Math.round(requests * (1 - 0.15 * trouble)),
  RequestsFailed: ({ requests, trouble }) => requests - Math.round(requests * (1 - 0.15 * trouble)),
  ColdStart: ({ noise, trouble }) => 0.015 + 0.04 * noise + 0.06 * trouble,
  MemoryUsed: ({ noise, trouble }) => 41 + 12 * noise + 9 * trouble,
  "CacheHit api": ({ requests }) => requests * 3,
  "CacheMiss api": ({ requests }) => requests,
  "ApproximateNumberOfMessagesVisible dead": ({ trouble }) => (trouble === 1 ? 2 : 0),
  ApproximateNumberOfMessagesVisible: ({ requests, trouble }) => Math.round(requests * trouble * 3.5),
  ApproximateNumberOfMessagesNotVisible: (minute, at) =>
    Math.min(50, Math.round((minute.requests * jobMs(minute, at)) / 60_000)),
  ApproximateAgeOfOldestMessage: ({ trouble, noise }) => Math.round(1 + 2 * noise + 140 * trouble),
  ConsumedReadCapacityUnits: ({ requests }) => requests * 6,
  ConsumedWriteCapacityUnits: ({ requests }) => requests * 9,
  QueueWait: ({ trouble, noise }) => 120 + 60 * noise + 38_000 * trouble,
  ContextDuration: ({ noise }) => 40 + 20 * noise,
  AgentsDuration: (minute, at) => jobMs(minute, at) * 0.9,
  ResponseDuration: ({ noise }) => 90 + 40 * noise,
  AgentDuration: (minute, at) => jobMs(minute, at) * 0.4,
  AgentFailed: ({ trouble, noise }) => 0.25 * trouble * noise,
  PhaseDuration: (minute, at) => jobMs(minute, at) * 0.45,
  TokensUsed: ({ requests, noise }) => Math.round(requests * (5_200 + 900 * noise)),
  TokensIn: ({ requests, noise }) => Math.round(requests * (4_100 + 700 * noise)),
  TokensOut: ({ requests, noise }) => Math.round(requests * (1_100 + 200 * noise)),
};

/** There are metrics that a good day never writes: their charts have no data. */
const SILENT = new Set(["ProvisionedConcurrencySpilloverInvocations", "RequestsExpired"]);

/** By `count` a metric is summed up; others are samples. */
const COUNTED = new Set([
  "Invocations",
  "Errors",
  "Throttles",
  "Count",
  "CacheHitCount",
  "CacheMissCount",
  "ConsumedReadCapacityUnits",
  "ConsumedWriteCapacityUnits",
  "RequestsCompleted",
  "RequestsFailed",
  "TokensUsed",
  "TokensIn",
  "TokensOut",
  "CacheHit",
  "CacheMiss",
  "ReadThrottleEvents",
  "WriteThrottleEvents",
]);
const TAIL: Readonly<Record<string, number>> = { p50: 1, p90: 1.35, p95: 1.6, p99: 2.1, Maximum: 1.1, Average: 1.05 };

/** A day of every metric that the dashboard reads, the same at every call. */
export function demoMetrics(widgets: readonly Widget[] = parseBody(appliedBody())): MetricSeries[] {
  const minutes = day();
  const wanted = new Map<string, NamedStatistic & { periodSeconds: number }>();
  for (const { widget } of listCharts(widgets)) {
    for (const { source, periodSeconds } of widget.rows)
      for (const each of sources(source)) wanted.set(JSON.stringify([each, periodSeconds]), { ...each, periodSeconds });
  }
  return [...wanted.values()]
    .filter(({ metric }) => !SILENT.has(metric))
    .map((each): MetricSeries => ({ ...each, points: points(each, minutes) }));
}

function sources(source: ChartRow["source"]): NamedStatistic[] {
  if (!("expression" in source)) return [source];
  if (!isSearch(source.expression)) return [];
  const { namespace, dimensions, terms, statistic } = parseSearch(source.expression);
  const by = dimensions.find((name) => name !== "Deployment")!;
  const names = { Agent: AGENTS, Phase: ["1", "2"], Model: MODELS }[by] ?? [];
  return names.map((name) => ({
    namespace,
    metric: terms["MetricName"]!,
    statistic,
    dimensions: { Deployment: terms["Deployment"]!, [by]: name },
  }));
}

function points(
  { metric, dimensions, statistic, periodSeconds }: NamedStatistic & { readonly periodSeconds: number },
  minutes: readonly Minute[],
): Point[] {
  const of = Object.values(dimensions).join(" ");
  const kind = /failed/.test(of)
    ? "dead"
    : /heartbeat/.test(of)
      ? "heartbeat"
      : /worker/.test(of)
        ? "worker"
        : /sweeper/.test(of)
          ? "sweeper"
          : "api";
  const sample = SAMPLES[`${metric} ${kind}`] ?? SAMPLES[metric] ?? (() => 0);
  // Agents and models are not all alike.
  const share =
    1 -
    0.22 *
      Math.max(0, [...AGENTS, ...MODELS, "1", "2"].findIndex((name) => Object.values(dimensions).includes(name)) % 3);
  const size = periodSeconds / 60;
  const found = Array.from({ length: MINUTES / size }, (_, index): Point => {
    const part = minutes.slice(index * size, (index + 1) * size);
    const values = part.map((minute, offset) => share * sample(minute, index * size + offset));
    return [DAY_START_MS + index * periodSeconds * 1_000, statisticOf(metric, kind, statistic, values, part)];
  });
  return found.map(([ms, value]) => [ms, Number(value.toPrecision(6))]);
}

function statisticOf(
  metric: string,
  kind: string,
  statistic: string,
  values: readonly number[],
  part: readonly Minute[],
): number {
  const sum = (all: readonly number[]) => all.reduce((total, value) => total + value, 0);
  const runs = part.map((minute, index) =>
    (SAMPLES[`Invocations ${kind}`] ?? SAMPLES["Invocations worker"]!)(minute, index),
  );
  if (COUNTED.has(metric)) return statistic === "Maximum" ? Math.max(...values) : Math.round(sum(values));
  if (statistic === "SampleCount") return sum(part.map(({ requests }) => requests));
  if (statistic === "Sum")
    return metric === "Duration"
      ? sum(values.map((value, index) => value * runs[index]!))
      : metric.endsWith("XXError")
        ? Math.round(sum(values.map((value, index) => value * part[index]!.requests * (1 + POLLS))))
        : sum(values);
  if (statistic === "Maximum") return Math.max(...values);
  return (
    (sum(values) / values.length) *
    (metric.endsWith("Failed") || metric.endsWith("XXError") || metric === "ColdStart" ? 1 : (TAIL[statistic] ?? 1))
  );
}
