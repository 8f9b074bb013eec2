import {
  AgentFunction,
  LiveAlias,
  Schedule,
  address,
  expression,
  interpolate,
  type AgentFunctionProps,
  type RequestStore,
  type WorkQueue,
} from "../modules";
import {
  HEARTBEAT_EVENT,
  SWEEP_EVENT,
  type ApiEnvironment,
  type AuthorizerEnvironment,
  type SweeperEnvironment,
  type WorkerEnvironment,
} from "../handlers/environment";
import { allowAgents, declareAgents } from "./agents-in-effect";
import {
  ARCHITECTURE,
  AUTHORIZER_MEMORY_MIB,
  HEARTBEAT_MINUTES,
  LIVE_ALIAS,
  SWEEPER_MEMORY_MIB,
  SWEEP_MINUTES,
} from "./contract/fixed";
import type { SettingName } from "./contract/settings";
import type { Deployment } from "./names";

/** The front door waits for DynamoDB and SQS, never for an agent. */
const API_TIMEOUT_SECONDS = 10;

/** One sweep reads and moves on some hundreds of requests; the next sweep takes the rest. */
const SWEEPER_TIMEOUT_SECONDS = 50;

/** Without cached keys the authorizer asks the issuer twice, at most 2 s each. */
const AUTHORIZER_TIMEOUT_SECONDS = 10;

/** A function with the alias that traffic goes to. */
export interface LiveFunction {
  readonly function: AgentFunction;
  readonly alias: LiveAlias;
}

/** The function that runs the agents of one request. */
export function createWorker(deployment: Deployment, store: RequestStore, queue: WorkQueue): LiveFunction {
  const { stack, settings, names } = deployment;
  const { agents, arbiter } = declareAgents(stack);
  const environment: Record<keyof WorkerEnvironment, string> = {
    AGENT_POLICY: settings.string("agent_policy"),
    AGENT_QUORUM: settings.string("agent_quorum"),
    AGENTS: interpolate(agents),
    ARBITER: interpolate(arbiter),
    DEPLOYMENT: names.deployment,
    MAX_PARALLEL_AGENTS: settings.string("max_parallel_agents"),
    QUERY_CACHE_TTL_SECONDS: settings.string("query_cache_ttl_in_seconds"),
    REQUESTS_TABLE: store.requests.name,
    RESULTS_BUCKET: store.results.bucket,
    SESSIONS_TABLE: store.sessions.name,
    WORK_QUEUE_ARN: queue.queue.arn,
    WORK_QUEUE_URL: queue.queue.url,
  };
  const worker = new AgentFunction(stack, "worker", {
    ...commonProps(deployment),
    functionName: names.workerFunction,
    description: "Runs the agents of one request.",
    archive: "assets/worker.zip",
    environment,
    memorySize: settings.number("memory_size"),
    timeoutSeconds: settings.number("timeout"),
    reservedConcurrentExecutions: settings.number("reserved_concurrent_executions"),
  });
  worker.grant(...store.workerAccess(), ...queue.consumerAccess());
  allowAgents(worker);
  const alias = createLiveAlias(deployment, worker, {
    id: "worker_live",
    liveVersion: "live_version",
    canaryWeight: "canary_weight",
    provisioned: "provisioned_concurrent_executions",
  });
  queue.deliverTo(alias.alias, settings.expression("reserved_concurrent_executions"));
  return { function: worker, alias };
}

/** The function that answers callers. */
export function createFrontDoor(deployment: Deployment, store: RequestStore, queue: WorkQueue): LiveFunction {
  const { stack, settings, names } = deployment;
  const environment: Record<keyof ApiEnvironment, string> = {
    AUTHORIZATION: settings.string("authorization"),
    CALLER_QUOTA_PER_DAY: settings.string("caller_quota_per_day"),
    DEPLOYMENT: names.deployment,
    ORIGIN_SECRET_SHA256: ORIGIN_SECRET_HASHES,
    QUERY_CACHE_TTL_SECONDS: settings.string("query_cache_ttl_in_seconds"),
    REQUEST_DEADLINE_SECONDS: settings.string("request_deadline_in_seconds"),
    REQUEST_RETENTION_DAYS: settings.string("request_retention_in_days"),
    REQUESTS_TABLE: store.requests.name,
    RESULTS_BUCKET: store.results.bucket,
    WORK_QUEUE_URL: queue.queue.url,
  };
  const frontDoor = new AgentFunction(stack, "api", {
    ...commonProps(deployment),
    functionName: names.apiFunction,
    description: "Answers invoke, status and health.",
    archive: "assets/api.zip",
    environment,
    memorySize: settings.number("api_memory_size"),
    timeoutSeconds: API_TIMEOUT_SECONDS,
  });
  frontDoor.grant(...store.frontDoorAccess(), ...queue.senderAccess());
  const alias = createLiveAlias(deployment, frontDoor, {
    id: "api_live",
    liveVersion: "api_live_version",
    canaryWeight: "api_canary_weight",
    provisioned: "api_provisioned_concurrent_executions",
  });
  return { function: frontDoor, alias };
}

/** Not sensitive: a hash of 32 random characters or more reveals nothing, and plans must show that it changed. */
const ORIGIN_SECRET_HASHES = [
  '${nonsensitive(var.cloudfront_enabled ? join(",", compact([',
  'sha256(coalesce(var.cloudfront_origin_secret, "-")), ',
  'var.cloudfront_origin_previous_secret == null ? "" : sha256(var.cloudfront_origin_previous_secret)',
  '])) : "")}',
].join("");

/** The function that ends or sends again the requests that nobody works on. */
export function createSweeper(deployment: Deployment, store: RequestStore, queue: WorkQueue): AgentFunction {
  const { stack, names } = deployment;
  const environment: Record<keyof SweeperEnvironment, string> = {
    DEAD_LETTER_QUEUE_ARN: queue.deadLetterQueue.arn,
    DEPLOYMENT: names.deployment,
    REQUESTS_TABLE: store.requests.name,
    WORK_QUEUE_URL: queue.queue.url,
  };
  const sweeper = new AgentFunction(stack, "sweeper", {
    ...commonProps(deployment),
    functionName: names.sweeperFunction,
    description: "Ends or sends again the requests that nobody works on.",
    archive: "assets/sweeper.zip",
    environment,
    memorySize: SWEEPER_MEMORY_MIB,
    timeoutSeconds: SWEEPER_TIMEOUT_SECONDS,
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

/** The function that checks bearer tokens. It exists only with authorization jwt, and needs no access but its log. */
export function createAuthorizer(deployment: Deployment): AgentFunction {
  const { stack, settings, names } = deployment;
  const environment: Record<keyof AuthorizerEnvironment, string> = {
    DEPLOYMENT: names.deployment,
    JWT_AUDIENCES: interpolate(expression`jsonencode(${settings.expression("jwt_audiences")})`),
    JWT_CLOCK_SKEW_SECONDS: settings.string("jwt_clock_skew_in_seconds"),
    JWT_ISSUER: settings.string("jwt_issuer"),
    JWT_SCOPES: interpolate(expression`jsonencode(${settings.expression("jwt_scopes")})`),
  };
  return new AgentFunction(stack, "authorizer", {
    ...commonProps(deployment),
    functionName: names.authorizerFunction,
    description: "Checks bearer tokens.",
    archive: "assets/authorizer.zip",
    environment,
    memorySize: AUTHORIZER_MEMORY_MIB,
    timeoutSeconds: AUTHORIZER_TIMEOUT_SECONDS,
    enabled: expression`${settings.expression("authorization")} == "jwt"`,
  });
}

/** Schedules that touch the warm environments of the functions that callers wait for. */
export function createHeartbeats(
  { stack, settings, names }: Deployment,
  frontDoor: LiveFunction,
  worker: LiveFunction,
) {
  const createHeartbeat = (id: string, ruleName: string, { function: target, alias }: LiveFunction) =>
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
    apiHeartbeat: createHeartbeat("api_heartbeat", names.apiHeartbeat, frontDoor),
    workerHeartbeat: createHeartbeat("worker_heartbeat", names.workerHeartbeat, worker),
  };
}

type CommonProps = "architecture" | "image" | "kmsKeyArn" | "logRetentionInDays" | "permissionsBoundaryArn";

function commonProps({ settings }: Deployment): Pick<AgentFunctionProps, CommonProps> {
  const packageType = settings.expression("package_type");
  return {
    architecture: ARCHITECTURE,
    // The rule of package_type demands image_uri with an image.
    image: { enabled: expression`${packageType} == "image"`, uri: settings.expression("image_uri") },
    kmsKeyArn: settings.expression("kms_key_arn"),
    logRetentionInDays: settings.number("log_retention_in_days"),
    permissionsBoundaryArn: settings.expression("permissions_boundary_arn"),
  };
}

/** Settings that move an alias. */
interface AliasSettings {
  /** Construct id. */
  readonly id: string;
  readonly liveVersion: SettingName;
  readonly canaryWeight: SettingName;
  readonly provisioned: SettingName;
}

function createLiveAlias(
  { stack, settings }: Deployment,
  { function: target }: AgentFunction,
  { id, liveVersion, canaryWeight, provisioned }: AliasSettings,
): LiveAlias {
  return new LiveAlias(stack, id, {
    functionName: target.functionName,
    newestVersion: expression`${address(target)}.version`,
    aliasName: LIVE_ALIAS,
    liveVersion: settings.expression(liveVersion),
    canaryWeight: settings.expression(canaryWeight),
    provisionedConcurrentExecutions: settings.expression(provisioned),
    // Only heartbeats arrive asynchronously. A late or failed one is worthless, because the next is near.
    events: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 },
  });
}
