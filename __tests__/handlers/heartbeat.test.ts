import { pause } from "../../handlers/deadline";
import { openCounters } from "../../handlers/telemetry";
import { heartbeat, HOLD_MS, isHeartbeat, type HeartbeatParts } from "../../handlers/heartbeat";
import { gatewayEvent, keepingLog, settled, sqsBatch, WORK_QUEUE_ARN } from "./fixtures";

jest.mock("../../handlers/deadline", () => ({
  ...jest.requireActual<object>("../../handlers/deadline"),
  pause: jest.fn(async () => undefined),
}));
const waits = jest.mocked(pause);
afterEach(() => waits.mockClear());

function setUp(identify: HeartbeatParts["identify"] = async () => undefined) {
  const { log, records } = keepingLog();
  const counters = openCounters();
  return { counters, records, beat: () => heartbeat({ name: "api", identify, counters, log }) };
}

test("a heartbeat calls once, and tells in one line with what the process counted", async () => {
  const { counters, records, beat } = setUp();
  counters.add("PoolIdleDropped", 3);
  await beat();
  expect(records).toEqual([
    {
      level: "info",
      event: "heartbeat",
      fields: {},
      measured: [{ metrics: { PoolIdleDropped: 3, HeartbeatFailed: 0 }, dimensions: { Function: "api" } }],
    },
  ]);
});

test("one that fails never rejects, is logged with its cause and counted", async () => {
  const { records, beat } = setUp(() =>
    Promise.reject(Object.assign(new Error("no network"), { name: "TimeoutError" })),
  );
  await beat();
  expect(records).toMatchObject([
    {
      level: "warn",
      event: "heartbeat_failed",
      fields: { error: { name: "TimeoutError", message: "no network" } },
      measured: [{ metrics: { HeartbeatFailed: 1 }, dimensions: { Function: "api" } }],
    },
  ]);
});

test("a call that throws at once does not reject either", async () => {
  const { records, beat } = setUp(() => {
    throw new Error("no client");
  });
  await beat();
  expect(records).toMatchObject([{ event: "heartbeat_failed" }]);
});

test("a call that hangs is ended after 5 s", async () => {
  const timeout = jest.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort(new Error("5 s are over")));
  const { records, beat } = setUp(() => new Promise(() => undefined));
  await beat();
  expect(timeout).toHaveBeenCalledWith(5_000);
  expect(records).toMatchObject([{ event: "heartbeat_failed", fields: { error: { message: "5 s are over" } } }]);
  timeout.mockRestore();
});

test("it holds its environment for a quarter of a second, so that the next tick needs another", async () => {
  let end = () => undefined as void;
  waits.mockReturnValueOnce(new Promise((resolve) => (end = resolve)));
  const { records, beat } = setUp();
  const beaten = beat();
  await settled();
  expect(records).toEqual([]);
  end();
  await beaten;
  expect(records).toHaveLength(1);
  expect(waits.mock.calls).toEqual([[HOLD_MS]]);
  expect(HOLD_MS).toBe(250);
});

test("ticks that overlap or come twice do no harm: each tells its own line, and no count is told twice", async () => {
  const { counters, records, beat } = setUp();
  counters.add("PoolOpened");
  await Promise.all([beat(), beat(), beat()]);
  const told = records.flatMap(({ measured }) => measured?.map(({ metrics }) => metrics["PoolOpened"] ?? 0) ?? []);
  expect(told.sort()).toEqual([0, 0, 1]);
});

test("only EventBridge's own event is a heartbeat", () => {
  expect(isHeartbeat({ quickturn: "heartbeat" })).toBe(true);
  const others = [
    gatewayEvent(),
    sqsBatch(WORK_QUEUE_ARN, "{}"),
    { quickturn: "sweep" },
    { quickturn: "heartbeat", body: "x" },
    { ...gatewayEvent(), quickturn: "heartbeat" },
    { quickturn: ["heartbeat"] },
    ["heartbeat"],
    {},
    null,
    undefined,
    "heartbeat",
    JSON.stringify({ quickturn: "heartbeat" }),
  ];
  expect(others.filter(isHeartbeat)).toEqual([]);
});
