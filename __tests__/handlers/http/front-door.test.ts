import { createHash } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { frontDoor, type FrontDoorParts } from "../../../handlers/http/front-door";
import { InvalidRequestError } from "../../../handlers/http/errors";
import type { Route } from "../../../handlers/http/gateway";
import { countTime, pass, watched } from "../counted-time";
import { gatewayEvent, keepingLog, newProcess, NOW_MS, REQUEST_ID } from "../fixtures";

const context = { awsRequestId: "lambda-1", getRemainingTimeInMillis: () => 10_000 };

function setUp(health: Route, overrides: Partial<FrontDoorParts> = {}) {
  const { log, records } = keepingLog();
  const routes = { health, invoke: jest.fn<ReturnType<Route>, []>(), status: jest.fn<ReturnType<Route>, []>() };
  const door = frontDoor({ routes, originSecretSha256: "", nowMs: () => NOW_MS, log, ...newProcess(), ...overrides });
  return {
    records,
    answer: (event: unknown = gatewayEvent(), given = context) => door(event as APIGatewayProxyEvent, given),
  };
}

const failing = (error: unknown) => setUp(() => Promise.reject(error as Error));
const fine: Route = async () => ({ status: 200, body: { status: "ok" } });

test("a route's reply becomes the response, and one line in the log", async () => {
  const { answer, records } = setUp(fine);
  expect(await answer()).toMatchObject({ statusCode: 200, body: '{"status":"ok"}' });
  expect(records).toEqual([
    {
      level: "info",
      event: "answered",
      fields: { route: "health", status: 200, gateway_request_id: "gateway-1", request_id: undefined, duration_ms: 0 },
      measured: [{ metrics: { AnswerFailed: 0 } }, { metrics: { ColdStart: 1 }, dimensions: { Function: "api" } }],
    },
  ]);
});

test("the line tells what was counted on the way, and that only the first request was cold", async () => {
  const { counters, countColdStart } = newProcess();
  const counting: Route = async (call) => {
    counters.add("CacheHit");
    return fine(call);
  };
  const { answer, records } = setUp(counting, { counters, countColdStart });
  await answer();
  await answer();
  expect(records.map(({ measured }) => measured?.at(-1)?.metrics)).toEqual([
    { ColdStart: 1, CacheHit: 1 },
    { ColdStart: 0, CacheHit: 1 },
  ]);
});

test("a failed answer is measured for the deployment and by the function's version, a refusal as none", async () => {
  const measuredOf = async (route: Route) => {
    const { answer, records } = setUp(route, { version: "7" });
    await answer();
    return records[0]?.measured?.slice(0, 2);
  };
  const both = (AnswerFailed: number) => [
    { metrics: { AnswerFailed } },
    { metrics: { AnswerFailed }, dimensions: { Version: "7" } },
  ];
  expect(await measuredOf(() => Promise.reject(new Error("broken")))).toEqual(both(1));
  expect(await measuredOf(() => Promise.reject(new InvalidRequestError("no")))).toEqual(both(0));
  expect(await measuredOf(fine)).toEqual(both(0));
});

test("the line names the request that a route says it is about, also where it fails", async () => {
  const failsLater: Route = async ({ noteRequest }) => {
    noteRequest?.(REQUEST_ID);
    throw new InvalidRequestError("no");
  };
  const { answer, records } = setUp(failsLater);
  await answer();
  expect(records).toMatchObject([{ fields: { status: 400, request_id: REQUEST_ID } }]);
});

test("a refusal is answered with its status, and logged by its code only", async () => {
  const { answer, records } = failing(new InvalidRequestError("prompt is missing"));
  const { statusCode, body, headers } = await answer();
  expect(statusCode).toBe(400);
  expect(JSON.parse(body)).toEqual({
    error: { code: "invalid_request", message: "prompt is missing", gateway_request_id: "gateway-1" },
  });
  expect(headers).toMatchObject({ "Cache-Control": "no-store" });
  expect(records).toMatchObject([{ level: "info", fields: { status: 400, error_code: "invalid_request" } }]);
});

test("an unexpected error shows nothing of itself, and is logged with its cause", async () => {
  const { answer, records } = failing(new TypeError("canary", { cause: new Error("deeper") }));
  const { statusCode, body } = await answer();
  expect(statusCode).toBe(500);
  expect(JSON.parse(body)).toMatchObject({
    error: { code: "internal_error", message: "The request failed for a reason of ours." },
  });
  expect(body).not.toContain("canary");
  expect(records).toMatchObject([
    { level: "error", fields: { error: { name: "TypeError", message: "canary", cause: { message: "deeper" } } } },
  ]);
});

test.each([{ name: "ThrottlingException" }, { code: "ECONNREFUSED" }, { name: "TimeoutError" }])(
  "a dependency that gives %j makes 503 with a time to come back",
  async (facts) => {
    const { statusCode, headers, body } = await failing(Object.assign(new Error("canary"), facts)).answer();
    expect(statusCode).toBe(503);
    expect(headers).toMatchObject({ "Retry-After": "5" });
    expect(JSON.parse(body)).toMatchObject({
      error: { code: "service_unavailable", message: "The service is busy. Send the request again." },
    });
  },
);

test("an unknown route is 404, and not kept by caches", async () => {
  const { statusCode, headers, body } = await setUp(fine).answer(gatewayEvent({ httpMethod: "DELETE" }));
  expect(statusCode).toBe(404);
  expect(headers).toMatchObject({ "Cache-Control": "no-store" });
  expect(JSON.parse(body)).toMatchObject({ error: { code: "route_not_found" } });
});

test("a request around the distribution is refused on every route, before the route is looked at", async () => {
  const { answer } = setUp(fine, { originSecretSha256: createHash("sha256").update("s").digest("hex") });
  for (const event of [gatewayEvent(), gatewayEvent({ resource: "/nowhere" })]) {
    const { statusCode, body } = await answer(event);
    expect([statusCode, (JSON.parse(body) as { error: { code: string } }).error.code]).toEqual([
      403,
      "direct_access_refused",
    ]);
  }
});

test("an event of another shape is answered, with the function's own id", async () => {
  const { answer } = setUp(fine);
  expect(JSON.parse((await answer({})).body)).toMatchObject({ error: { gateway_request_id: "lambda-1" } });
  expect((await answer(null)).statusCode).toBe(500);
});

describe("time", () => {
  countTime();
  const given = (remainingMs: number) => ({ ...context, getRemainingTimeInMillis: () => remainingMs });
  const heeding: Route = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  const deaf: Route = () => new Promise(() => undefined);

  test.each([
    ["a route is told 1.5 s before the function's time is up", heeding, 2_600, 1_100],
    ["and has a second in any case", heeding, 0, 1_000],
    [
      "a route that does not heed its signal is answered for 0.3 s before the function's time is up",
      deaf,
      2_600,
      2_300,
    ],
    ["and has 2.2 s in any case", deaf, 0, 2_200],
  ])("%s", async (_what, route, remainingMs, expectedMs) => {
    const answered = setUp(route).answer(gatewayEvent(), given(remainingMs));
    const answer = watched(answered);
    await pass(expectedMs - 1);
    expect(answer.settled).toBe(false);
    await pass(1);
    expect(answer.settled).toBe(true);
    expect((await answered).statusCode).toBe(503);
  });
});
