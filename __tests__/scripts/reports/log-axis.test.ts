import fc from "fast-check";
import { logAxis, markText } from "../../../scripts/reports/log-axis";

const texts = (values: readonly number[], most: number) => logAxis(values, most).marks.map(markText);

test("marks are round, and as dense as there is room for", () => {
  expect(texts([61_500, 247_300], 5)).toEqual(["70 s", "100 s", "200 s"]);
  expect(texts([61_500, 247_300], 11)).toEqual(["60 s", "70 s", "80 s", "90 s", "100 s", "150 s", "200 s"]);
  expect(texts([1, 900_000], 8)).toEqual(["1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s"]);
});

test("the axis holds every value with room around it, and no more marks than asked for", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 900_000, noNaN: true }), { minLength: 1 }),
      fc.integer({ min: 2, max: 12 }),
      (values, most) => {
        const { from, to, marks } = logAxis(values, most);
        expect(from).toBeLessThan(Math.log10(Math.min(...values)));
        expect(to).toBeGreaterThan(Math.log10(Math.max(...values)));
        expect(marks.length).toBeLessThanOrEqual(most);
        for (const mark of marks) expect(mark >= from && mark <= to).toBe(true);
      },
    ),
  );
});

test("a mark has its unit and no needless zeros", () =>
  expect([0.01, 1, 999.9, 1_500, 60_000].map((ms) => markText(Math.log10(ms)))).toEqual([
    "0.01 ms",
    "1 ms",
    "1 s",
    "1.5 s",
    "60 s",
  ]));
