import { holdLease, LEASE_MS, LeaseLostError, RENEW_EVERY_MS, type LeaseParts } from "../../../handlers/requests/lease";
import { NotNeededError } from "../../../handlers/aws/guards";
import type { RequestRecord } from "../../../handlers/requests/requests";
import { countTime, pass } from "../counted-time";
import { keepingLog, newRequest, NOW_MS, REQUEST_ID } from "../fixtures";

const request: RequestRecord = {
  ...newRequest(),
  status: "processing",
  updatedAt: "",
  sent: true,
  attempt: 2,
  requeues: 0,
};

countTime();

function hold(renew: LeaseParts["requests"]["renew"], nowMs = () => Date.now()) {
  const { log, records } = keepingLog();
  return { records, lease: holdLease({ requests: { renew }, nowMs, log }, request, nowMs() + LEASE_MS) };
}
const away = () => Promise.reject(new Error("no network"));

test("a lease is renewed every ten seconds, each time for thirty more", async () => {
  const renew = jest.fn(async () => true);
  const { lease, records } = hold(renew);
  await pass(3 * RENEW_EVERY_MS);
  const untilMs = [40_000, 50_000, 60_000].map((ms) => NOW_MS + ms);
  expect(renew.mock.calls).toEqual(untilMs.map((until) => [request, until, expect.any(AbortSignal)]));
  expect(lease.signal.aborted).toBe(false);
  expect(records).toEqual([]);
  lease.end();
});

test("a lease that has ended is not renewed any more", async () => {
  const renew = jest.fn(async () => true);
  hold(renew).lease.end();
  await pass(10 * RENEW_EVERY_MS);
  expect(renew).not.toHaveBeenCalled();
});

test("where another worker took over, the work is told that nobody needs it, and the renewing ends", async () => {
  const renew = jest.fn(async () => false);
  const { lease } = hold(renew);
  await pass(5 * RENEW_EVERY_MS);
  expect(renew).toHaveBeenCalledTimes(1);
  expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
  expect(lease.signal.reason).toBeInstanceOf(NotNeededError);
  expect(lease.signal.reason).toMatchObject({ message: "Another worker took the request over" });
});

test("two renewals may fail, and the third one saves the lease", async () => {
  const renew = jest
    .fn<Promise<boolean>, []>()
    .mockImplementationOnce(away)
    .mockImplementationOnce(away)
    .mockResolvedValue(true);
  const { lease, records } = hold(renew);
  await pass(6 * RENEW_EVERY_MS);
  expect(lease.signal.aborted).toBe(false);
  expect(records).toMatchObject([
    {
      level: "warn",
      event: "renew_failed",
      fields: { request_id: REQUEST_ID, attempt: 2, error: { message: "no network" } },
    },
    { event: "renew_failed" },
  ]);
  lease.end();
});

test("each renewal that gets through gives the lease its whole time again", async () => {
  const renew = jest
    .fn<Promise<boolean>, []>()
    .mockResolvedValueOnce(true)
    .mockResolvedValueOnce(true)
    .mockResolvedValueOnce(true)
    .mockImplementation(away);
  const { lease } = hold(renew);
  await pass(5 * RENEW_EVERY_MS);
  expect(lease.signal.aborted).toBe(false);
  await pass(RENEW_EVERY_MS);
  expect(lease.signal.reason).toMatchObject({ message: "The lease ran out, because all renewals failed" });
});

test("where three fail the lease has run out, and the work stops", async () => {
  const { lease } = hold(away);
  await pass(2 * RENEW_EVERY_MS);
  expect(lease.signal.aborted).toBe(false);
  await pass(RENEW_EVERY_MS);
  expect(lease.signal.reason).toMatchObject({ message: "The lease ran out, because all renewals failed" });
});

test("a renewal that hangs is given up before the next one", async () => {
  const signals: AbortSignal[] = [];
  const { lease } = hold((_held, _until, signal) => {
    if (signal) signals.push(signal);
    return new Promise(() => undefined);
  });
  await pass(2 * RENEW_EVERY_MS - 1);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  await pass(RENEW_EVERY_MS + 5_001);
  expect(lease.signal.aborted).toBe(true);
});

test("after a freeze that outlasted the lease, it goes on only where nobody took over", async () => {
  for (const nobodyTookOver of [true, false]) {
    let frozenMs = 0;
    const { lease } = hold(
      async () => nobodyTookOver,
      () => Date.now() + frozenMs,
    );
    frozenMs = 30 * 60_000;
    await pass(RENEW_EVERY_MS);
    expect(lease.signal.aborted).toBe(!nobodyTookOver);
    lease.end();
  }
});
