import { AgentFunction, Schedule, type LiveAlias, type RequestStore, type WorkQueue } from "../modules";
import type { DeclaredSettings } from "./declare";
import { HEARTBEAT_EVENT, SWEEP_EVENT, type SweeperEnvironment } from "../handlers/environment";
import type { PhysicalNames } from "./names";
import type { PlatformStack } from "./platform";

/** What every function of the stack is told alike. */
export function functionSettings(
  settings: DeclaredSettings,
): Pick<
  ConstructorParameters<typeof AgentFunction>[2],
  "image" | "kmsKeyArn" | "logRetentionInDays" | "permissionsBoundaryArn"
> {
  return {
    // Without package_type image there is no image_uri: package_type's own rule sees to that.
    image: { when: `${settings.expression("package_type")} == "image"`, uri: settings.expression("image_uri") },
    kmsKeyArn: settings.expression("kms_key_arn"),
    logRetentionInDays: settings.number("log_retention_in_days"),
    permissionsBoundaryArn: settings.expression("permissions_boundary_arn"),
  };
}

/**
 * Below the NAT gateway's 350 s, after which it drops an idle connection without a word (VPC user guide, "NAT
 * gateways").
 */
const HEARTBEAT_MINUTES = 5;

/** EventBridge's shortest: nobody waits longer than that for a request that was lost. */
const SWEEP_MINUTES = 1;

/** Seconds. One sweep reads and moves on some hundreds of requests; what is left is for the next. */
const SWEEPER_TIMEOUT_SECONDS = 50;

/** MiB. It waits for DynamoDB and SQS, and computes nothing. */
const SWEEPER_MEMORY_SIZE = 256;

interface Kept {
  readonly settings: DeclaredSettings;
  readonly names: PhysicalNames;
}

/** Gives every accepted request an end: finds the ones that nobody works on, and takes those that failed for good. */
export function createSweeper(
  stack: PlatformStack,
  { settings, names }: Kept,
  store: RequestStore,
  queue: WorkQueue,
): AgentFunction {
  const environment: Record<keyof SweeperEnvironment, string> = {
    DEAD_LETTER_QUEUE_ARN: queue.deadLetterQueue.arn,
    DEPLOYMENT: names.deployment,
    REQUESTS_TABLE: store.requests.name,
    WORK_QUEUE_URL: queue.queue.url,
  };
  const sweeper = new AgentFunction(stack, "sweeper", {
    functionName: names.sweeperFunction,
    description: "Ends or sends again the requests that nobody works on.",
    archive: "assets/sweeper.zip",
    environment,
    memorySize: SWEEPER_MEMORY_SIZE,
    timeoutSeconds: SWEEPER_TIMEOUT_SECONDS,
    ...functionSettings(settings),
  });
  sweeper.grant(...store.sweeperAccess(), ...queue.sweeperAccess());
  queue.deliverFailuresTo(sweeper.function);
  new Schedule(stack, "sweep", {
    ruleName: names.sweep,
    description: "Has the sweeper look for requests that nobody works on.",
    everyMinutes: SWEEP_MINUTES,
    input: SWEEP_EVENT,
    function: sweeper.function,
  });
  return sweeper;
}

/** Touches the warm environments of the functions that callers wait for. */
export function createHeartbeats(
  stack: PlatformStack,
  { settings, names }: Kept,
  frontDoor: LiveFunction,
  worker: LiveFunction,
): { readonly apiHeartbeat: Schedule; readonly workerHeartbeat: Schedule } {
  const beat = (id: string, ruleName: string, { function: target, alias }: LiveFunction) =>
    new Schedule(stack, id, {
      ruleName,
      description: "Touches warm environments, so that none is older than its connections.",
      everyMinutes: HEARTBEAT_MINUTES,
      input: HEARTBEAT_EVENT,
      function: target.function,
      alias: alias.alias,
      enabled: settings.expression("heartbeat_enabled"),
      times: settings.expression("heartbeat_environments"),
    });
  return {
    apiHeartbeat: beat("api_heartbeat", names.apiHeartbeat, frontDoor),
    workerHeartbeat: beat("worker_heartbeat", names.workerHeartbeat, worker),
  };
}

/** A function with the alias that traffic goes to. */
export interface LiveFunction {
  readonly function: AgentFunction;
  readonly alias: LiveAlias;
}
