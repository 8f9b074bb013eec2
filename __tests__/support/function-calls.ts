import {
  DEAD_LETTER_QUEUE_ARN,
  invokeEvent,
  REQUEST_ID,
  sqsBatch,
  statusEvent,
  WORK_QUEUE_ARN,
} from "../handlers/fixtures";
import type { PackagedName } from "../../scripts/kit/package-functions";

/** A call that a function is given. */
export interface FunctionCall {
  /** Its name in the table. */
  readonly name: string;
  readonly function: PackagedName;
  /** Environment variables that the stack sets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly event: object;
  /** Part of the answer that proves that the function did its work. */
  readonly answerHolds: string;
  /** Targets of the AWS calls that it makes, in order. Default: no other way to make them is compared. */
  readonly awsCalls?: readonly string[];
}

/** A request that has ended; all other calls are about one that is under way. */
export const ENDED_ID = "5f0e3a52-1c5b-4b0e-8f57-3a3c9d1b7e22";

/** One call of each function that uses AWS. @param endpoint address of DynamoDB and SQS */
export function functionCalls(endpoint: string): FunctionCall[] {
  const common = {
    DEPLOYMENT: "bench",
    REQUESTS_TABLE: "requests",
    WORK_QUEUE_URL: `${endpoint}/123456789012/work`,
    RESULTS_BUCKET: "results",
    QUERY_CACHE_TTL_SECONDS: "60",
  };
  const api = {
    ...common,
    AUTHORIZATION: "none",
    CALLER_QUOTA_PER_DAY: "0",
    ORIGIN_SECRET_SHA256: "",
    REQUEST_DEADLINE_SECONDS: "3600",
    REQUEST_RETENTION_DAYS: "7",
  };
  const worker = {
    ...common,
    AGENT_POLICY: "all",
    AGENT_QUORUM: "0",
    AGENTS: JSON.stringify([AGENT]),
    ARBITER: "null",
    MAX_PARALLEL_AGENTS: "0",
    SESSIONS_TABLE: "sessions",
    WORK_QUEUE_ARN,
  };
  return [
    {
      name: "invoke",
      function: "api",
      environment: api,
      event: invokeEvent({ prompt: "Flight EY123 delayed 3 hours" }),
      answerHolds: '"statusCode":202',
      awsCalls: ["DynamoDB_20120810.PutItem", "AmazonSQS.SendMessage", "DynamoDB_20120810.UpdateItem"],
    },
    {
      name: "status",
      function: "api",
      environment: api,
      event: statusEvent(REQUEST_ID),
      answerHolds: '"statusCode":200',
      awsCalls: ["DynamoDB_20120810.GetItem"],
    },
    {
      name: "worker",
      function: "worker",
      environment: worker,
      event: sqsBatch(WORK_QUEUE_ARN, MESSAGE),
      answerHolds: '"batchItemFailures":[]',
    },
    {
      name: "sweeper",
      function: "sweeper",
      environment: { ...common, DEAD_LETTER_QUEUE_ARN },
      event: { quickturn: "sweep" },
      answerHolds: "null",
    },
  ];
}

/** A call of the authorizer. @param issuer URL that the keys of tokens are read from @param token a valid one */
export function authorizerCall(issuer: string, token: string): FunctionCall {
  return {
    name: "authorizer",
    function: "authorizer",
    environment: {
      DEPLOYMENT: "bench",
      JWT_ISSUER: issuer,
      JWT_AUDIENCES: '["bench"]',
      JWT_SCOPES: "[]",
      JWT_CLOCK_SKEW_SECONDS: "60",
    },
    event: {
      type: "TOKEN",
      authorizationToken: `Bearer ${token}`,
      methodArn: "arn:aws:execute-api:us-east-1:123456789012:api/v1/GET/api/v1/health",
    },
    answerHolds: '"Effect":"Allow"',
  };
}

/** A poll of a request that has ended. The process keeps its answer, so only the first poll calls AWS. */
export const endedPoll = (poll: FunctionCall): FunctionCall => ({
  ...poll,
  name: "poll of an ended request",
  event: statusEvent(ENDED_ID),
  answerHolds: "done",
});

const AGENT = { name: "scripted", kind: "scripted", target: "0ms done", timeout_seconds: 60, phases: [1] };

const MESSAGE = JSON.stringify({ version: 2, request_id: REQUEST_ID, deadline: "2100-01-01T00:00:00.000Z", hops: 0 });
