import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { frontDoor } from "../../handlers/http/front-door";
import { memoryWorkQueue } from "./memory-work-queue";
import { openReadCache } from "../../handlers/requests/read-cache";
import { healthRoute } from "../../handlers/http/health";
import { invokeRoute } from "../../handlers/http/invoke";
import { statusRoute } from "../../handlers/http/status";
import { memoryRequests } from "./memory-requests";
import { memoryResults } from "./memory-results";
import type { Log } from "../../handlers/telemetry";
import { readApplied } from "../../scripts/emulator/applied/applied";
import { AccessLog, ResponseCache, Throttle } from "../../scripts/emulator/gateway/stage";
import { Gateway, type GatewayRequest } from "../../scripts/emulator/gateway/gateway";
import type { GatewayAnswer, GatewayFailure } from "../../scripts/emulator/gateway/gateway-responses";
import { RestApi } from "../../scripts/emulator/gateway/rest-api";
import { StatisticsRecorder } from "../../scripts/emulator/statistics";
import { newProcess } from "../handlers/fixtures";
import {
  ALICE,
  BOB,
  folder,
  functionArn,
  lambda,
  methodSettings,
  permission,
  restApi,
  SECURITY_SCHEMES,
  state,
} from "../scripts/emulator/fixtures";
import { encoded, resource as resourceOf, stackJson } from "./stack-json";

/** Changes an answer on its way to the caller, or keeps it. */
export type Meddle = (request: GatewayRequest, answer: GatewayAnswer) => GatewayAnswer | Promise<GatewayAnswer>;

/**
 * The synthesized API as its gateway serves it, with the real front door behind it and stores in this process: requests
 * end at once.
 */
export async function startMemoryApi(meddle: Meddle = (_request, answer) => answer) {
  const log: string[] = [];
  const invoke = memoryFrontDoor((...entry) => void log.push(JSON.stringify(entry)));
  const applied = readApplied(
    state(
      restApi(appliedBody(), { stage_name: "live", cache_cluster_enabled: true, cache_cluster_size: "0.5" }),
      methodSettings("api/v1/status/{request_id}/GET", {
        caching_enabled: true,
        cache_ttl_in_seconds: 5,
        unauthorized_cache_control_header_strategy: "SUCCEED_WITHOUT_RESPONSE_HEADER",
      }),
      lambda(folder(), { code: "" }),
      permission("api"),
    ),
    () => undefined,
  );
  const now = () => Date.now();
  const logs = join(folder(), "logs");
  const accessLog = new AccessLog(logs);
  const api = new RestApi(applied, {
    region: "us-east-1",
    callers: [ALICE, BOB],
    now,
    warn: () => undefined,
    statistics: new StatisticsRecorder(),
    cache: new ResponseCache(now),
    throttle: new Throttle(now),
    accessLog,
    invoke: async (_arn, payload) => ({
      kind: "answer",
      payload: JSON.stringify(await invoke(JSON.parse(payload) as APIGatewayProxyEvent)),
    }),
  });
  const handler = {
    handle: async (request: GatewayRequest, problem?: GatewayFailure) =>
      meddle(request, await api.handle(request, problem)),
  };
  const gateway = await Gateway.listen(0, handler, () => undefined);
  return {
    url: `http://127.0.0.1:${gateway.port}/live`,
    callers: [ALICE, BOB],
    /** What the front door logged, a line an entry. */
    log,
    stop: async () => {
      await gateway.close();
      await accessLog.close();
    },
  };
}

/** The body as terraform applies it with authorization iam. */
function appliedBody(): Record<string, unknown> {
  const stack = stackJson();
  const text = JSON.stringify(
    encoded(stack, resourceOf(stack, "aws_api_gateway_rest_api.rest_api")["body"]),
    (key: string, value: unknown) => {
      if (key === "security" && typeof value === "string") return [{ sigv4: [] }];
      if (key === "securitySchemes") return SECURITY_SCHEMES;
      if (key === "uri")
        return `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn("api")}/invocations`;
      if (key === "cacheKeyParameters")
        return ["method.request.path.request_id", "integration.request.header.x-quickturn-caller"];
      if (typeof value === "string" && value.includes("context.identity.caller")) return "context.identity.caller";
      return typeof value === "string" && value.startsWith("${") ? "'-'" : value;
    },
  );
  return JSON.parse(text) as Record<string, unknown>;
}

function memoryFrontDoor(log: Log) {
  const [requests, results, queue] = [memoryRequests(), memoryResults(), memoryWorkQueue()];
  const settings = {
    authorization: "iam" as const,
    originSecretSha256: "",
    requestDeadlineSeconds: 600,
    requestRetentionDays: 1,
  };
  const own = newProcess();
  const nowMs = () => Date.now();
  const answering = {
    ...queue,
    send: async (...[message]: Parameters<typeof queue.send>) => {
      await queue.send(message);
      const bid = { token: randomUUID(), nowMs: nowMs(), leaseUntilMs: nowMs() + 1_000 };
      const claim = await requests.claim(message.requestId, bid);
      if (claim.outcome !== "won") return;
      const json = JSON.stringify({
        answer: `You said: ${claim.request.prompt}`,
        agents: [{ name: "echo", phase: 1, status: "ok", duration_ms: 1, answer: `You said: ${claim.request.prompt}` }],
        duration_ms: 1,
      });
      await requests.finish(
        { requestId: message.requestId, attempt: claim.request.attempt },
        {
          status: "completed",
          result: { json },
          nowMs: nowMs(),
        },
      );
    },
  };
  const door = frontDoor({
    routes: {
      invoke: invokeRoute({ settings, requests, queue: answering, nowMs, newId: () => randomUUID(), log }),
      status: statusRoute({
        settings,
        requests,
        results,
        cache: openReadCache({ ttlMs: 60_000, nowMs, counters: own.counters, maxEntries: 100 }),
        nowMs,
      }),
      health: healthRoute({
        checks: { requests_table: (signal) => requests.check(signal), work_queue: (signal) => queue.check(signal) },
        nowMs,
        log,
      }),
    },
    originSecretSha256: "",
    nowMs,
    log,
    ...own,
  });
  return (event: APIGatewayProxyEvent) =>
    door(event, { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 10_000 });
}
