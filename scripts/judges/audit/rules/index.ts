import type { Rule } from "../rule";
import * as alarms from "./alarms";
import * as apiCache from "./api-cache";
import * as apiMethods from "./api-methods";
import * as apiStage from "./api-stage";
import * as buckets from "./buckets";
import * as customerKeys from "./customer-keys";
import * as delivery from "./delivery";
import * as distributions from "./distributions";
import * as firewalls from "./firewalls";
import * as functions from "./functions";
import * as keys from "./keys";
import * as logs from "./logs";
import * as networks from "./networks";
import * as policies from "./policies";
import * as queues from "./queues";
import * as roles from "./roles";
import * as tables from "./tables";

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
