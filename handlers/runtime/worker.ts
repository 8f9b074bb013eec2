import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { randomUUID } from "node:crypto";
import { openAgents } from "../agents";
import { batchHandler, type BatchHandler } from "../batch";
import { connectAgentCore } from "../clients/agentcore";
import { openConnection } from "../clients/connection";
import { once } from "../clients/once";
import { connectS3 } from "../clients/s3";
import { runJob, type JobParts } from "../job";
import { readWorkerSettings, type Variables } from "../settings";
import { dynamodbRequests } from "../stores/dynamodb-requests";
import { dynamodbSessions } from "../stores/dynamodb-sessions";
import { s3Results } from "../stores/s3-results";
import { jsonLines } from "../telemetry";

/** Builds the worker from its environment, once per cold start. Throws where a variable is missing or wrong. */
export function openWorker(variables: Variables): BatchHandler {
  const settings = readWorkerSettings(variables);
  const connection = openConnection();
  const dynamodb = new DynamoDBClient(connection);
  const nowMs = () => Date.now();
  const log = jsonLines((line) => process.stdout.write(line), nowMs);
  const parts: JobParts = {
    agents: openAgents(settings.agents, once(() => connectAgentCore(connection))),
    maxParallelAgents: settings.maxParallelAgents,
    requests: dynamodbRequests(dynamodb, settings.requestsTable),
    sessions: dynamodbSessions(dynamodb, settings.sessionsTable),
    results: s3Results(once(() => connectS3(connection)), settings.resultsBucket),
    nowMs,
    newId: () => randomUUID(),
    log,
  };
  return batchHandler({ runJob: (requestId, remainingMs) => runJob(parts, requestId, remainingMs), log });
}
