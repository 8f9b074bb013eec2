import type { AgentFunction, LiveAlias, RequestStore, WorkQueue } from "../modules";
import type { createHttpApi } from "./http-api";
import type { PhysicalNames } from "./names";
import type { CreatedAlarms } from "./alarms";
import type { createDashboard } from "./dashboard";

interface Versioned {
  readonly function: AgentFunction;
  readonly alias: LiveAlias;
}

/** Values of the outputs, by who knows them; `outputs.ts` says what each means. */
export const functionOutputs = (frontDoor: Versioned, worker: Versioned, sweeper: AgentFunction) => ({
  api_function_name: frontDoor.function.function.functionName,
  worker_function_name: worker.function.function.functionName,
  sweeper_function_name: sweeper.function.functionName,
  api_live_version: frontDoor.alias.alias.functionVersion,
  live_version: worker.alias.alias.functionVersion,
  api_newest_version: frontDoor.function.function.version,
  newest_version: worker.function.function.version,
});

export const httpOutputs = ({ endpoint, restApi, stage, access }: ReturnType<typeof createHttpApi>) => ({
  api_endpoint: endpoint,
  rest_api_id: restApi.api.id,
  rest_api_name: restApi.api.name,
  stage_name: stage.stage.stageName,
  api_key_ids: `\${${access.keyIds}}`,
});

export const storeOutputs = (store: RequestStore, queue: WorkQueue) => ({
  requests_table_name: store.requests.name,
  sessions_table_name: store.sessions.name,
  results_bucket_name: store.results.bucket,
  work_queue_url: queue.queue.url,
  dead_letter_queue_url: queue.deadLetterQueue.url,
});

export const watchOutputs = (
  alarms: CreatedAlarms,
  dashboard: ReturnType<typeof createDashboard>,
  names: PhysicalNames,
) => ({
  deployment_name: names.deployment,
  alarm_names: `\${${alarms.names}}`,
  alarm_topic_arn: `\${${alarms.topicArn}}`,
  dashboard_name: dashboard.dashboard.dashboardName,
});
