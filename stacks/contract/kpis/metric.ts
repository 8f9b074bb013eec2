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
  /** What the handlers write themselves. */
  | "deployment";

/** A CloudWatch metric, by what it is about; names become dimensions where they are known. */
export interface MetricReference {
  readonly source: Source;
  /** CloudWatch's name. */
  readonly metric: string;
  /** Beside the source's own. Default: none. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** The names that dimensions hold: Terraform expressions at synth, values after an apply. */
export interface SourceNames {
  readonly frontDoorFunction: string;
  readonly workerFunction: string;
  readonly sweeperFunction: string;
  /** There only where tokens are taken; its name is known in any case. */
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

/**
 * CloudWatch's namespace of each source (AWS documentation of each service's metrics; handlers/environment.ts for our
 * own).
 */
const NAMESPACES: Readonly<Record<Source, string>> = {
  front_door: "AWS/Lambda",
  worker: "AWS/Lambda",
  sweeper: "AWS/Lambda",
  authorizer: "AWS/Lambda",
  worker_alias: "AWS/Lambda",
  gateway: "AWS/ApiGateway",
  work_queue: "AWS/SQS",
  dead_letter_queue: "AWS/SQS",
  requests_table: "AWS/DynamoDB",
  sessions_table: "AWS/DynamoDB",
  api_heartbeat_rule: "AWS/Events",
  worker_heartbeat_rule: "AWS/Events",
  account: "AWS/Lambda",
  deployment: "Quickturn",
};

const DIMENSIONS: Readonly<Record<Source, (names: SourceNames) => Readonly<Record<string, string>>>> = {
  front_door: (names) => ({ FunctionName: names.frontDoorFunction }),
  worker: (names) => ({ FunctionName: names.workerFunction }),
  sweeper: (names) => ({ FunctionName: names.sweeperFunction }),
  authorizer: (names) => ({ FunctionName: names.authorizerFunction }),
  // Provisioned concurrency sits on the alias, and its metrics with it.
  worker_alias: (names) => ({
    FunctionName: names.workerFunction,
    Resource: `${names.workerFunction}:${names.liveAlias}`,
  }),
  gateway: (names) => ({ ApiName: names.restApi, Stage: names.stage }),
  work_queue: (names) => ({ QueueName: names.workQueue }),
  dead_letter_queue: (names) => ({ QueueName: names.deadLetterQueue }),
  requests_table: (names) => ({ TableName: names.requestsTable }),
  sessions_table: (names) => ({ TableName: names.sessionsTable }),
  api_heartbeat_rule: (names) => ({ RuleName: names.apiHeartbeatRule }),
  worker_heartbeat_rule: (names) => ({ RuleName: names.workerHeartbeatRule }),
  account: () => ({}),
  deployment: (names) => ({ Deployment: names.deployment }),
};

/** A metric as CloudWatch is asked for it. */
export interface NamedMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Puts names into a reference. */
export function nameMetric({ source, metric, dimensions = {} }: MetricReference, names: SourceNames): NamedMetric {
  return { namespace: NAMESPACES[source], metric, dimensions: { ...DIMENSIONS[source](names), ...dimensions } };
}
