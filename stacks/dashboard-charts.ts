import { expression, type Chart } from "../modules";
import {
  nameMetric,
  type Kpi,
  type KpiAlarm,
  type Source,
  type SettingName,
  type SourceNames,
} from "./contract/settings";
import type { DeclaredSettings } from "./declare";

export const TARGET_COLOR = "#2ca02c";
export const SEVERITY_COLORS: Readonly<Record<KpiAlarm["severity"], string>> = {
  info: "#1f77b4",
  warning: "#ff7f0e",
  critical: "#d62728",
};
const LIMIT_COLOR = "#7f7f7f";

/**
 * USD (AWS price list, us-east-1, 2024-07-01): a GB-second and a request of Lambda on arm64, and a call of a REST API.
 */
const GB_SECOND = "0.0000133334";
const LAMBDA_REQUEST = "0.0000002";
const API_CALL = "0.0000035";

/** A row of a chart, in CloudWatch's own form. */
type Row = readonly unknown[];

interface RowOptions {
  /** CloudWatch's statistic, such as `Sum` or `p95`. */
  readonly stat: string;
  readonly label: string;
  /** Dimensions beside the source's own. Default: none. */
  readonly dimensions?: Readonly<Record<string, string>>;
  /** Id by which an expression reads the row. Default: none. */
  readonly id?: string;
  /** Default: true. */
  readonly visible?: boolean;
}
type CreateRow = (source: Source, metric: string, options: RowOptions) => Row;

/** Charts beside those of the KPIs: what a person looks at next. */
export function createOtherCharts(
  settings: DeclaredSettings,
  sources: SourceNames,
): Readonly<Partial<Record<Kpi["panel"], readonly Chart[]>>> {
  const row = rowCreator(sources);
  return {
    kpis: [capacityChart(settings, row)],
    api: [
      { title: "Calls", unit: "count", metrics: [row("gateway", "Count", { stat: "Sum", label: "calls" })] },
      {
        title: "Latency, and what of it is the front door's (ms)",
        unit: "ms",
        metrics: [
          row("gateway", "Latency", { stat: "p50", label: "P50" }),
          row("gateway", "IntegrationLatency", { stat: "p50", label: "front door P50" }),
        ],
      },
    ],
    cache: [
      {
        title: "Polls from the cache and not",
        unit: "count",
        metrics: [
          row("gateway", "CacheHitCount", { stat: "Sum", label: "hits" }),
          row("gateway", "CacheMissCount", { stat: "Sum", label: "misses" }),
        ],
      },
      {
        title: "Reads kept by the processes",
        unit: "count",
        metrics: (["api", "worker"] as const).flatMap((name) => [
          row("deployment", "CacheHit", { stat: "Sum", label: `${name} hits`, dimensions: { Function: name } }),
          row("deployment", "CacheMiss", { stat: "Sum", label: `${name} misses`, dimensions: { Function: name } }),
        ]),
      },
    ],
    functions: [
      {
        title: "Invocations",
        unit: "count",
        metrics: [
          row("front_door", "Invocations", { stat: "Sum", label: "front door" }),
          row("worker", "Invocations", { stat: "Sum", label: "worker" }),
          row("sweeper", "Invocations", { stat: "Sum", label: "sweeper" }),
        ],
      },
    ],
    queue: [
      {
        title: "Requests that wait",
        unit: "count",
        metrics: [
          row("work_queue", "ApproximateNumberOfMessagesVisible", { stat: "Maximum", label: "waiting" }),
          row("work_queue", "ApproximateNumberOfMessagesNotVisible", { stat: "Maximum", label: "being worked on" }),
        ],
      },
      {
        title: "Requests by their end",
        unit: "count",
        metrics: (["RequestsCompleted", "RequestsFailed", "RequestsExpired", "RequestsRequeued"] as const).map(
          (metric) => row("deployment", metric, { stat: "Sum", label: metric }),
        ),
      },
    ],
    tables: [
      {
        title: "Units read and written",
        unit: "count",
        metrics: (["requests_table", "sessions_table"] as const).flatMap((table) => [
          row(table, "ConsumedReadCapacityUnits", { stat: "Sum", label: `${table} read` }),
          row(table, "ConsumedWriteCapacityUnits", { stat: "Sum", label: `${table} written` }),
        ]),
      },
    ],
    agents: agentCharts(sources, row),
    tokens: tokenCharts(settings, sources, row),
    cost: costCharts(settings, row),
  };
}

/** Gives a function that creates rows with the names of the metrics' sources. */
function rowCreator(sources: SourceNames): CreateRow {
  return (source, metric, { dimensions, ...options }) => {
    const named = nameMetric({ source, metric, ...(dimensions && { dimensions }) }, sources);
    return [named.namespace, named.metric, ...Object.entries(named.dimensions).flat(), options];
  };
}

/** How many requests ran at once. The gate asks the account how many could. */
function capacityChart(settings: DeclaredSettings, row: CreateRow): Chart {
  const reserved = settings.expression("reserved_concurrent_executions");
  const threshold = settings.expression("alarm_reserved_concurrency_threshold");
  return {
    title: "Requests that ran at once (count)",
    unit: "count",
    metrics: [row("worker", "ConcurrentExecutions", { stat: "Maximum", label: "running [last $${LAST}]" })],
    lines: [
      { label: "target", value: settings.expression("kpi_concurrent_requests"), color: TARGET_COLOR },
      { label: "reserved", value: expression`${reserved} >= 0 ? ${reserved} : null`, color: LIMIT_COLOR },
      {
        label: "reserved-concurrency",
        value: expression`${reserved} > 0 ? ${reserved} * ${threshold} / 100 : null`,
        color: SEVERITY_COLORS.warning,
      },
    ],
  };
}

interface Search {
  readonly dimension: string;
  readonly metric: string;
  /** CloudWatch's statistic. */
  readonly stat: string;
}

/** A row for each value of a dimension. CloudWatch finds the values, because agents and models are settings. */
const searchRows = ({ deployment }: SourceNames, { dimension, metric, stat }: Search): Row => [
  {
    expression:
      `SEARCH('{Quickturn,Deployment,${dimension}} Deployment="${deployment}" MetricName="${metric}"', ` + `'${stat}')`,
    label: `$\${PROP('Dim.${dimension}')}`,
    id: "each",
  },
];

function agentCharts(sources: SourceNames, row: CreateRow): Chart[] {
  return [
    {
      title: "Agents' durations, P95 (ms)",
      unit: "ms",
      metrics: [searchRows(sources, { dimension: "Agent", metric: "AgentDuration", stat: "p95" })],
    },
    {
      title: "Agents' failures (share of their calls)",
      unit: "share",
      metrics: [searchRows(sources, { dimension: "Agent", metric: "AgentFailed", stat: "Average" })],
    },
    {
      title: "Phases' durations, P95 (ms)",
      unit: "ms",
      metrics: [searchRows(sources, { dimension: "Phase", metric: "PhaseDuration", stat: "p95" })],
    },
    {
      title: "Where a request's time goes, mean (ms)",
      unit: "ms",
      metrics: (["QueueWait", "ContextDuration", "AgentsDuration", "ResponseDuration"] as const).map((metric) =>
        row("deployment", metric, { stat: "Average", label: metric }),
      ),
    },
  ];
}

function tokenCharts(settings: DeclaredSettings, sources: SourceNames, row: CreateRow): Chart[] {
  const quota = settings.expression("token_quota_per_minute");
  const threshold = settings.expression("alarm_token_quota_threshold");
  return [
    {
      title: "Tokens a minute (count)",
      unit: "count",
      // The quota is one of a minute.
      periodSeconds: 60,
      metrics: [
        row("deployment", "TokensUsed", { stat: "Sum", label: "all" }),
        row("deployment", "TokensIn", { stat: "Sum", label: "in" }),
        row("deployment", "TokensOut", { stat: "Sum", label: "out" }),
      ],
      lines: [
        { label: "quota", value: quota, color: LIMIT_COLOR },
        {
          label: "token-quota",
          value: expression`${quota} == null ? null : ${quota} * ${threshold} / 100`,
          color: SEVERITY_COLORS.warning,
        },
      ],
    },
    {
      title: "Tokens by model",
      unit: "count",
      metrics: [searchRows(sources, { dimension: "Model", metric: "TokensUsed", stat: "Sum" })],
    },
  ];
}

/** Estimates for each period: Lambda's time and requests, and API calls. */
function costCharts(settings: DeclaredSettings, row: CreateRow): Chart[] {
  const hide = (id: string, source: Source, metric: string) =>
    row(source, metric, { stat: "Sum", label: id, id, visible: false });
  const lambda = (duration: string, invocations: string, memory: SettingName) =>
    `${duration}/1000*${settings.string(memory)}/1024*${GB_SECOND}+${invocations}*${LAMBDA_REQUEST}`;
  const worker = lambda("m0", "m1", "memory_size");
  const frontDoor = lambda("m2", "m3", "api_memory_size");
  const calls = `m4*${API_CALL}`;
  const used = [
    hide("m0", "worker", "Duration"),
    hide("m1", "worker", "Invocations"),
    hide("m2", "front_door", "Duration"),
    hide("m3", "front_door", "Invocations"),
    hide("m4", "gateway", "Count"),
  ];
  return [
    {
      title: "Estimate: Lambda and API calls (USD an hour)",
      unit: "USD",
      periodSeconds: 3_600,
      metrics: [
        [{ id: "worker", expression: worker, label: "worker" }],
        [{ id: "front_door", expression: frontDoor, label: "front door" }],
        [{ id: "calls", expression: calls, label: "API calls" }],
        ...used,
      ],
    },
    {
      title: "Estimate: a request without its tokens (USD)",
      unit: "USD",
      periodSeconds: 3_600,
      metrics: [
        [{ id: "each", expression: `(${worker}+${frontDoor}+${calls})/m5`, label: "a request [last $${LAST}]" }],
        ...used,
        row("deployment", "JobDuration", { stat: "SampleCount", label: "m5", id: "m5", visible: false }),
      ],
      lines: [
        { label: "target, tokens included", value: settings.expression("kpi_cost_per_request"), color: TARGET_COLOR },
      ],
    },
  ];
}
