import { BURN_RATES } from "./alarms";
import { AUTHORIZER_KPIS } from "./front-door";
import { FUNCTION_KPIS } from "./functions";
import type { Kpi } from "./kpi";
import { REQUEST_KPIS } from "./requests";
import { SERVICE_KPIS } from "./services";

export {
  alarmExists,
  alarmListens,
  BURN_RATES,
  BURN_RATE_METRIC,
  burnRateExists,
  burnThreshold,
  existingAlarms,
  isReachable,
  type BurnRate,
} from "./alarms";
export { FRONT_DOOR_KPIS } from "./front-door";
export {
  nameMetric,
  samplesForPercentile,
  type Kpi,
  type KpiAlarm,
  type Measure,
  type MetricReference,
  type Periods,
  type Source,
  type SourceNames,
} from "./kpi";
export { kpiQuery } from "./query";

/**
 * Everything that says how well a deployment does, in the order of the dashboard. Alarms, dashboard and gate come from
 * this list, so that they cannot disagree.
 */
export const KPIS: readonly Kpi[] = [...REQUEST_KPIS, ...FUNCTION_KPIS, ...AUTHORIZER_KPIS, ...SERVICE_KPIS];

/** Last part of the name of every alarm that calls a person, in the order of the list: what `alarms_enabled` takes. */
export const ALARM_NAMES: readonly string[] = [
  ...KPIS.flatMap(({ alarms }) => alarms.map(({ name }) => name)),
  ...BURN_RATES.map(({ name }) => name),
];
