/**
 * The environment variables that the stack writes and the handlers read: names and types, nothing else.
 * This file is a contract. It imports nothing, so both sides may import it; `__tests__/contracts.test.ts`
 * proves that each name is written by the stack and read by a handler.
 *
 * A Lambda's environment holds at most 4 KiB in all, and plans show it: no secret goes here.
 */

/** What both functions are told. */
export interface CommonEnvironment {
  /** Name of the DynamoDB table of requests. */
  readonly REQUESTS_TABLE: string;
  /** Name of the S3 bucket that holds answers too large for an item. */
  readonly RESULTS_BUCKET: string;
}

/** What the front door (`handlers/api.ts`) is told. */
export interface ApiEnvironment extends CommonEnvironment {
  /** Where the callers' identity comes from: `iam`, `api_key` or `none`. */
  readonly AUTHORIZATION: string;
  /**
   * SHA-256, in lower-case hex, of the secret that CloudFront adds to each request, or "" where no
   * distribution stands in front. A hash, because plans and consoles show this environment.
   */
  readonly ORIGIN_SECRET_SHA256: string;
  /** Days, as a decimal number, that a request and its answer are kept. */
  readonly REQUEST_RETENTION_DAYS: string;
  /** URL of the SQS queue of work. */
  readonly WORK_QUEUE_URL: string;
}

/** What the worker (`handlers/worker.ts`) is told. */
export interface WorkerEnvironment extends CommonEnvironment {
  /** JSON array of {@link AgentDefinition}. */
  readonly AGENTS: string;
  /** How many agents run at once, as a decimal number; 0 = all of a phase. */
  readonly MAX_PARALLEL_AGENTS: string;
  /** Name of the DynamoDB table of conversation turns. */
  readonly SESSIONS_TABLE: string;
}

/** One agent, as the setting `agents` gives it. */
export interface AgentDefinition {
  /** Names the agent in results, logs and metrics. */
  readonly name: string;
  /** `agentcore`: a Bedrock AgentCore runtime. `scripted`: a canned answer after a delay, for tests and first deployments. */
  readonly kind: "agentcore" | "scripted";
  /** `agentcore`: the runtime's ARN. `scripted`: `<milliseconds>ms <answer>`, or `<milliseconds>ms !<error message>` to fail. */
  readonly target: string;
  /** Seconds until the agent is cancelled and reported as timed out. */
  readonly timeout_seconds: number;
  /** The phases it takes part in, from 1. A later phase is given the answers of the one before. */
  readonly phases: readonly number[];
}

/** Header by which CloudFront proves that a request came through it. */
export const ORIGIN_SECRET_HEADER = "x-quickturn-origin";
