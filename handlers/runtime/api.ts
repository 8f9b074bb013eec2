import { randomUUID } from "node:crypto";
import { connectDynamoDb, connectSqs } from "../aws/json-service";
import { once, connectS3 } from "../aws/agent-clients";
import { frontDoor, type FrontDoor } from "../http/front-door";
import { sqsWorkQueue } from "../requests/work-queue";
import { callerQuota, dynamodbQuotas } from "../requests/quotas";
import { guardClient } from "../aws/guards";
import { openReadCache } from "../requests/read-cache";
import { healthRoute } from "../http/health";
import { invokeRoute } from "../http/invoke";
import { statusRoute } from "../http/status";
import { readApiSettings, type Variables } from "../settings";
import { dynamodbRequests } from "../requests/dynamodb-requests";
import { s3Results } from "../requests/results";
import { nowMs, openProcess, withHeartbeat } from "./process";

/** Ended requests that are kept: with results of up to 1 MiB in memory each, a quarter of the function's 512 MiB. */
const MAX_KEPT_REQUESTS = 128;

/** Answers the gateway, and heartbeats with nothing. */
export type ApiHandler = (...call: Parameters<FrontDoor>) => Promise<Awaited<ReturnType<FrontDoor>> | void>;

/** Builds the front door from its environment, once per cold start. Throws where a variable is missing or wrong. */
export function openFrontDoor(variables: Variables): ApiHandler {
  const settings = readApiSettings(variables);
  const own = openProcess(settings.deployment, variables);
  const { connection, guards, log } = own;
  const dynamodb = connectDynamoDb({ connection, guard: guards("dynamodb"), variables: own.variables });
  const requests = dynamodbRequests(dynamodb, { requests: settings.requestsTable });
  const quota = callerQuota({
    store: dynamodbQuotas(dynamodb, settings.requestsTable),
    perDay: settings.callerQuotaPerDay,
    nowMs,
  });
  const queue = sqsWorkQueue(
    connectSqs({ connection, guard: guards("sqs"), variables: own.variables }, settings.workQueueUrl),
    settings.workQueueUrl,
  );
  const results = s3Results(
    once(async () => guardClient(await connectS3(connection), guards("s3"))),
    settings.resultsBucket,
  );
  const cache = openReadCache({
    ttlMs: settings.queryCacheTtlSeconds * 1_000,
    nowMs,
    counters: own.counters,
    maxEntries: MAX_KEPT_REQUESTS,
  });
  const door = frontDoor({
    ...own,
    routes: {
      invoke: invokeRoute({ settings, requests, queue, nowMs, newId: () => randomUUID(), log, quota }),
      status: statusRoute({ settings, requests, results, cache, nowMs }),
      health: healthRoute({
        checks: { requests_table: (signal) => requests.check(signal), work_queue: (signal) => queue.check(signal) },
        nowMs,
        log,
      }),
    },
    originSecretSha256: settings.originSecretSha256,
    nowMs,
  });
  return withHeartbeat("api", own, door);
}
