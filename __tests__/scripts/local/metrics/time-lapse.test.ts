import { REAL_TIME, timeLapse } from "../../../../scripts/local/metrics/time-lapse";

test("from the origin on a minute of metrics passes in a part of a real one, and what was before stays", () => {
  const lapse = timeLapse(30, 1_000_000);
  expect([999_000, 1_000_000, 1_002_000].map(lapse.at)).toEqual([999_000, 1_000_000, 1_060_000]);
  expect(lapse.real(60_000)).toBe(2_000);
});

test("real time is as it is", () => expect([REAL_TIME.at(5), REAL_TIME.real(7)]).toEqual([5, 7]));

test.each([0.5, 0, -1, NaN, Infinity])("a time-lapse of %p is refused", (factor) => {
  expect(() => timeLapse(factor, 0)).toThrow(
    `The time-lapse is ${factor} times as fast; allowed: a number from 1 on, such as 30.`,
  );
});
