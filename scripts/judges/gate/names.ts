import type { SourceNames } from "../../../stacks/settings";

/**
 * Name of the alias that traffic goes to: LIVE_ALIAS of stacks/names.ts, which scripts do not import; a test holds the
 * two together.
 */
const LIVE_ALIAS = "live";

/**
 * The names in metrics' dimensions, from the stack's outputs. What has no output is derived from the deployment's name
 * as stacks/names.ts makes it. Throws with every output that is missing.
 */
export function sourceNames(outputs: Readonly<Record<string, unknown>>): SourceNames {
  const missing: string[] = [];
  const read = (name: string): string => {
    const value = outputs[name];
    if (typeof value === "string" && value !== "") return value;
    missing.push(name);
    return "";
  };
  const deployment = read("deployment_name");
  const names: SourceNames = {
    frontDoorFunction: read("api_function_name"),
    workerFunction: read("worker_function_name"),
    sweeperFunction: read("sweeper_function_name"),
    authorizerFunction: `${deployment}-authorizer`,
    liveAlias: LIVE_ALIAS,
    restApi: read("rest_api_name"),
    stage: read("stage_name"),
    workQueue: lastSegment(read("work_queue_url")),
    deadLetterQueue: lastSegment(read("dead_letter_queue_url")),
    requestsTable: read("requests_table_name"),
    sessionsTable: read("sessions_table_name"),
    apiHeartbeatRule: `${deployment}-api-heartbeat`,
    workerHeartbeatRule: `${deployment}-worker-heartbeat`,
    deployment,
  };
  if (missing.length > 0)
    throw new Error(
      `The stack's outputs lack ${missing.join(", ")}; metrics are found by them. Apply this release first: quickturn apply.`,
    );
  return names;
}

/** https://sqs.<region>.amazonaws.com/<account>/<name> */
const lastSegment = (url: string): string => url.slice(url.lastIndexOf("/") + 1);
