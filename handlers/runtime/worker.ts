import { randomUUID } from "node:crypto";
import { openAgents, openArbiter, type AgentDoors } from "../agents";
import {
  connectAgentCore,
  connectBedrock,
  connectLambda,
  connectS3,
  connectSecrets,
  memoizePromise,
} from "../aws/agent-clients";
import { guardClient } from "../aws/guards";
import { batchHandler, type BatchHandler } from "../requests/batch";
import { dynamodbRequests } from "../requests/dynamodb-requests";
import { runJob, type JobParts } from "../requests/job";
import { openReadCache, type ReadCache } from "../requests/read-cache";
import { s3Results } from "../requests/results";
import { dynamodbSessions } from "../requests/sessions";
import { readWorkerSettings, type Variables, type WorkerSettings } from "../settings";
import { nowMs, openProcess, withHeartbeat, type Process } from "./process";

/** Works on batches. Heartbeats have no answer. */
export type WorkerHandler = (...call: Parameters<BatchHandler>) => Promise<Awaited<ReturnType<BatchHandler>> | void>;

/** Builds the worker from its environment, once per cold start. Throws if a variable is missing or wrong. */
export function openWorker(variables: Variables): WorkerHandler {
  const settings = readWorkerSettings(variables);
  const own = openProcess(settings.deployment, variables);
  const parts = openJob(settings, own);
  const batch = batchHandler({
    queueArn: settings.workQueueArn,
    queue: own.connectQueue(settings.workQueueUrl),
    runJob: (message, remainingMs) => runJob(parts, message, remainingMs),
    random: Math.random,
    log: own.log,
  });
  return withHeartbeat("worker", own, batch);
}

function openJob(settings: WorkerSettings, own: Process): JobParts {
  const { connection, guards, counters } = own;
  const dynamodb = own.connectDynamoDb();
  const cache = openReadCache({ ttlMs: settings.queryCacheTtlSeconds * 1_000, nowMs, counters });
  const doors = openDoors(own, cache);
  const arbiter = openArbiter(settings.arbiter, doors);
  const connect = memoizePromise(async () => guardClient(await connectS3(connection), guards("s3")));
  return {
    ...own,
    agents: {
      agents: openAgents(settings.agents, doors),
      ...(arbiter && { arbiter }),
      maxParallel: settings.maxParallelAgents,
      policy: settings.agentPolicy,
      quorum: settings.agentQuorum,
    },
    requests: dynamodbRequests(dynamodb, { requests: settings.requestsTable, sessions: settings.sessionsTable }),
    sessions: dynamodbSessions(dynamodb, settings.sessionsTable, cache),
    results: s3Results(connect, settings.resultsBucket),
    nowMs,
    newId: () => randomUUID(),
  };
}

/** Opens what agents are reached through: a connection without time-outs, because each agent has a time-out itself. */
function openDoors({ connection, guards }: Process, cache: ReadCache): AgentDoors {
  return {
    agentcore: memoizePromise(() => connectAgentCore(connection.patient)),
    bedrock: memoizePromise(() => connectBedrock(connection.patient)),
    lambda: memoizePromise(() => connectLambda(connection.patient)),
    secrets: memoizePromise(async () => guardClient(await connectSecrets(connection), guards("secrets"))),
    http: connection.patient.requestHandler,
    cache,
    guards,
    nowMs,
    random: Math.random,
  };
}
