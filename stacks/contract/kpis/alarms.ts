import { isMet, type Condition } from "../condition";
import { BURN_RATES, type BurnRate } from "./burn-rates";
import type { Kpi, KpiAlarm } from "./kpi";
import { kpiQuery } from "./query";

/**
 * Whether an alarm exists: as the operator says by its name, else as `alarm_set` says. Without a number there is no
 * threshold and without a function nothing to watch, so the alarm is then absent.
 */
export function alarmExists({ when }: Kpi, { name, set }: KpiAlarm): Condition {
  const inSet: Condition =
    set === "full" ? { setting: "alarm_set", is: "full" } : { setting: "alarm_set", isNot: "none" };
  const isWanted: Condition = { entry: name, map: "alarms_enabled", otherwise: inSet };
  return { all: when !== undefined && ("isGiven" in when || "is" in when) ? [isWanted, when] : [isWanted] };
}

/** Whether the three alarms of a burn rate exist. */
export function burnRateExists({ name }: BurnRate): Condition {
  const inSet: Condition = { all: [{ isTrue: "alarm_burn_rates" }, { setting: "alarm_set", isNot: "none" }] };
  return { entry: name, map: "alarms_enabled", otherwise: inSet };
}

/**
 * Whether an alarm that exists calls anybody; undefined: always. An optimization is switched off in place, so its alarm
 * stays and is muted.
 */
export function alarmListens({ when }: Kpi): Condition | undefined {
  return when !== undefined && ("isTrue" in when || "isPositive" in when) ? when : undefined;
}

/** An alarm of a deployment, with what decides its price. */
export interface ExistingAlarm {
  /** Last part of its name. */
  readonly name: string;
  /** Metrics that it reads; 0 for one over other alarms. */
  readonly metrics: number;
  readonly composite: boolean;
}

/**
 * The alarms that a deployment has.
 * @param settings values in effect by name, as the output `settings` has them
 */
export function existingAlarms(kpis: readonly Kpi[], settings: Readonly<Record<string, unknown>>): ExistingAlarm[] {
  const single = kpis.flatMap((kpi) =>
    kpi.alarms
      .filter((alarm) => isMet(alarmExists(kpi, alarm), settings))
      .map(({ name }) => ({ name, metrics: kpiQuery(kpi, () => "1")?.metrics.length ?? 0, composite: false })),
  );
  const burnRates = BURN_RATES.filter((rate) => isMet(burnRateExists(rate), settings));
  return [
    ...single,
    ...burnRates.flatMap(({ name }) => [
      { name: `${name}-long`, metrics: 1, composite: false },
      { name: `${name}-short`, metrics: 1, composite: false },
      { name, metrics: 0, composite: true },
    ]),
  ];
}
