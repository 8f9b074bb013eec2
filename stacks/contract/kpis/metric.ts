/** Where a metric comes from. */
export type Source =
  | "front_door"
  | "worker"
  | "sweeper"
  | "authorizer"
  | "worker_alias"
  | "gateway"
  | "work_queue"
  | "dead_letter_queue"
  | "requests_table"
  | "sessions_table"
  | "api_heartbeat_rule"
  | "worker_heartbeat_rule"
  | "account"
  /** Metrics that the handlers write themselves. */
  | "deployment";

/** A CloudWatch metric by its source, before names are known. */
export interface MetricReference {
  readonly source: Source;
  /** CloudWatch's name. */
  readonly metric: string;
  /** Further dimensions beside the source's own. Default: none. */
  readonly dimensions?: Dimensions;
}

/** The names that dimensions hold: Terraform expressions at synth, values after an apply. */
export interface SourceNames {
  readonly frontDoorFunction: string;
  readonly workerFunction: string;
  readonly sweeperFunction: string;
  /** Known also where no tokens are taken and there is no such function. */
  readonly authorizerFunction: string;
  /** Name of the alias that traffic goes to. */
  readonly liveAlias: string;
  /** Name of the REST API, by which CloudWatch keys its metrics. */
  readonly restApi: string;
  readonly stage: string;
  readonly workQueue: string;
  readonly deadLetterQueue: string;
  readonly requestsTable: string;
  readonly sessionsTable: string;
  readonly apiHeartbeatRule: string;
  readonly workerHeartbeatRule: string;
  /** Dimension `Deployment` of what the handlers write. */
  readonly deployment: string;
}

type Dimensions = Readonly<Record<string, string>>;

const LAMBDA = "AWS/Lambda";

/**
 * CloudWatch's namespace and dimensions of each source (AWS documentation of each service's metrics;
 * handlers/environment.ts for our own).
 */
const SOURCES: Readonly<Record<Source, readonly [namespace: string, dimensions: (names: SourceNames) => Dimensions]>> =
  {
    front_door: [LAMBDA, (names) => ({ FunctionName: names.frontDoorFunction })],
    worker: [LAMBDA, (names) => ({ FunctionName: names.workerFunction })],
    sweeper: [LAMBDA, (names) => ({ FunctionName: names.sweeperFunction })],
    authorizer: [LAMBDA, (names) => ({ FunctionName: names.authorizerFunction })],
    // Provisioned concurrency belongs to the alias, and so do its metrics.
    worker_alias: [
      LAMBDA,
      (names) => ({ FunctionName: names.workerFunction, Resource: `${names.workerFunction}:${names.liveAlias}` }),
    ],
    gateway: ["AWS/ApiGateway", (names) => ({ ApiName: names.restApi, Stage: names.stage })],
    work_queue: ["AWS/SQS", (names) => ({ QueueName: names.workQueue })],
    dead_letter_queue: ["AWS/SQS", (names) => ({ QueueName: names.deadLetterQueue })],
    requests_table: ["AWS/DynamoDB", (names) => ({ TableName: names.requestsTable })],
    sessions_table: ["AWS/DynamoDB", (names) => ({ TableName: names.sessionsTable })],
    api_heartbeat_rule: ["AWS/Events", (names) => ({ RuleName: names.apiHeartbeatRule })],
    worker_heartbeat_rule: ["AWS/Events", (names) => ({ RuleName: names.workerHeartbeatRule })],
    account: [LAMBDA, () => ({})],
    deployment: ["Quickturn", (names) => ({ Deployment: names.deployment })],
  };

/** A metric as CloudWatch is asked for it. */
export interface NamedMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Dimensions;
}

/** Puts names into a reference. */
export function nameMetric({ source, metric, dimensions = {} }: MetricReference, names: SourceNames): NamedMetric {
  const [namespace, dimensionsOfSource] = SOURCES[source];
  return { namespace, metric, dimensions: { ...dimensionsOfSource(names), ...dimensions } };
}
