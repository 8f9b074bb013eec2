import { CHECKS_KEPT_MS, healthRoute } from "../../../handlers/http/health";
import { gatewayEvent, keepingLog, never, NOW_MS } from "../fixtures";

const fine = async () => {};
const down = () => Promise.reject(new Error("arn:aws:dynamodb:canary"));

function setUp(checks: Record<string, (signal: AbortSignal) => Promise<void>>, nowMs = () => NOW_MS) {
  const { log, records } = keepingLog();
  const route = healthRoute({ checks, nowMs, log, checkTimeoutMs: 50 });
  return {
    records,
    health: (probe?: string) =>
      route({ event: gatewayEvent({ queryStringParameters: probe === undefined ? null : { probe } }), signal: never }),
  };
}

test("a service whose dependencies answer is ready", async () => {
  const { health } = setUp({ requests_table: fine, work_queue: fine });
  const body = { status: "ok", ready: true, checks: { requests_table: "ok", work_queue: "ok" } };
  expect(await health()).toEqual({ status: 200, body });
  expect(await health("readiness")).toEqual({ status: 200, body });
});

test("with a dependency down it is alive but not ready, and keeps the reason to its log", async () => {
  const { health, records } = setUp({ requests_table: down, work_queue: fine });
  const body = { status: "ok", ready: false, checks: { requests_table: "unavailable", work_queue: "ok" } };
  expect(await health()).toEqual({ status: 200, body });
  expect(await health("liveness")).toMatchObject({ status: 200 });
  expect(await health("readiness")).toEqual({ status: 503, body });
  expect(records).toMatchObject([
    { event: "check_failed", fields: { check: "requests_table", error: { message: "arn:aws:dynamodb:canary" } } },
  ]);
});

test("a dependency that hangs is given up in time, and told to stop", async () => {
  let given: AbortSignal | undefined;
  const hanging = (signal: AbortSignal) => {
    given = signal;
    return new Promise<void>(() => undefined);
  };
  expect(await setUp({ work_queue: hanging }).health("readiness")).toMatchObject({ status: 503 });
  expect(given?.aborted).toBe(true);
});

test("any number of callers costs one check in five seconds", async () => {
  let nowMs = NOW_MS;
  const check = jest.fn(fine);
  const { health } = setUp({ work_queue: check }, () => nowMs);
  await Promise.all([health(), health(), health("readiness")]);
  nowMs += CHECKS_KEPT_MS - 1;
  await health();
  expect(check).toHaveBeenCalledTimes(1);
  nowMs += 1;
  await health();
  expect(check).toHaveBeenCalledTimes(2);
});
