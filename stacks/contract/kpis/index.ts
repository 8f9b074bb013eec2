import { authorizerKpis } from "./front-door";
import { BURN_RATES } from "./burn-rates";
import { functionKpis } from "./functions";
import type { Kpi } from "./kpi";
import { requestKpis } from "./requests";
import { serviceKpis } from "./services";

export {
  samplesForPercentile,
  type Condition,
  type Kpi,
  type KpiAlarm,
  type Measure,
  type Panel,
  type Severity,
} from "./kpi";
export { nameMetric, type MetricReference, type NamedMetric, type Source, type SourceNames } from "./metric";
export { kpiQuery, type KpiQuery, type QueriedMetric, type Statistic } from "./alarm-query";
export { alarmsThere, type AlarmThere } from "./alarm-query";
export { FRONT_DOOR_KPIS } from "./front-door";
export { BURN_RATES, BURN_RATE_METRIC, burnThreshold, reachable, type BurnRate } from "./burn-rates";

/**
 * Everything that says how well a deployment does, in the order of the dashboard. Alarms, dashboard and gate come from
 * this list, so that they cannot disagree.
 */
export const KPIS: readonly Kpi[] = [...requestKpis, ...functionKpis, ...authorizerKpis, ...serviceKpis];

/** Last part of every alarm's name that tells a person, in the order of the list: what `alarms_enabled` may name. */
export const ALARM_NAMES: readonly string[] = [
  ...KPIS.flatMap(({ alarms }) => alarms.map(({ name }) => name)),
  ...BURN_RATES.map(({ name }) => name),
];
