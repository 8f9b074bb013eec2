import type { Rule } from "../rule";
import { ALARM_RULES } from "./alarms";
import { API_CACHE_RULES } from "./api-cache";
import { API_METHOD_RULES } from "./api-methods";
import { API_STAGE_RULES } from "./api-stage";
import { DELIVERY_RULES } from "./delivery";
import { DISTRIBUTION_RULES } from "./distributions";
import { FUNCTION_RULES } from "./functions";
import { KEY_RULES } from "./keys";
import { QUEUE_RULES } from "./queues";
import { ROLE_RULES } from "./roles";
import { STORAGE_RULES } from "./storage";

/** Every rule of the audit, by its id. */
export const RULES: readonly Rule[] = [
  ...ALARM_RULES,
  ...API_CACHE_RULES,
  ...API_METHOD_RULES,
  ...API_STAGE_RULES,
  ...DELIVERY_RULES,
  ...DISTRIBUTION_RULES,
  ...FUNCTION_RULES,
  ...KEY_RULES,
  ...QUEUE_RULES,
  ...ROLE_RULES,
  ...STORAGE_RULES,
].sort((a, b) => (a.id < b.id ? -1 : 1));
