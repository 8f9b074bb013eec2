import type { AgentFunction, LiveAlias, MetricQuery, RequestStore, RestApi, Schedule, WorkQueue } from "../modules";
import type { DeclaredSettings } from "./declare";
import { STAGE_NAME, type PhysicalNames } from "./names";
import { kpiQuery, nameMetric, type Kpi, type KpiQuery, type SettingName, type SourceNames } from "./settings";

/** What is watched, and under which names and settings. */
export interface Watched {
  readonly settings: DeclaredSettings;
  readonly names: PhysicalNames;
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

/** The names that metrics are found by: references, so that a renamed resource takes its alarms with it. */
export function metricSources(watched: Watched): SourceNames {
  const { names, frontDoor, worker, workerAlias, sweeper, restApi, queue, store, apiHeartbeat, workerHeartbeat } =
    watched;
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

/** How CloudWatch computes a KPI of this stack; undefined where only the gate can. */
export function namedQuery(kpi: Kpi, settings: DeclaredSettings, sources: SourceNames): MetricQuery | undefined {
  // A setting of 0 or -1 switches off what is measured: its alarm is muted, and its expression must still be one.
  const query = kpiQuery(kpi, (setting) => `\${max(${settings.expression(setting as SettingName)}, 1)}`);
  return query && withNames(query, sources);
}

function withNames({ metrics, expression }: KpiQuery, sources: SourceNames): MetricQuery {
  return {
    metrics: metrics.map(({ id, reference, statistic }) => {
      const { namespace, metric, dimensions } = nameMetric(reference, sources);
      return { id, namespace, metricName: metric, dimensions, statistic };
    }),
    ...(expression !== undefined && { expression }),
  };
}
