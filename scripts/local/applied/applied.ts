import {
  readApi,
  readApiKeys,
  readMethodSettings,
  readStage,
  type AppliedApi,
  type AppliedApiKey,
  type AppliedMethodSettings,
  type AppliedStage,
} from "./applied-api";
import {
  readAliases,
  readFunctions,
  readMappings,
  readPermissions,
  readQueues,
  type AppliedAlias,
  type AppliedFunction,
  type AppliedMapping,
  type AppliedPermission,
  type AppliedQueue,
} from "./applied-functions";
import { readSchedules, type AppliedSchedule } from "./applied-schedules";
import { State } from "./state";

/** What terraform applied, as far as it decides how the system behaves. */
export interface Applied {
  readonly api: AppliedApi;
  readonly stage: AppliedStage;
  readonly methodSettings: readonly AppliedMethodSettings[];
  readonly apiKeys: readonly AppliedApiKey[];
  readonly functions: readonly AppliedFunction[];
  readonly aliases: readonly AppliedAlias[];
  readonly permissions: readonly AppliedPermission[];
  readonly queues: readonly AppliedQueue[];
  readonly mappings: readonly AppliedMapping[];
  readonly schedules: readonly AppliedSchedule[];
}

/** Reads the parsed output of `terraform show -json`; what is not emulated is told to `warn`. */
export function readApplied(shown: unknown, warn: (message: string) => void): Applied {
  const state = State.parse(shown);
  const api = readApi(state);
  const stage = readStage(state);
  for (const mapping of state.all("aws_lambda_event_source_mapping")) {
    const { filter_criteria: filters } = mapping.values;
    if (Array.isArray(filters) && filters.length > 0)
      warn(`${mapping.address}: filter_criteria is not emulated; every message is given to the function.`);
  }
  return {
    api,
    stage,
    methodSettings: readMethodSettings(state),
    apiKeys: readApiKeys(state, api, stage),
    functions: readFunctions(state),
    aliases: readAliases(state),
    permissions: readPermissions(state),
    queues: readQueues(state),
    mappings: readMappings(state),
    schedules: readSchedules(state, warn),
  };
}
