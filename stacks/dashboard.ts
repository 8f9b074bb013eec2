import { chartRows, Dashboard, type Chart, type ChartLine, type DashboardSection } from "../modules";
import { resolveQuery, type CreatedAlarms } from "./alarms";
import { KPIS, type Kpi, type SourceNames } from "./contract/settings";
import { SEVERITY_COLORS, TARGET_COLOR, createOtherCharts } from "./dashboard-charts";
import type { DeclaredSettings } from "./declare";
import type { Deployment } from "./names";

/** Headings of the sections, in reading order: first what callers feel. */
const HEADINGS: Readonly<Record<Kpi["panel"], string>> = {
  kpis: "## KPIs",
  api: "## API",
  cache: "## Cache",
  functions: "## Functions",
  queue: "## Queue",
  tables: "## Tables",
  agents: "## Agents",
  tokens: "## Tokens",
  cost:
    "## Cost: estimates from us-east-1 list prices, without tokens, cold starts, cache and logs; " +
    "`quickturn cost` has the whole bill",
};

/** Creates a dashboard of all KPIs, with the targets of the gate and the thresholds of the alarms. */
export function createDashboard(deployment: Deployment, sources: SourceNames, alarms: CreatedAlarms): Dashboard {
  const { stack, settings, names } = deployment;
  const others = createOtherCharts(settings, sources);
  const sections = (Object.keys(HEADINGS) as Kpi["panel"][]).map(
    (panel): DashboardSection => ({
      heading: HEADINGS[panel],
      charts: [
        ...KPIS.filter((kpi) => kpi.panel === panel).flatMap((kpi) => createKpiChart(kpi, deployment, sources) ?? []),
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
  const logs = Object.entries({
    "front door": frontDoorFunction,
    worker: workerFunction,
    sweeper: sweeperFunction,
  }).map(([label, name]) => `[${label}](${console}#logsV2:log-groups/log-group/$252Faws$252Flambda$252F${name})`);
  const headings = [...new Set([...KPIS.map(({ runbook }) => runbook), "Error budget"])].join(" · ");
  return [
    `# ${deployment}`,
    `[Alarms](${console}#alarmsV2:?search=${deployment}) · logs: ${logs.join(", ")} · ` +
      "green lines: what the gate asks for (`kpi_*`); blue, orange and red ones: where alarms ring (`alarm_*`)",
    `RUNBOOK.md has a heading for each: ${headings}`,
  ].join("\n\n");
}

/** One KPI with its target and the thresholds of its alarms; undefined where CloudWatch cannot compute it. */
function createKpiChart(kpi: Kpi, deployment: Deployment, sources: SourceNames): Chart | undefined {
  // dashboard-charts.ts has charts of the numbers themselves, because a share of a setting may have no value.
  if (kpi.measure.kind === "fill") return undefined;
  // A chart also shows what has too few samples for an alarm: the reader sees how it moves.
  const query = resolveQuery({ ...kpi, minimumSamples: 1 }, deployment, sources);
  if (!query) return undefined;
  return {
    title: `${kpi.title} (${kpi.unit})`,
    unit: kpi.unit,
    metrics: chartRows(query, `${kpi.title} [last $\${LAST}]`),
    periodSeconds: kpi.alarms[0]?.periodSeconds ?? 300,
    lines: createLines(kpi, deployment.settings),
  };
}

function createLines({ targetSetting, alarms }: Kpi, settings: DeclaredSettings): ChartLine[] {
  return [
    ...(targetSetting === undefined
      ? []
      : [{ label: "target", value: settings.expression(targetSetting), color: TARGET_COLOR }]),
    ...alarms.map(({ name, severity, thresholdSetting }) => ({
      label: name,
      value: settings.expression(thresholdSetting),
      color: SEVERITY_COLORS[severity],
    })),
  ];
}
