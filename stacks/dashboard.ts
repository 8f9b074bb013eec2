import {
  type AgentFunction,
  type LiveAlias,
  type MetricQuery,
  type RequestStore,
  type RestApi,
  type Schedule,
  type WorkQueue,
  chartRows,
  Dashboard,
  type Chart,
  type ChartLine,
  type DashboardSection,
} from "../modules";
import type { DeclaredSettings } from "./declare";
import { STAGE_NAME, type PhysicalNames } from "./names";
import {
  kpiQuery,
  nameMetric,
  type Kpi,
  type KpiQuery,
  type SettingName,
  type SourceNames,
  KPIS,
  type KpiAlarm,
} from "./contract/settings";
import type { CreatedAlarms } from "./alarms";
import { otherCharts } from "./dashboard-charts";
import type { PlatformStack } from "./platform";

/** What is watched, and under which names and settings. */
export interface Watched {
  readonly settings: DeclaredSettings;
  readonly names: PhysicalNames;
  readonly frontDoor: AgentFunction;
  readonly worker: AgentFunction;
  readonly workerAlias: LiveAlias;
  readonly sweeper: AgentFunction;
  readonly restApi: RestApi;
  readonly queue: WorkQueue;
  readonly store: RequestStore;
  readonly apiHeartbeat: Schedule;
  readonly workerHeartbeat: Schedule;
}

/** The names that metrics are found by: references, so that a renamed resource takes its alarms with it. */
export function metricSources(watched: Watched): SourceNames {
  const { names, frontDoor, worker, workerAlias, sweeper, restApi, queue, store, apiHeartbeat, workerHeartbeat } =
    watched;
  return {
    frontDoorFunction: frontDoor.function.functionName,
    workerFunction: worker.function.functionName,
    sweeperFunction: sweeper.function.functionName,
    authorizerFunction: names.authorizerFunction,
    liveAlias: workerAlias.alias.name,
    restApi: restApi.api.name,
    stage: STAGE_NAME,
    workQueue: queue.queue.name,
    deadLetterQueue: queue.deadLetterQueue.name,
    requestsTable: store.requests.name,
    sessionsTable: store.sessions.name,
    apiHeartbeatRule: apiHeartbeat.rule.name,
    workerHeartbeatRule: workerHeartbeat.rule.name,
    deployment: names.deployment,
  };
}

/** How CloudWatch computes a KPI of this stack; undefined where only the gate can. */
export function namedQuery(kpi: Kpi, settings: DeclaredSettings, sources: SourceNames): MetricQuery | undefined {
  // A setting of 0 or -1 switches off what is measured: its alarm is muted, and its expression must still be one.
  const query = kpiQuery(kpi, (setting) => `\${max(${settings.expression(setting as SettingName)}, 1)}`);
  return query && withNames(query, sources);
}

function withNames({ metrics, expression }: KpiQuery, sources: SourceNames): MetricQuery {
  return {
    metrics: metrics.map(({ id, reference, statistic }) => {
      const { namespace, metric, dimensions } = nameMetric(reference, sources);
      return { id, namespace, metricName: metric, dimensions, statistic };
    }),
    ...(expression !== undefined && { expression }),
  };
}

/** The sections in reading order: what callers feel first. */
const HEADINGS: Readonly<Record<Kpi["panel"], string>> = {
  kpis: "## KPIs",
  api: "## API",
  cache: "## Cache",
  functions: "## Functions",
  queue: "## Queue",
  tables: "## Tables",
  agents: "## Agents",
  tokens: "## Tokens",
  cost: "## Cost: estimates from us-east-1 list prices, without tokens, cold starts, cache and logs; `quickturn cost` has the whole bill",
};

const TARGET_COLOR = "#2ca02c";
const SEVERITY_COLORS: Readonly<Record<KpiAlarm["severity"], string>> = {
  info: "#1f77b4",
  warning: "#ff7f0e",
  critical: "#d62728",
};

/**
 * A dashboard of everything that the KPIs say, with the targets that the gate asks for and the thresholds that the
 * alarms have.
 */
export function createDashboard(stack: PlatformStack, watched: Watched, alarms: CreatedAlarms): Dashboard {
  const { settings, names } = watched;
  const sources = metricSources(watched);
  const others = otherCharts(settings, sources);
  const sections = (Object.keys(HEADINGS) as Kpi["panel"][]).map(
    (panel): DashboardSection => ({
      heading: HEADINGS[panel],
      charts: [
        ...KPIS.filter((kpi) => kpi.panel === panel).flatMap((kpi) => kpiChart(kpi, settings, sources) ?? []),
        ...(others[panel] ?? []),
      ],
    }),
  );
  return new Dashboard(stack, "dashboard", {
    dashboardName: names.dashboard,
    region: settings.string("aws_region"),
    introduction: introduction(settings, sources),
    alarmArns: alarms.arns,
    sections,
  });
}

function introduction(
  settings: DeclaredSettings,
  { deployment, workerFunction, frontDoorFunction, sweeperFunction }: SourceNames,
): string {
  const console = `https://console.aws.amazon.com/cloudwatch/home?region=${settings.string("aws_region")}`;
  const logs = (
    [
      ["front door", frontDoorFunction],
      ["worker", workerFunction],
      ["sweeper", sweeperFunction],
    ] as const
  ).map(([label, name]) => `[${label}](${console}#logsV2:log-groups/log-group/$252Faws$252Flambda$252F${name})`);
  const headings = [...new Set([...KPIS.map(({ runbook }) => runbook), "Error budget"])].join(" · ");
  return [
    `# ${deployment}`,
    `[Alarms](${console}#alarmsV2:?search=${deployment}) · logs: ${logs.join(", ")} · green lines: what the gate asks for (\`kpi_*\`); blue, orange and red ones: where alarms ring (\`alarm_*\`)`,
    `RUNBOOK.md has a heading for each: ${headings}`,
  ].join("\n\n");
}

/** One KPI with its target and the thresholds of its alarms; undefined where CloudWatch cannot compute it. */
function kpiChart(kpi: Kpi, settings: DeclaredSettings, sources: SourceNames): Chart | undefined {
  // Beside the number itself, in charts of their own: a share of a number that is not set is none.
  if (kpi.measure.kind === "fill") return undefined;
  // A chart may show what is too little for an alarm: the reader sees how it moves.
  const query = namedQuery({ ...kpi, minimumSamples: 1 }, settings, sources);
  if (!query) return undefined;
  const title = `${kpi.title} (${kpi.unit})`;
  return {
    title,
    unit: kpi.unit,
    metrics: chartRows(query, `${kpi.title} [last $\${LAST}]`),
    periodSeconds: kpi.alarms[0]?.periodSeconds ?? 300,
    lines: linesOf(kpi, settings),
  };
}

function linesOf({ targetSetting, alarms }: Kpi, settings: DeclaredSettings): ChartLine[] {
  const value = (name: string) => settings.expression(name as SettingName);
  return [
    ...(targetSetting === undefined ? [] : [{ label: "target", value: value(targetSetting), color: TARGET_COLOR }]),
    ...alarms.map(({ name, severity, thresholdSetting }) => ({
      label: name,
      value: value(thresholdSetting),
      color: SEVERITY_COLORS[severity],
    })),
  ];
}
