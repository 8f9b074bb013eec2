import { Alarms, BurnRateAlarms, CostBudget, everyOne, type AlarmProps, type BurnRateAlarmProps } from "../modules";
import { declareCheck, type DeclaredSettings, given } from "./declare";
import { metricSources, namedQuery, type Watched } from "./dashboard";
import type { PlatformStack } from "./platform";
import {
  BURN_RATES,
  BURN_RATE_METRIC,
  burnThreshold,
  KPIS,
  nameMetric,
  reachable,
  type BurnRate,
  type Condition,
  type Kpi,
  type KpiAlarm,
  type SettingName,
  type SourceNames,
} from "./contract/settings";

/** What of the alarms others name. */
export interface CreatedAlarms {
  /** Terraform expressions: lists of those that are there and call a person. */
  readonly names: string;
  readonly arns: string;
  /** Terraform expression. */
  readonly topicArn: string;
}

/** Terraform templates. */
export interface Account {
  readonly accountId: string;
  readonly partition: string;
}

/** An alarm for each that the KPIs have, and for each speed at which the error budget must not go. */
export function createAlarms(stack: PlatformStack, watched: Watched, { accountId, partition }: Account): CreatedAlarms {
  const { settings, names } = watched;
  const sources = metricSources(watched);
  const alarms = new Alarms(stack, "alarm", {
    namePrefix: names.alarmPrefix,
    topicName: names.alarmTopic,
    existingTopicArn: settings.expression("alarm_topic_arn"),
    own: `!${given("alarm_topic_arn")}`,
    topicArns: settings.expression("alarm_topic_arns"),
    email: settings.expression("alarm_email"),
    emailGiven: given("alarm_email"),
    kmsKeyArn: settings.expression("kms_key_arn"),
    accountId,
    budgets: {
      when: `${settings.expression("monthly_budget_usd")} != null`,
      arns: `arn:${partition}:budgets::${accountId}:*`,
    },
    alarms: KPIS.flatMap((kpi) => kpi.alarms.map((alarm) => alarmProps(kpi, alarm, settings, sources))),
  });
  const burning = new BurnRateAlarms(stack, "burn_rate", {
    namePrefix: names.alarmPrefix,
    metric: budgetMetric(sources),
    rates: BURN_RATES.map((rate) => burnRateProps(rate, settings, alarms.topicOf(rate.severity))),
  });
  createBudget(stack, watched, alarms.topicOf("warning"));
  warn(stack, settings);
  const all = [...alarms.alarms, ...burning.alarms];
  return { names: everyOne(all, "alarm_name"), arns: everyOne(all, "arn"), topicArn: alarms.topicArn };
}

/** The bill is no metric of the deployment's own: AWS Budgets alone knows it. */
function createBudget(stack: PlatformStack, { settings, names }: Watched, topicArn: string): void {
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

function alarmProps(kpi: Kpi, alarm: KpiAlarm, settings: DeclaredSettings, sources: SourceNames): AlarmProps {
  const query = namedQuery(kpi, settings, sources);
  if (!query)
    throw new Error(
      `The KPI ${kpi.name} has the alarm ${alarm.name}, but is of kind ${kpi.measure.kind}, which CloudWatch cannot compute; take the alarm away`,
    );
  const { name, severity, periodSeconds, evaluationPeriods, datapointsToAlarm, missing } = alarm;
  const rings = kpi.better === "lower" ? "above" : "below";
  const threshold = alarm.thresholdSetting as SettingName;
  const sense = `"${kpi.title}" ${rings} \${${settings.expression(threshold)}}${UNITS[kpi.unit]} in ${datapointsToAlarm} of ${evaluationPeriods} periods of ${periodSeconds} s`;
  return {
    name,
    severity,
    query,
    rings,
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm,
    missing,
    label: `${kpi.title} (${kpi.unit})`,
    enabled: enabled(name, inSet(alarm, settings), settings, kpi.when),
    listens: kpi.when === undefined ? undefined : listens(kpi.when, settings),
    threshold: settings.number(threshold),
    description: describe(severity, kpi.meaning, sense, kpi.runbook) + sectionLink(settings, kpi.runbook),
  };
}

function burnRateProps(rate: BurnRate, settings: DeclaredSettings, topicArn: string): BurnRateAlarmProps {
  const budget = settings.expression("kpi_error_rate");
  const sense = `the mean of RequestFailed, over the last ${rate.longSeconds} s and over the last ${rate.shortSeconds} s, above ${rate.factor} times \${${budget}} %`;
  return {
    ...rate,
    topicArn,
    enabled: burning(rate, settings),
    threshold: burnThreshold(rate, budget),
    description: describe(
      rate.severity,
      "Requests fail so often that the error budget is used up early.",
      sense,
      "Error budget",
    ),
    link: sectionLink(settings, "Error budget"),
  };
}

/** Terraform expression: whether a burn rate is watched. */
const burning = ({ name }: BurnRate, settings: DeclaredSettings): string =>
  enabled(
    name,
    `${settings.expression("alarm_burn_rates")} && ${settings.expression("alarm_set")} != "none"`,
    settings,
  );

const describe = (severity: string, meaning: string, sense: string, runbook: string): string =>
  `${meaning} It rings with ${sense}. Severity: ${severity}. What to do: RUNBOOK.md, "${runbook}".`;

/**
 * Terraform template: the URL of a section, after a space, where the operator says where RUNBOOK.md is. GitHub and
 * GitLab make such an anchor of its heading.
 */
function sectionLink(settings: DeclaredSettings, heading: string): string {
  const url = settings.expression("runbook_url");
  return `\${${url} == null ? "" : " \${${url}}#${heading.toLowerCase().replaceAll(" ", "-")}"}`;
}

/** Terraform expression: whether `alarm_set` asks for it. */
function inSet({ set }: KpiAlarm, settings: DeclaredSettings): string {
  const chosen = settings.expression("alarm_set");
  return set === "full" ? `${chosen} == "full"` : `${chosen} != "none"`;
}

/**
 * Terraform expression: what an operator says of it by name, else the set; and never where its threshold would have no
 * meaning.
 */
function enabled(name: string, otherwise: string, settings: DeclaredSettings, when?: Condition): string {
  const wanted = `lookup(${settings.expression("alarms_enabled")}, "${name}", ${otherwise})`;
  if (when !== undefined && "is" in when)
    return `${wanted} && ${settings.expression(when.of as SettingName)} == "${when.is}"`;
  return when !== undefined && "isGiven" in when
    ? `${wanted} && ${settings.expression(when.isGiven as SettingName)} != null`
    : wanted;
}

/**
 * Terraform expression: whether what it watches is there. Where it is not, the alarm stays and is muted: an
 * optimization is taken away in place, and takes no alarm with it.
 */
function listens(when: Condition, settings: DeclaredSettings): string | undefined {
  const value = (name: string) => settings.expression(name as SettingName);
  if ("isTrue" in when) return value(when.isTrue);
  return "isPositive" in when ? `${value(when.isPositive)} > 0` : undefined;
}

function budgetMetric(sources: SourceNames) {
  const { namespace, metric, dimensions } = nameMetric(BURN_RATE_METRIC, sources);
  return { namespace, metricName: metric, dimensions };
}

function warn(stack: PlatformStack, settings: DeclaredSettings): void {
  const value = (name: SettingName) => settings.expression(name);
  declareCheck(
    stack,
    "alarms_reach_a_person",
    `${value("alarm_set")} == "none" || ${given("alarm_email")} || ${given("alarm_topic_arn")} || length(${value("alarm_topic_arns")}) == 3`,
    "The alarms call nobody: their topic has no subscription. Set alarm_email, alarm_topic_arn, or alarm_topic_arns for info, warning and critical.",
  );
  for (const rate of BURN_RATES) {
    declareCheck(
      stack,
      `${rate.name.replaceAll("-", "_")}_can_ring`,
      `!${burning(rate, settings)} || ${reachable(rate, value("kpi_error_rate"))}`,
      `kpi_error_rate is \${${value("kpi_error_rate")}} %: ${rate.name} asks for ${rate.factor} times that, which is all requests or more; it now rings at 99 %. Lower kpi_error_rate below \${floor(1000 / ${rate.factor}) / 10}, or turn it off by alarms_enabled.`,
    );
  }
}
