import { PriceBook, HOME_REGION } from "./prices";
import type { Month, Traffic } from "./traffic";
import { DAYS_A_MONTH, KB_A_GB, SECONDS_A_MONTH, type Usage } from "./usage";

/** What of an alarm decides its price. */
export interface AlarmShape {
  /** Metrics that it reads: an expression over two counts two. Without meaning for a composite alarm. */
  readonly metrics: number;
  /** Periods below a minute. Default: false. */
  readonly highResolution?: boolean;
  /** An alarm over other alarms: one price, whatever it watches. Default: false. */
  readonly composite?: boolean;
}

/** Dollars a month of a set of alarms. `book`: default us-east-1's prices. */
export function alarmSetCost(alarms: readonly AlarmShape[], book: PriceBook = new PriceBook(HOME_REGION)): number {
  return alarms.reduce((usd, { metrics, highResolution, composite }) => {
    if (composite) return usd + book.cost("alarmComposite", 1);
    return usd + book.cost(highResolution ? "alarmMetricHighResolution" : "alarmMetric", metrics);
  }, 0);
}

/** Dollars a month of knowing what goes on. */
interface WatchingCost {
  readonly logs: number;
  readonly traces: number;
  readonly metrics: number;
  readonly alarms: number;
  readonly dashboard: number;
}

/** Names of the METRICS of handlers/environment.ts, by the dimension that distinguishes them; a test compares both. */
export const METRICS_BY_DIMENSION = {
  deployment: [
    "JobDuration",
    "QueueWait",
    "ContextDuration",
    "AgentsDuration",
    "ResponseDuration",
    "TokensIn",
    "TokensOut",
    "TokensUsed",
    "RequestsCompleted",
    "RequestsFailed",
    "RequestsExpired",
    "RequestFailed",
    "RequestsRequeued",
    "DeadLetters",
    "AnswerFailed",
  ],
  version: ["JobDuration", "RequestFailed", "AnswerFailed"],
  phase: ["PhaseDuration"],
  agent: ["AgentDuration", "AgentFailed"],
  model: ["TokensIn", "TokensOut", "TokensUsed"],
  function: [
    "ColdStart",
    "CacheHit",
    "CacheMiss",
    "PoolIdleDropped",
    "PoolOpened",
    "PoolReused",
    "BreakerOpen",
    "HeartbeatFailed",
    "MemoryUsed",
  ],
} as const;

/** Functions that count themselves: front door and worker. */
const COUNTED_FUNCTIONS = 2;

/** Metrics that are billed: one a name and set of dimensions, however many values it gets. */
export function customMetrics(usage: Usage): number {
  if (usage.custom_metrics !== null) return usage.custom_metrics;
  const { deployment, version, phase, agent, model, function: counted } = METRICS_BY_DIMENSION;
  // One version of each function has the traffic; the hours of a canary's second one are left out.
  return (
    deployment.length +
    version.length +
    usage.phases * phase.length +
    usage.agents_per_phase * agent.length +
    usage.models * model.length +
    COUNTED_FUNCTIONS * counted.length
  );
}

/**
 * X-Ray's default rule: the first of a second, and 5 % of the others, by service. Traffic is taken to be even: a bursty
 * month records fewer.
 */
const TRACED_SHARE = 0.05;

/** Traces that X-Ray records of `count` events a month at one service. */
export function recordedTraces(count: number): number {
  const first = Math.min(count, SECONDS_A_MONTH);
  return first + TRACED_SHARE * (count - first);
}

/** Dollars a month of logs, traces, metrics, alarms and the dashboard. */
export function watchingCost({ deployment, usage, traffic, book }: Month): WatchingCost {
  const logGB = logKB(usage, traffic) / KB_A_GB;
  const events = [traffic.apiCalls, traffic.runs, traffic.sweeps, traffic.heartbeats, traffic.heartbeats];
  const traces = events.reduce((sum, count) => sum + recordedTraces(count), 0);
  return {
    // Kept logs are billed compressed; they are counted as they came, so this is a little too much.
    logs: book.cost("logIn", logGB) + book.cost("logStored", (logGB * deployment.logRetentionDays) / DAYS_A_MONTH),
    traces: deployment.tracing ? book.cost("trace", traces) : 0,
    // Billed by the hour with a value; counted as if every hour had one.
    metrics: book.cost("customMetric", customMetrics(usage)),
    alarms: alarmSetCost(deployment.alarms, book),
    dashboard: book.cost("dashboard", deployment.dashboards),
  };
}

function logKB(usage: Usage, traffic: Traffic): number {
  const small = traffic.frontDoorCalls + traffic.authorizerCalls + traffic.sweeps + 2 * traffic.heartbeats;
  return small * usage.front_door_log_kb + traffic.runs * usage.worker_log_kb + traffic.apiCalls * usage.access_log_kb;
}
