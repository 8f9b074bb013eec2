import type { AppliedApiKey } from "../../../../scripts/emulator/applied/api";
import { nameOfPeriod, Throttle } from "../../../../scripts/emulator/gateway/throttle";
import { route } from "./gateway-fixtures";

const KEY: AppliedApiKey = {
  id: "k",
  value: "v",
  plan: { id: "p", throttle: { rate: 1, burst: 1 }, quota: undefined },
};

test("a method without a limit is never throttled", () => {
  const throttle = new Throttle(() => 0);
  for (let request = 0; request < 1_000; request += 1) expect(throttle.check(route(), undefined)).toBeUndefined();
});

test("a key's own limit holds over all methods and fills at its rate", () => {
  let now = 0;
  const throttle = new Throttle(() => now);
  const check = () => throttle.check(route(), KEY)?.type;
  expect([check(), check()]).toEqual([undefined, "THROTTLED"]);
  now = 999;
  expect(check()).toBe("THROTTLED");
  now = 1_000;
  expect(check()).toBeUndefined();
});

test("a quota starts again with its period", () => {
  let now = Date.UTC(2026, 0, 1, 23, 59);
  const throttle = new Throttle(() => now);
  const key: AppliedApiKey = { ...KEY, plan: { id: "p", throttle: undefined, quota: { limit: 1, period: "DAY" } } };
  expect([throttle.check(route(), key)?.type, throttle.check(route(), key)?.type]).toEqual([
    undefined,
    "QUOTA_EXCEEDED",
  ]);
  now += 60_000;
  expect(throttle.check(route(), key)).toBeUndefined();
});

test("a week begins on Sunday", () => {
  const week = (day: number) => nameOfPeriod(Date.UTC(2026, 0, day), "WEEK");
  expect([week(3) === week(4), week(4) === week(10), week(10) === week(11)]).toEqual([false, true, false]); // The 4th was a Sunday.
  expect(nameOfPeriod(Date.UTC(2026, 0, 4), "MONTH")).toBe("2026-01");
});
