import { randomUUID } from "node:crypto";
import { connectS3, memoizePromise } from "../aws/agent-clients";
import { guardClient } from "../aws/guards";
import { frontDoor, type FrontDoor } from "../http/front-door";
import { healthRoute } from "../http/health";
import { invokeRoute } from "../http/invoke";
import { statusRoute } from "../http/status";
import { dynamodbRequests } from "../requests/dynamodb-requests";
import { callerQuota, dynamodbQuotas } from "../requests/quotas";
import { openReadCache } from "../requests/read-cache";
import { s3Results } from "../requests/results";
import { readApiSettings, type Variables } from "../settings";
import { nowMs, openProcess, withHeartbeat } from "./process";

/** Ended requests in the cache. With results of up to 1 MiB each they take a quarter of the function's 512 MiB. */
const MAX_KEPT_REQUESTS = 128;

/** Answers the gateway. Heartbeats have no answer. */
export type ApiHandler = (...call: Parameters<FrontDoor>) => Promise<Awaited<ReturnType<FrontDoor>> | void>;

/** Builds the front door from its environment, once per cold start. Throws if a variable is missing or wrong. */
export function openFrontDoor(variables: Variables): ApiHandler {
  const settings = readApiSettings(variables);
  const own = openProcess(settings.deployment, variables);
  const { connection, counters, guards, log } = own;
  const dynamodb = own.connectDynamoDb();
  const requests = dynamodbRequests(dynamodb, { requests: settings.requestsTable });
  const queue = own.connectQueue(settings.workQueueUrl);
  const store = dynamodbQuotas(dynamodb, settings.requestsTable);
  const quota = callerQuota({ store, perDay: settings.callerQuotaPerDay, nowMs });
  const connect = memoizePromise(async () => guardClient(await connectS3(connection), guards("s3")));
  const results = s3Results(connect, settings.resultsBucket);
  const ttlMs = settings.queryCacheTtlSeconds * 1_000;
  const cache = openReadCache({ ttlMs, nowMs, counters, maxEntries: MAX_KEPT_REQUESTS });
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
