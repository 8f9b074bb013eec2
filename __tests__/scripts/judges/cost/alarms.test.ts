import { alarmSetCost } from "../../../../scripts/judges/cost/alarms";

test("three alarms of one metric cost $0.30 a month", () => {
  expect(alarmSetCost([{ metrics: 1 }, { metrics: 1 }, { metrics: 1 }])).toBeCloseTo(0.3, 12);
});

test("six alarms of two metrics below three composite ones cost $2.70 a month", () => {
  // 6 x 2 x 0.10 + 3 x 0.50
  const children = Array.from({ length: 6 }, () => ({ metrics: 2 }));
  const parents = Array.from({ length: 3 }, () => ({ metrics: 0, composite: true }));
  expect(alarmSetCost([...children, ...parents])).toBeCloseTo(2.7, 12);
});

test("a metric in a high-resolution alarm costs $0.30", () => {
  expect(alarmSetCost([{ metrics: 2, highResolution: true }])).toBeCloseTo(0.6, 12);
});

test("no alarms cost nothing", () => {
  expect(alarmSetCost([])).toBe(0);
});

test.each([-1, 0.5, NaN])("an alarm of %p metrics is refused", (metrics) => {
  expect(() => alarmSetCost([{ metrics }])).toThrow(
    `An alarm reads ${metrics} metrics; allowed: a whole number from 0`,
  );
});
