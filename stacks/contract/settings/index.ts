import { agentSettings } from "./agents";
import { alarmSettings } from "./alarms";
import { apiSettings, firewallSettings, networkSettings } from "./api";
import { computeSettings } from "./compute";
import { deploymentSettings } from "./deployment";
import { targetSettings, thresholdSettings } from "./limits";
import { releaseSettings } from "./release";

export { conditionSetting, conditionText, isMet, type Condition, type SettingCondition } from "../condition";
export * from "../kpis";
export { MADE_ELSEWHERE } from "./deployment";
export { PIPELINE_ACCESS_SETTINGS, STATE_SETTINGS } from "./platform";
export type { CanaryRecord, Provenance, Release, RollbackRecord, ReleaseEvent, Versions } from "./release";
export {
  PROFILES,
  defaultValue,
  followsProfile,
  isRequired,
  terraformValidations,
  type NumberSetting,
  type Profile,
  type Setting,
  type StringSetting,
} from "./setting";

/**
 * Everything that an operator may change, in the order of the table in docs/settings.md. From this table come the
 * Terraform variables with their validation, the profiles, the documentation and the rollback.
 */
export const SETTINGS = [
  ...deploymentSettings,
  ...agentSettings,
  ...computeSettings,
  ...releaseSettings,
  ...apiSettings,
  ...networkSettings,
  ...firewallSettings,
  ...targetSettings,
  ...alarmSettings,
  ...thresholdSettings,
] as const;

/** Settings that the commands write and no person gives. */
export const KEPT_BY_COMMANDS: readonly string[] = ["release", "provenance"];

/** The name of a setting, which is the name of its Terraform variable. */
export type SettingName = (typeof SETTINGS)[number]["name"];
