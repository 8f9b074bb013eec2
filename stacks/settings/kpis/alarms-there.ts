import { kpiQuery } from "./alarm-query";
import { BURN_RATES } from "./burn-rates";
import type { Condition, Kpi } from "./kpi";

/** An alarm that there is, with what decides its price. */
export interface AlarmThere {
  /** Last part of its name. */
  readonly name: string;
  /** Metrics that it reads; 0 for one over other alarms. */
  readonly metrics: number;
  readonly composite: boolean;
}

/**
 * The alarms that a deployment has under some settings: what the stack's Terraform expressions come to, for who reckons
 * without Terraform. `settings`: values in effect by name, as the output `settings` has them.
 */
export function alarmsThere(kpis: readonly Kpi[], settings: Readonly<Record<string, unknown>>): AlarmThere[] {
  const set = settings["alarm_set"];
  const byName = (settings["alarms_enabled"] ?? {}) as Readonly<Record<string, boolean>>;
  const single = kpis.flatMap((kpi) =>
    kpi.alarms
      .filter(
        (alarm) =>
          (byName[alarm.name] ?? (alarm.set === "full" ? set === "full" : set !== "none")) && canBe(kpi.when, settings),
      )
      .map(
        ({ name }): AlarmThere => ({
          name,
          metrics: kpiQuery(kpi, () => "1")?.metrics.length ?? 0,
          composite: false,
        }),
      ),
  );
  const burning = BURN_RATES.filter(
    ({ name }) => byName[name] ?? (settings["alarm_burn_rates"] === true && set !== "none"),
  );
  return [...single, ...burning.flatMap(({ name }) => windowsOf(name))];
}

const windowsOf = (name: string): AlarmThere[] => [
  { name: `${name}-long`, metrics: 1, composite: false },
  { name: `${name}-short`, metrics: 1, composite: false },
  { name, metrics: 0, composite: true },
];

/**
 * Without a number there is no threshold, and without a function nothing to watch. What is only switched off leaves its
 * alarm there, muted.
 */
function canBe(when: Condition | undefined, settings: Readonly<Record<string, unknown>>): boolean {
  if (when !== undefined && "is" in when) return settings[when.of] === when.is;
  return when === undefined || !("isGiven" in when) || (settings[when.isGiven] ?? null) !== null;
}
