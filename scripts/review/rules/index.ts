import type { Rule } from "../rule";
import { ACCESS_RULES } from "./access";
import { ALARM_RULES } from "./alarms";
import { API_METHOD_RULES } from "./api-methods";
import { API_STAGE_RULES } from "./api-stage";
import { DISTRIBUTION_RULES } from "./distributions";
import { FUNCTION_RULES } from "./functions";
import { QUEUE_RULES } from "./queues";
import { STORAGE_RULES } from "./storage";

/** Every rule of the audit, in order of their ids. */
export const RULES: readonly Rule[] = [
  ...ACCESS_RULES,
  ...ALARM_RULES,
  ...API_METHOD_RULES,
  ...API_STAGE_RULES,
  ...DISTRIBUTION_RULES,
  ...FUNCTION_RULES,
  ...QUEUE_RULES,
  ...STORAGE_RULES,
].sort((a, b) => (a.id < b.id ? -1 : 1));
