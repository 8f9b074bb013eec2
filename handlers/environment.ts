/**
 * The environment variables that the stack writes and the handlers read, and the metrics that the handlers write
 * and the stack's alarms read: names and types, nothing else.
 * This file is a contract. It imports nothing, so both sides may import it; `__tests__/contracts.test.ts`
 * proves that each name is written by one side and read by the other.
 *
 * A Lambda's environment holds at most 4 KiB in all, and plans show it: no secret goes here.
 */

/** What every function is told. */
export interface CommonEnvironment {
  /** `<name>-<environment>`: the dimension of every metric. */
  readonly DEPLOYMENT: string;
  /** Name of the DynamoDB table of requests. */
  readonly REQUESTS_TABLE: string;
}

/** What the front door (`handlers/api.ts`) is told. */
export interface ApiEnvironment extends CommonEnvironment {
  /** Where the callers' identity comes from: `iam`, `api_key`, `jwt` or `none`. */
  readonly AUTHORIZATION: string;
  /** How many requests each caller may begin a day (UTC), as a decimal number; 0 = any number. */
  readonly CALLER_QUOTA_PER_DAY: string;
  /**
   * SHA-256, in lower-case hex, of the secret that CloudFront adds to each request, or "" where no
   * distribution stands in front. A hash, because plans and consoles show this environment.
   */
  readonly ORIGIN_SECRET_SHA256: string;
  /** Seconds, as a decimal number, that a read is kept in the process; 0 = not at all. */
  readonly QUERY_CACHE_TTL_SECONDS: string;
  /** Seconds, as a decimal number, after which a request that has not ended is expired. */
  readonly REQUEST_DEADLINE_SECONDS: string;
  /** Days, as a decimal number, that a request and its answer are kept. */
  readonly REQUEST_RETENTION_DAYS: string;
  /** Name of the S3 bucket that holds answers too large for an item. */
  readonly RESULTS_BUCKET: string;
  /** URL of the SQS queue of work. */
  readonly WORK_QUEUE_URL: string;
}

/** What the worker (`handlers/worker.ts`) is told. */
export interface WorkerEnvironment extends CommonEnvironment {
  /** How many agents of a phase must succeed: `all`, `quorum` or `any`. */
  readonly AGENT_POLICY: string;
  /** With `quorum`: how many, as a decimal number; 0 = more than half. */
  readonly AGENT_QUORUM: string;
  /** JSON array of {@link AgentDefinition}. */
  readonly AGENTS: string;
  /** JSON of the {@link ArbiterDefinition}, or `null`. */
  readonly ARBITER: string;
  /** How many agents run at once, as a decimal number; 0 = all of a phase. */
  readonly MAX_PARALLEL_AGENTS: string;
  /** Seconds, as a decimal number, that a read is kept in the process; 0 = not at all. */
  readonly QUERY_CACHE_TTL_SECONDS: string;
  /** Name of the S3 bucket that holds answers too large for an item. */
  readonly RESULTS_BUCKET: string;
  /** Name of the DynamoDB table of conversation turns. */
  readonly SESSIONS_TABLE: string;
  /** ARN of the SQS queue of work: messages of any other are refused. */
  readonly WORK_QUEUE_ARN: string;
  /** URL of the same: a message that failed is asked to come back soon. */
  readonly WORK_QUEUE_URL: string;
}

/** What the sweeper (`handlers/sweeper.ts`) is told. */
export interface SweeperEnvironment extends CommonEnvironment {
  /** ARN of the SQS queue that failed work ends in: messages of any other are refused. */
  readonly DEAD_LETTER_QUEUE_ARN: string;
  /** URL of the SQS queue of work. */
  readonly WORK_QUEUE_URL: string;
}

/** What the authorizer (`handlers/authorizer.ts`) is told. */
export interface AuthorizerEnvironment {
  /** `<name>-<environment>`, as the other functions have it. */
  readonly DEPLOYMENT: string;
  /** JSON array of the audiences, one of which a token names. */
  readonly JWT_AUDIENCES: string;
  /** Seconds, as a decimal number, by which the issuer's clock may differ. */
  readonly JWT_CLOCK_SKEW_SECONDS: string;
  /** URL of the OpenID Connect issuer, as its tokens name it. */
  readonly JWT_ISSUER: string;
  /** JSON array of the scopes, each of which a token has. */
  readonly JWT_SCOPES: string;
}

/** How an agent is reached. */
export const AGENT_KINDS = ["agentcore", "bedrock", "http", "lambda", "scripted"] as const;
export type AgentKind = (typeof AGENT_KINDS)[number];

/** Something that answers, as the setting `arbiter` gives it. */
export interface ArbiterDefinition {
  /** Names the agent in results, logs and metrics. */
  readonly name: string;
  /**
   * `agentcore`: a Bedrock AgentCore runtime. `bedrock`: a model, through Converse. `http`: an HTTPS endpoint.
   * `lambda`: a function of its own. `scripted`: a canned answer after a delay, for tests and first deployments.
   */
  readonly kind: AgentKind;
  /**
   * `agentcore`: the runtime's ARN. `bedrock`: a model's or an inference profile's id or ARN. `http`: the URL.
   * `lambda`: the function's ARN, with or without a version or alias.
   * `scripted`: `<milliseconds>ms <answer>`, or `<milliseconds>ms !<error message>` to fail.
   */
  readonly target: string;
  /** Seconds until the agent is cancelled and reported as timed out. */
  readonly timeout_seconds: number;
  /**
   * What the agent is there for: `bedrock` is given it as the system prompt, the others as `instructions`. Default:
   * nothing.
   */
  readonly instructions?: string;
  /** `http`: ARN of the Secrets Manager secret that is sent as the header `Authorization`. Default: no header. */
  readonly secret_arn?: string;
}

/** One agent, as the setting `agents` gives it. */
export interface AgentDefinition extends ArbiterDefinition {
  /** The phases it takes part in, from 1. A later phase is given the answers of the one before. */
  readonly phases: readonly number[];
}

/** Header by which CloudFront proves that a request came through it. */
export const ORIGIN_SECRET_HEADER = "x-quickturn-origin";

/** What EventBridge sends to touch an environment that is warm, and no gateway or queue can send. */
export const HEARTBEAT_EVENT = { quickturn: "heartbeat" } as const;

/** What EventBridge sends to have the sweeper look for requests that nobody works on. */
export const SWEEP_EVENT = { quickturn: "sweep" } as const;

/** CloudWatch namespace of every metric. */
export const METRIC_NAMESPACE = "Quickturn";

/**
 * The metrics, each with CloudWatch's unit. All have the dimension `Deployment`; what else they have stands beside
 * them. They are written to the log in CloudWatch's embedded metric format, so no call waits for them.
 */
export const METRICS = {
  /** A request from being accepted to its end. Once for the deployment, and by `Version`. */
  JobDuration: "Milliseconds",
  /** A request from being accepted to being claimed. */
  QueueWait: "Milliseconds",
  /** Reading what the agents are told besides the prompt. */
  ContextDuration: "Milliseconds",
  /** All phases and the arbiter. */
  AgentsDuration: "Milliseconds",
  /** Storing what came of it. */
  ResponseDuration: "Milliseconds",
  /** By `Phase`. */
  PhaseDuration: "Milliseconds",
  /** By `Agent`. */
  AgentDuration: "Milliseconds",
  /** By `Agent`: 1 where it gave no answer, 0 where it did. */
  AgentFailed: "Count",
  /** Once for the deployment, and by `Model`. */
  TokensIn: "Count",
  TokensOut: "Count",
  TokensUsed: "Count",
  /**
   * 1 for a request that failed or expired, 0 for one that completed: its mean is the share that failed. Once for the
   * deployment, and by `Version` where the worker ended it.
   */
  RequestFailed: "Count",
  RequestsCompleted: "Count",
  RequestsFailed: "Count",
  RequestsExpired: "Count",
  /** 1 for an answer of the front door with 500 or above, else 0. Once for the deployment, and by `Version`. */
  AnswerFailed: "Count",
  /** By `Function`: 1 in the first request of an environment, else 0. */
  ColdStart: "Count",
  /**
   * By `Function`: the most that the process has had in memory, of what the function has. Lambda counts its own runtime
   * as well, some 20 MiB.
   */
  MemoryUsed: "Percent",
  /** By `Function`: reads that the process had kept. */
  CacheHit: "Count",
  /** By `Function`: reads that it had not. */
  CacheMiss: "Count",
  /** By `Function`: sockets that were idle for too long to be trusted. */
  PoolIdleDropped: "Count",
  /** By `Function`: sockets that were opened, and requests that found an open one. */
  PoolOpened: "Count",
  PoolReused: "Count",
  /** By `Function`: times that a circuit opened. */
  BreakerOpen: "Count",
  /** By `Function`. */
  HeartbeatFailed: "Count",
  /** Requests that the sweeper sent to the queue again. */
  RequestsRequeued: "Count",
  /** Messages that ended in the dead-letter queue. */
  DeadLetters: "Count",
} as const satisfies Readonly<Record<string, "Count" | "Milliseconds" | "Percent">>;
export type MetricName = keyof typeof METRICS;
