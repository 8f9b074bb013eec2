import type { Chart } from "../modules";
import type { DeclaredSettings } from "./declare";
import { nameMetric, type Kpi, type MetricReference, type SettingName, type SourceNames } from "./contract/settings";

/**
 * USD (AWS price list, us-east-1, 2024-07-01): a GB-second and a request of Lambda on arm64, and a call of a REST API.
 */
const GB_SECOND = "0.0000133334";
const LAMBDA_REQUEST = "0.0000002";
const API_CALL = "0.0000035";

type Row = readonly unknown[];

/** Charts beside the KPIs' own: what a person looks at next. */
export function otherCharts(
  settings: DeclaredSettings,
  sources: SourceNames,
): Readonly<Partial<Record<Kpi["panel"], readonly Chart[]>>> {
  const row = rowsOf(sources);
  return {
    kpis: [capacityChart(settings, row)],
    api: [
      { title: "Calls", unit: "count", metrics: [row("gateway", "Count", "Sum", "calls")] },
      {
        title: "Latency, and what of it is the front door's (ms)",
        unit: "ms",
        metrics: [
          row("gateway", "Latency", "p50", "P50"),
          row("gateway", "IntegrationLatency", "p50", "front door P50"),
        ],
      },
    ],
    cache: [
      {
        title: "Polls from the cache and not",
        unit: "count",
        metrics: [row("gateway", "CacheHitCount", "Sum", "hits"), row("gateway", "CacheMissCount", "Sum", "misses")],
      },
      {
        title: "Reads kept by the processes",
        unit: "count",
        metrics: (["api", "worker"] as const).flatMap((name) => [
          row("deployment", "CacheHit", "Sum", `${name} hits`, { Function: name }),
          row("deployment", "CacheMiss", "Sum", `${name} misses`, { Function: name }),
        ]),
      },
    ],
    functions: [
      {
        title: "Invocations",
        unit: "count",
        metrics: [
          row("front_door", "Invocations", "Sum", "front door"),
          row("worker", "Invocations", "Sum", "worker"),
          row("sweeper", "Invocations", "Sum", "sweeper"),
        ],
      },
    ],
    queue: [
      {
        title: "Requests that wait",
        unit: "count",
        metrics: [
          row("work_queue", "ApproximateNumberOfMessagesVisible", "Maximum", "waiting"),
          row("work_queue", "ApproximateNumberOfMessagesNotVisible", "Maximum", "being worked on"),
        ],
      },
      {
        title: "Requests by their end",
        unit: "count",
        metrics: (["RequestsCompleted", "RequestsFailed", "RequestsExpired", "RequestsRequeued"] as const).map(
          (metric) => row("deployment", metric, "Sum", metric),
        ),
      },
    ],
    tables: [
      {
        title: "Units read and written",
        unit: "count",
        metrics: (["requests_table", "sessions_table"] as const).flatMap((table) => [
          row(table, "ConsumedReadCapacityUnits", "Sum", `${table} read`),
          row(table, "ConsumedWriteCapacityUnits", "Sum", `${table} written`),
        ]),
      },
    ],
    agents: agentCharts(sources, row),
    tokens: tokenCharts(settings, sources, row),
    cost: costCharts(settings, row),
  };
}

type RowMaker = (
  source: MetricReference["source"],
  metric: string,
  stat: string,
  label: string,
  dimensions?: Readonly<Record<string, string>>,
  more?: object,
) => Row;

function rowsOf(sources: SourceNames): RowMaker {
  return (source, metric, stat, label, dimensions, more = {}) => {
    const named = nameMetric({ source, metric, ...(dimensions && { dimensions }) }, sources);
    return [named.namespace, named.metric, ...Object.entries(named.dimensions).flat(), { stat, label, ...more }];
  };
}

/** The gate asks the account how many may run; here stands how many did. */
function capacityChart(settings: DeclaredSettings, row: RowMaker): Chart {
  const reserved = settings.expression("reserved_concurrent_executions");
  return {
    title: "Requests that ran at once (count)",
    unit: "count",
    metrics: [row("worker", "ConcurrentExecutions", "Maximum", "running [last $${LAST}]")],
    lines: [
      { label: "target", value: settings.expression("kpi_concurrent_requests"), color: "#2ca02c" },
      { label: "reserved", value: `${reserved} >= 0 ? ${reserved} : null`, color: "#7f7f7f" },
      {
        label: "reserved-concurrency",
        value: `${reserved} > 0 ? ${reserved} * ${settings.expression("alarm_reserved_concurrency_threshold")} / 100 : null`,
        color: "#ff7f0e",
      },
    ],
  };
}

/**
 * Every value of a dimension that there is: which agents and models run is a setting, and CloudWatch finds them by
 * itself.
 */
const search = ({ deployment }: SourceNames, dimension: string, metric: string, stat: string): Row => [
  {
    expression: `SEARCH('{Quickturn,Deployment,${dimension}} Deployment="${deployment}" MetricName="${metric}"', '${stat}')`,
    label: `$\${PROP('Dim.${dimension}')}`,
    id: "each",
  },
];

function agentCharts(sources: SourceNames, row: RowMaker): Chart[] {
  return [
    { title: "Agents' durations, P95 (ms)", unit: "ms", metrics: [search(sources, "Agent", "AgentDuration", "p95")] },
    {
      title: "Agents' failures (share of their calls)",
      unit: "share",
      metrics: [search(sources, "Agent", "AgentFailed", "Average")],
    },
    { title: "Phases' durations, P95 (ms)", unit: "ms", metrics: [search(sources, "Phase", "PhaseDuration", "p95")] },
    {
      title: "Where a request's time goes, mean (ms)",
      unit: "ms",
      metrics: (["QueueWait", "ContextDuration", "AgentsDuration", "ResponseDuration"] as const).map((metric) =>
        row("deployment", metric, "Average", metric),
      ),
    },
  ];
}

function tokenCharts(settings: DeclaredSettings, sources: SourceNames, row: RowMaker): Chart[] {
  const quota = settings.expression("token_quota_per_minute");
  return [
    {
      title: "Tokens a minute (count)",
      unit: "count",
      // What the quota is of.
      periodSeconds: 60,
      metrics: [
        row("deployment", "TokensUsed", "Sum", "all"),
        row("deployment", "TokensIn", "Sum", "in"),
        row("deployment", "TokensOut", "Sum", "out"),
      ],
      lines: [
        { label: "quota", value: quota, color: "#7f7f7f" },
        {
          label: "token-quota",
          value: `${quota} == null ? null : ${quota} * ${settings.expression("alarm_token_quota_threshold")} / 100`,
          color: "#ff7f0e",
        },
      ],
    },
    { title: "Tokens by model", unit: "count", metrics: [search(sources, "Model", "TokensUsed", "Sum")] },
  ];
}

/** An estimate: Lambda's time and requests, and API calls, each of a period. */
function costCharts(settings: DeclaredSettings, row: RowMaker): Chart[] {
  const hidden = (id: string) => ({ id, visible: false });
  const lambda = (duration: string, invocations: string, memory: SettingName) =>
    `${duration}/1000*\${${settings.expression(memory)}}/1024*${GB_SECOND}+${invocations}*${LAMBDA_REQUEST}`;
  const worker = lambda("m0", "m1", "memory_size");
  const frontDoor = lambda("m2", "m3", "api_memory_size");
  const calls = `m4*${API_CALL}`;
  const used = [
    row("worker", "Duration", "Sum", "m0", undefined, hidden("m0")),
    row("worker", "Invocations", "Sum", "m1", undefined, hidden("m1")),
    row("front_door", "Duration", "Sum", "m2", undefined, hidden("m2")),
    row("front_door", "Invocations", "Sum", "m3", undefined, hidden("m3")),
    row("gateway", "Count", "Sum", "m4", undefined, hidden("m4")),
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
        row("deployment", "JobDuration", "SampleCount", "m5", undefined, hidden("m5")),
      ],
      lines: [
        { label: "target, tokens included", value: settings.expression("kpi_cost_per_request"), color: "#2ca02c" },
      ],
    },
  ];
}
