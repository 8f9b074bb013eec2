import type { SettingName } from "./settings";

/** A condition on one setting's value in effect. */
export type SettingCondition =
  | { readonly isTrue: SettingName }
  /** The value is a number above 0. */
  | { readonly isPositive: SettingName }
  /** The value is not null. */
  | { readonly isGiven: SettingName }
  | { readonly setting: SettingName; readonly is: string }
  | { readonly setting: SettingName; readonly isNot: string };

/**
 * A condition that Terraform evaluates at apply and a command evaluates on known values. It is written once, and
 * {@link conditionText} and {@link isMet} are its two readings.
 */
export type Condition =
  | SettingCondition
  | { readonly all: readonly Condition[] }
  /** The entry of a setting that maps names to booleans; `otherwise` decides where the map lacks the entry. */
  | { readonly entry: string; readonly map: SettingName; readonly otherwise: Condition };

/**
 * The condition as text of a Terraform expression.
 * @param valueOf gives the Terraform expression of a setting's value in effect
 */
export function conditionText(condition: Condition, valueOf: (setting: SettingName) => string): string {
  if ("isTrue" in condition) return valueOf(condition.isTrue);
  if ("isPositive" in condition) return `${valueOf(condition.isPositive)} > 0`;
  if ("isGiven" in condition) return `${valueOf(condition.isGiven)} != null`;
  if ("is" in condition) return `${valueOf(condition.setting)} == "${condition.is}"`;
  if ("isNot" in condition) return `${valueOf(condition.setting)} != "${condition.isNot}"`;
  if ("all" in condition) return condition.all.map((each) => conditionText(each, valueOf)).join(" && ");
  const otherwise = conditionText(condition.otherwise, valueOf);
  return `lookup(${valueOf(condition.map)}, "${condition.entry}", ${otherwise})`;
}

/**
 * Whether the condition is met.
 * @param settings values in effect by setting, as the output `settings` has them; a missing value counts as null
 */
export function isMet(condition: Condition, settings: Readonly<Record<string, unknown>>): boolean {
  if ("isTrue" in condition) return settings[condition.isTrue] === true;
  if ("isPositive" in condition) {
    const value = settings[condition.isPositive];
    return typeof value === "number" && value > 0;
  }
  if ("isGiven" in condition) return (settings[condition.isGiven] ?? null) !== null;
  if ("is" in condition) return settings[condition.setting] === condition.is;
  if ("isNot" in condition) return settings[condition.setting] !== condition.isNot;
  if ("all" in condition) return condition.all.every((each) => isMet(each, settings));
  const entries = (settings[condition.map] ?? {}) as Readonly<Record<string, boolean>>;
  return entries[condition.entry] ?? isMet(condition.otherwise, settings);
}

/** The setting that a condition on one setting is about. */
export function conditionSetting(condition: SettingCondition): SettingName {
  if ("isTrue" in condition) return condition.isTrue;
  if ("isPositive" in condition) return condition.isPositive;
  return "isGiven" in condition ? condition.isGiven : condition.setting;
}
