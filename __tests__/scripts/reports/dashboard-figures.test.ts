import fc from "fast-check";
import { dayTime, figureText, markText, timeMarks, valueMarks } from "../../../scripts/reports/dashboard-figures";

test.each([
  [90_000, "ms", "90.00 s", "90 s"],
  [4.2, "ms", "4.20 ms", "4.2 ms"],
  [12.345, "percent", "12.3 %", "12.35 %"],
  [1_234_567, "count", "1,234,567", "1.235 M"],
  [3.5, "count", "3.5", "3.5"],
  [0.004_212, "USD", "$0.00421", "$0.004212"],
  [0, "USD", "$0", "0"],
  [40, "s", "40 s", "40 s"],
  [0.025, "share", "0.025", "0.025"],
])("%p %s is %s, and at an axis %s", (value, unit, figure, mark) => {
  expect(figureText(value, unit)).toBe(figure);
  expect(markText(value, unit)).toBe(mark);
});

test("a time is told in UTC", () => expect(dayTime(Date.UTC(2026, 10, 20, 14, 5))).toBe("2026-11-20 14:05"));

test("the marks of a window are round times in it, and days where they are days apart", () => {
  const start = Date.UTC(2026, 10, 20, 9, 30);
  const hours = timeMarks(start, start + 6 * 3_600_000, 5);
  expect(hours.marks.map(hours.text)).toEqual(["10:00", "12:00", "14:00"]);
  const days = timeMarks(start, start + 4 * 86_400_000, 5);
  expect(days.marks.map(days.text)).toEqual(["11-21", "11-22", "11-23", "11-24"]);
});

test("the marks of values hold the smallest and the largest, begin at 0 or below, and are few", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const marks = valueMarks(low, high);
        expect(marks[0]).toBe(0);
        expect(marks.at(-1)!).toBeGreaterThanOrEqual(high * 0.9999);
        expect(marks.length).toBeGreaterThanOrEqual(2);
        expect(marks.length).toBeLessThanOrEqual(6);
      },
    ),
  );
  expect(valueMarks(0, 0)).toEqual([0, 1]);
  expect(valueMarks(-3, 10)[0]).toBeLessThanOrEqual(-3);
});
