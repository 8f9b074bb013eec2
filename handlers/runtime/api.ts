import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { randomUUID } from "node:crypto";
import { openConnection } from "../clients/connection";
import { once } from "../clients/once";
import { connectS3 } from "../clients/s3";
import { frontDoor, type FrontDoor } from "../front-door";
import { sqsWorkQueue } from "../queue/sqs-work-queue";
import { healthRoute } from "../routes/health";
import { invokeRoute } from "../routes/invoke";
import { statusRoute } from "../routes/status";
import { readApiSettings, type Variables } from "../settings";
import { dynamodbRequests } from "../stores/dynamodb-requests";
import { s3Results } from "../stores/s3-results";
import { jsonLines } from "../telemetry";

/** Builds the front door from its environment, once per cold start. Throws where a variable is missing or wrong. */
export function openFrontDoor(variables: Variables): FrontDoor {
  const settings = readApiSettings(variables);
  const connection = openConnection();
  const nowMs = () => Date.now();
  const log = jsonLines((line) => process.stdout.write(line), nowMs);
  const requests = dynamodbRequests(new DynamoDBClient(connection), settings.requestsTable);
  const queue = sqsWorkQueue(new SQSClient(connection), settings.workQueueUrl);
  const results = s3Results(once(() => connectS3(connection)), settings.resultsBucket);
  return frontDoor({
    routes: {
      invoke: invokeRoute({ settings, requests, queue, nowMs, newId: () => randomUUID() }),
      status: statusRoute({ settings, requests, results, nowMs }),
      health: healthRoute({
        checks: { requests_table: (signal) => requests.check(signal), work_queue: (signal) => queue.check(signal) },
        nowMs,
        log,
      }),
    },
    originSecretSha256: settings.originSecretSha256,
    nowMs,
    log,
  });
}
