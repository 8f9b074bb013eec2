import { randomUUID } from "node:crypto";
import { openAgents, openArbiter, type AgentDoors } from "../agents";
import type { HttpDoor } from "../agents/http";
import { batchHandler, type BatchHandler } from "../requests/batch";
import { connectAgentCore, connectBedrock, connectLambda, once, connectS3, connectSecrets } from "../aws/agent-clients";
import { connectDynamoDb, connectSqs } from "../aws/json-service";
import { runJob, type JobParts } from "../requests/job";
import { sqsWorkQueue } from "../requests/work-queue";
import { guardClient } from "../aws/guards";
import { openReadCache, type ReadCache } from "../requests/read-cache";
import { readWorkerSettings, type Variables, type WorkerSettings } from "../settings";
import { dynamodbRequests } from "../requests/dynamodb-requests";
import { dynamodbSessions } from "../requests/sessions";
import { s3Results } from "../requests/results";
import { nowMs, openProcess, withHeartbeat, type Process } from "./process";

/** Works on batches, and answers heartbeats with nothing. */
export type WorkerHandler = (...call: Parameters<BatchHandler>) => Promise<Awaited<ReturnType<BatchHandler>> | void>;

/** Builds the worker from its environment, once per cold start. Throws where a variable is missing or wrong. */
export function openWorker(variables: Variables): WorkerHandler {
  const settings = readWorkerSettings(variables);
  const own = openProcess(settings.deployment, variables);
  const parts = openJob(settings, own);
  const sqs = connectSqs(
    { connection: own.connection, guard: own.guards("sqs"), variables: own.variables },
    settings.workQueueUrl,
  );
  const batch = batchHandler({
    queueArn: settings.workQueueArn,
    queue: sqsWorkQueue(sqs, settings.workQueueUrl),
    runJob: (message, remainingMs) => runJob(parts, message, remainingMs),
    random: Math.random,
    log: own.log,
  });
  return withHeartbeat("worker", own, batch);
}

function openJob(settings: WorkerSettings, own: Process): JobParts {
  const { connection, guards, counters } = own;
  const dynamodb = connectDynamoDb({ connection, guard: guards("dynamodb"), variables: own.variables });
  const cache = openReadCache({ ttlMs: settings.queryCacheTtlSeconds * 1_000, nowMs, counters });
  const doors = openDoors(own, cache);
  const arbiter = openArbiter(settings.arbiter, doors);
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
    results: s3Results(
      once(async () => guardClient(await connectS3(connection), guards("s3"))),
      settings.resultsBucket,
    ),
    nowMs,
    newId: () => randomUUID(),
  };
}

/** Agents wait for as long as their own time-out says, so they go through the connection that sets none. */
function openDoors({ connection, guards }: Process, cache: ReadCache): AgentDoors {
  return {
    agentcore: once(() => connectAgentCore(connection.patient)),
    bedrock: once(() => connectBedrock(connection.patient)),
    lambda: once(() => connectLambda(connection.patient)),
    secrets: once(async () => guardClient(await connectSecrets(connection), guards("secrets"))),
    // Of the SDK's request it reads these fields alone.
    http: connection.patient.requestHandler as unknown as HttpDoor,
    cache,
    guards,
    nowMs,
    random: Math.random,
  };
}
