import { agentSettings } from "./agents";
import { alarmSettings } from "./alarms";
import { apiSettings, firewallSettings, networkSettings } from "./api";
import { computeSettings } from "./compute";
import { deploymentSettings } from "./deployment";
import { encryptionSettings } from "./encryption";
import { releaseSettings } from "./release";
import { targetSettings } from "./targets";
import { thresholdSettings } from "./thresholds";

export { MADE_ELSEWHERE } from "./deployment";
export * from "../kpis";
export type { CanaryRecord, Provenance, Release, RollbackRecord, ReleaseEvent, Versions } from "./release";
export { PROFILES, defaultValue, followsProfile, isRequired } from "./setting";
export type {
  BoolSetting,
  Effect,
  NumberSetting,
  Profile,
  Rule,
  Setting,
  StringSetting,
  StructuredSetting,
} from "./setting";
export { PIPELINE_ACCESS_SETTINGS } from "./pipeline-access";
export { STATE_SETTINGS } from "./state";
export { terraformValidations, type Validation } from "./setting";

/**
 * Everything that an operator may change, in the order of the table in docs/settings.md. From this table come the
 * Terraform variables with their validation, the profiles, the documentation and the rollback.
 */
export const SETTINGS = [
  ...deploymentSettings,
  ...encryptionSettings,
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
