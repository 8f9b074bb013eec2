import type {
  AgentFunction,
  LiveAlias,
  MetricQuery,
  QueriedMetric,
  RequestStore,
  RestApi,
  Schedule,
  WorkQueue,
} from "../modules";
import { expression, interpolate } from "../modules";
import { STAGE_NAME } from "./contract/fixed";
import { kpiQuery, nameMetric, type Kpi, type MetricReference, type SourceNames } from "./contract/settings";
import type { Deployment } from "./names";

/** What alarms and dashboard watch. */
export interface Watched {
  readonly frontDoor: AgentFunction;
  readonly worker: AgentFunction;
  readonly workerAlias: LiveAlias;
  readonly sweeper: AgentFunction;
  readonly restApi: RestApi;
  readonly queue: WorkQueue;
  readonly store: RequestStore;
  readonly apiHeartbeat: Schedule;
  readonly workerHeartbeat: Schedule;
}

/** The names in the metrics' dimensions. They are references, so that a renamed resource takes its alarms with it. */
export function metricSources({ names }: Deployment, watched: Watched): SourceNames {
  const { frontDoor, worker, workerAlias, sweeper, restApi, queue, store, apiHeartbeat, workerHeartbeat } = watched;
  return {
    frontDoorFunction: frontDoor.function.functionName,
    workerFunction: worker.function.functionName,
    sweeperFunction: sweeper.function.functionName,
    authorizerFunction: names.authorizerFunction,
    liveAlias: workerAlias.alias.name,
    restApi: restApi.api.name,
    stage: STAGE_NAME,
    workQueue: queue.queue.name,
    deadLetterQueue: queue.deadLetterQueue.name,
    requestsTable: store.requests.name,
    sessionsTable: store.sessions.name,
    apiHeartbeatRule: apiHeartbeat.rule.name,
    workerHeartbeatRule: workerHeartbeat.rule.name,
    deployment: names.deployment,
  };
}

/** A metric by the names of its resources. */
export function resolveMetric(
  reference: MetricReference,
  sources: SourceNames,
): Pick<QueriedMetric, "namespace" | "metricName" | "dimensions"> {
  const { namespace, metric, dimensions } = nameMetric(reference, sources);
  return { namespace, metricName: metric, dimensions };
}

/** How CloudWatch computes a KPI of this stack; undefined where only the gate can. */
export function resolveQuery(kpi: Kpi, { settings }: Deployment, sources: SourceNames): MetricQuery | undefined {
  // A setting of 0 or -1 switches off what is measured. Its alarm is muted, and the expression must still be valid.
  const query = kpiQuery(kpi, (setting) => interpolate(expression`max(${settings.expression(setting)}, 1)`));
  if (query === undefined) return undefined;
  return {
    metrics: query.metrics.map(({ id, reference, statistic }) => ({
      id,
      statistic,
      ...resolveMetric(reference, sources),
    })),
    ...(query.expression !== undefined && { expression: query.expression }),
  };
}
