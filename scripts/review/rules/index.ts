import type { Rule } from "../rule";
import * as alarms from "./alarms";
import * as logs from "./alarms";
import * as apiCache from "./api-cache";
import * as apiMethods from "./api-methods";
import * as networks from "./api-methods";
import * as apiStage from "./api-stage";
import * as firewalls from "./api-stage";
import * as buckets from "./storage";
import * as tables from "./storage";
import * as customerKeys from "./keys";
import * as keys from "./keys";
import * as delivery from "./delivery";
import * as distributions from "./distributions";
import * as functions from "./functions";
import * as policies from "./roles";
import * as roles from "./roles";
import * as queues from "./queues";

const FAMILIES: readonly Readonly<Record<string, Rule | readonly Rule[]>>[] = [
  alarms,
  apiCache,
  apiMethods,
  apiStage,
  buckets,
  customerKeys,
  delivery,
  distributions,
  firewalls,
  functions,
  keys,
  logs,
  networks,
  policies,
  queues,
  roles,
  tables,
];

/** Every rule of the audit, by its id. A further one is an export of a family's file. */
export const RULES: readonly Rule[] = FAMILIES.flatMap((family) => Object.values(family).flat() as Rule[]).sort(
  (a, b) => (a.id < b.id ? -1 : 1),
);
