import {
  Alarms,
  BurnRateAlarms,
  CostBudget,
  expression,
  interpolate,
  listAttribute,
  type AlarmProps,
  type BurnRateAlarmProps,
  type Expression,
  type AgentFunction,
  type LiveAlias,
  type MetricQuery,
  type RequestStore,
  type RestApi,
  type Schedule,
  type WorkQueue,
} from "../modules";
import { STAGE_NAME } from "./contract/fixed";
import {
  BURN_RATES,
  BURN_RATE_METRIC,
  KPIS,
  alarmExists,
  alarmListens,
  burnRateExists,
  burnThreshold,
  conditionText,
  isReachable,
  type BurnRate,
  type Condition,
  type Kpi,
  type KpiAlarm,
  type SourceNames,
  kpiQuery,
  nameMetric,
} from "./contract/settings";
import { declareCheck, isGiven, type DeclaredSettings } from "./declare";
import type { Deployment } from "./names";

/** Lists of the alarms that exist and call a person, and their topic. */
export interface CreatedAlarms {
  readonly names: Expression;
  readonly arns: Expression;
  readonly topicArn: Expression;
}

/** Creates an alarm for each that the KPIs declare, the alarms on the error budget, and the budget of costs. */
export function createAlarms(deployment: Deployment, sources: SourceNames): CreatedAlarms {
  const { stack, settings, names, accountId, partition } = deployment;
  const alarms = new Alarms(stack, "alarm", {
    namePrefix: names.alarmPrefix,
    topicName: names.alarmTopic,
    existingTopicArn: settings.expression("alarm_topic_arn"),
    own: expression`!${isGiven("alarm_topic_arn")}`,
    topicArns: settings.expression("alarm_topic_arns"),
    email: settings.expression("alarm_email"),
    emailGiven: isGiven("alarm_email"),
    kmsKeyArn: settings.expression("kms_key_arn"),
    accountId,
    budgets: {
      enabled: expression`${settings.expression("monthly_budget_usd")} != null`,
      arns: `arn:${partition}:budgets::${accountId}:*`,
    },
    alarms: KPIS.flatMap((kpi) => kpi.alarms.map((alarm) => alarmProps(deployment, sources, { kpi, alarm }))),
  });
  const burnRates = new BurnRateAlarms(stack, "burn_rate", {
    namePrefix: names.alarmPrefix,
    metric: nameMetric(BURN_RATE_METRIC, sources),
    rates: BURN_RATES.map((rate) => burnRateProps(rate, settings, alarms.topicArnFor(rate.severity))),
  });
  createBudget(deployment, alarms.topicArnFor("warning"));
  warnAboutAlarms(deployment);
  const all = [...alarms.alarms, ...burnRates.alarms];
  return { names: listAttribute(all, "alarm_name"), arns: listAttribute(all, "arn"), topicArn: alarms.topicArn };
}

/** The bill is no metric of the deployment: only AWS Budgets knows it. */
function createBudget({ stack, settings, names }: Deployment, topicArn: Expression): void {
  new CostBudget(stack, "budget", {
    budgetName: names.budget,
    monthlyUsd: settings.expression("monthly_budget_usd"),
    tagKey: "quickturn:name",
    tagValue: settings.expression("name"),
    topicArn,
    email: settings.expression("alarm_email"),
  });
}

const UNITS: Readonly<Record<Kpi["unit"], string>> = { ms: " ms", s: " s", percent: " %", USD: " USD", count: "" };

function alarmProps(
  deployment: Deployment,
  sources: SourceNames,
  { kpi, alarm }: { readonly kpi: Kpi; readonly alarm: KpiAlarm },
): AlarmProps {
  const { settings } = deployment;
  const query = resolveQuery(kpi, deployment, sources);
  if (!query)
    throw new Error(
      `The KPI ${kpi.name} has the alarm ${alarm.name}, but is of kind ${kpi.measure.kind}, ` +
        "which CloudWatch cannot compute; take the alarm away",
    );
  const { name, severity, periodSeconds, evaluationPeriods, datapointsToAlarm, missing, thresholdSetting } = alarm;
  const rings = kpi.better === "lower" ? "above" : "below";
  const listens = alarmListens(kpi);
  const rule =
    `"${kpi.title}" ${rings} ${settings.string(thresholdSetting)}${UNITS[kpi.unit]} in ${datapointsToAlarm} of ` +
    `${evaluationPeriods} periods of ${periodSeconds} s`;
  return {
    name,
    severity,
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm,
    missing,
    query,
    rings,
    label: `${kpi.title} (${kpi.unit})`,
    enabled: resolveCondition(alarmExists(kpi, alarm), settings),
    listens: listens && resolveCondition(listens, settings),
    threshold: settings.number(thresholdSetting),
    description:
      describeAlarm({ meaning: kpi.meaning, rule, severity, runbook: kpi.runbook }) +
      sectionLink(settings, kpi.runbook),
  };
}

function burnRateProps(rate: BurnRate, settings: DeclaredSettings, topicArn: Expression): BurnRateAlarmProps {
  const runbook = "Error budget";
  const rule =
    `the mean of RequestFailed, over the last ${rate.longSeconds} s and over the last ${rate.shortSeconds} s, ` +
    `above ${rate.factor} times ${settings.string("kpi_error_rate")} %`;
  const meaning = "Requests fail so often that the error budget is used up early.";
  return {
    ...rate,
    topicArn,
    enabled: resolveCondition(burnRateExists(rate), settings),
    threshold: expression`${burnThreshold(rate, settings.expression("kpi_error_rate"))}`,
    description: describeAlarm({ meaning, rule, severity: rate.severity, runbook }),
    link: sectionLink(settings, runbook),
  };
}

/** A condition of the contract, on the settings in effect. */
const resolveCondition = (condition: Condition, settings: DeclaredSettings): Expression =>
  expression`${conditionText(condition, (setting) => settings.expression(setting))}`;

/** What the called person needs to know. @param runbook heading in RUNBOOK.md */
const describeAlarm = ({
  meaning,
  rule,
  severity,
  runbook,
}: Record<"meaning" | "rule" | "severity" | "runbook", string>) =>
  `${meaning} It rings with ${rule}. Severity: ${severity}. What to do: RUNBOOK.md, "${runbook}".`;

/**
 * Terraform template: after a space the URL of a section of RUNBOOK.md, where the operator says where that is. GitHub
 * and GitLab make such an anchor of the heading.
 */
function sectionLink(settings: DeclaredSettings, heading: string): string {
  const url = settings.expression("runbook_url");
  const anchor = heading.toLowerCase().replaceAll(" ", "-");
  return interpolate(expression`${url} == null ? "" : " ${interpolate(url)}#${anchor}"`);
}

function warnAboutAlarms({ stack, settings }: Deployment): void {
  const conditions = [
    expression`${settings.expression("alarm_set")} == "none"`,
    isGiven("alarm_email"),
    isGiven("alarm_topic_arn"),
    expression`length(${settings.expression("alarm_topic_arns")}) == 3`,
  ];
  declareCheck(stack, "alarms_reach_a_person", {
    condition: expression`${conditions.join(" || ")}`,
    warning:
      "The alarms call nobody: their topic has no subscription. " +
      "Set alarm_email, alarm_topic_arn, or alarm_topic_arns for info, warning and critical.",
  });
  const errorRate = settings.expression("kpi_error_rate");
  for (const rate of BURN_RATES) {
    const exists = resolveCondition(burnRateExists(rate), settings);
    declareCheck(stack, `${rate.name.replaceAll("-", "_")}_can_ring`, {
      condition: expression`!${exists} || ${isReachable(rate, errorRate)}`,
      warning:
        `kpi_error_rate is ${interpolate(errorRate)} %: ${rate.name} asks for ${rate.factor} times that, ` +
        "which is all requests or more; it now rings at 99 %. Lower kpi_error_rate below " +
        `\${floor(1000 / ${rate.factor}) / 10}, or turn it off by alarms_enabled.`,
    });
  }
}

/** What alarms and dashboard watch. */
interface Watched {
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

/** The names in the metrics' dimensions. They are references, so that a renamed resource takes its alarms with it. */
export function metricSources({ names }: Deployment, watched: Watched): SourceNames {
  const { frontDoor, worker, workerAlias, sweeper, restApi, queue, store, apiHeartbeat, workerHeartbeat } = watched;
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
export function resolveQuery(kpi: Kpi, { settings }: Deployment, sources: SourceNames): MetricQuery | undefined {
  // A setting of 0 or -1 switches off what is measured. Its alarm is muted, and the expression must still be valid.
  const query = kpiQuery(kpi, (setting) => interpolate(expression`max(${settings.expression(setting)}, 1)`));
  if (query === undefined) return undefined;
  return {
    metrics: query.metrics.map(({ id, reference, statistic }) => ({
      id,
      statistic,
      ...nameMetric(reference, sources),
    })),
    ...(query.expression !== undefined && { expression: query.expression }),
  };
}
