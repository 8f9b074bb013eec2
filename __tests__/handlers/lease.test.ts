import { holdLease, LEASE_MS, LeaseLostError, RENEW_EVERY_MS, type LeaseParts } from "../../handlers/lease";
import { NotNeeded } from "../../handlers/resilience/guard";
import type { RequestRecord } from "../../handlers/stores/requests";
import { keepingLog, newRequest, NOW_MS, REQUEST_ID } from "./fixtures";

const request: RequestRecord = { ...newRequest(), status: "processing", updatedAt: "", sent: true, attempt: 2, requeues: 0 };

beforeEach(() => jest.useFakeTimers({ now: NOW_MS }));
afterEach(() => jest.useRealTimers());

function hold(renew: LeaseParts["requests"]["renew"], nowMs = () => Date.now()) {
  const { log, records } = keepingLog();
  return { records, lease: holdLease({ requests: { renew }, nowMs, log }, request, nowMs() + LEASE_MS) };
}
const away = () => Promise.reject(new Error("no network"));

test("a lease is renewed every ten seconds, each time for thirty more", async () => {
  const renew = jest.fn(async () => true);
  const { lease, records } = hold(renew);
  await jest.advanceTimersByTimeAsync(3 * RENEW_EVERY_MS);
  const untilMs = [40_000, 50_000, 60_000].map((ms) => NOW_MS + ms);
  expect(renew.mock.calls).toEqual(untilMs.map((until) => [REQUEST_ID, 2, until, expect.any(AbortSignal)]));
  expect(lease.signal.aborted).toBe(false);
  expect(records).toEqual([]);
  lease.end();
});

test("a lease that has ended is not renewed any more", async () => {
  const renew = jest.fn(async () => true);
  hold(renew).lease.end();
  await jest.advanceTimersByTimeAsync(10 * RENEW_EVERY_MS);
  expect(renew).not.toHaveBeenCalled();
});

test("where another worker took over, the work is told that nobody needs it, and the renewing ends", async () => {
  const renew = jest.fn(async () => false);
  const { lease } = hold(renew);
  await jest.advanceTimersByTimeAsync(5 * RENEW_EVERY_MS);
  expect(renew).toHaveBeenCalledTimes(1);
  expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
  expect(lease.signal.reason).toBeInstanceOf(NotNeeded);
  expect(lease.signal.reason).toMatchObject({ message: "Another worker took the request over" });
});

test("two renewals may fail, and the third one saves the lease", async () => {
  const renew = jest.fn<Promise<boolean>, []>().mockImplementationOnce(away).mockImplementationOnce(away).mockResolvedValue(true);
  const { lease, records } = hold(renew);
  await jest.advanceTimersByTimeAsync(6 * RENEW_EVERY_MS);
  expect(lease.signal.aborted).toBe(false);
  expect(records).toMatchObject([
    { level: "warn", event: "renew_failed", fields: { request_id: REQUEST_ID, attempt: 2, error: { message: "no network" } } },
    { event: "renew_failed" },
  ]);
  lease.end();
});

test("where three fail the lease has run out, and the work stops", async () => {
  const { lease } = hold(away);
  await jest.advanceTimersByTimeAsync(2 * RENEW_EVERY_MS);
  expect(lease.signal.aborted).toBe(false);
  await jest.advanceTimersByTimeAsync(RENEW_EVERY_MS);
  expect(lease.signal.reason).toMatchObject({ message: "The lease ran out, as no renewal got through" });
});

test("a renewal that hangs is given up before the next one", async () => {
  const signals: AbortSignal[] = [];
  const { lease } = hold((_id, _attempt, _until, signal) => {
    if (signal) signals.push(signal);
    return new Promise(() => undefined);
  });
  await jest.advanceTimersByTimeAsync(2 * RENEW_EVERY_MS - 1);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  await jest.advanceTimersByTimeAsync(RENEW_EVERY_MS + 5_001);
  expect(lease.signal.aborted).toBe(true);
});

test("after a freeze that outlasted the lease, it goes on only where nobody took over", async () => {
  for (const nobodyTookOver of [true, false]) {
    let frozenMs = 0;
    const { lease } = hold(async () => nobodyTookOver, () => Date.now() + frozenMs);
    frozenMs = 30 * 60_000;
    await jest.advanceTimersByTimeAsync(RENEW_EVERY_MS);
    expect(lease.signal.aborted).toBe(!nobodyTookOver);
    lease.end();
  }
});
