import { chiSquaredQuantile } from "../../../../scripts/judges/statistics/chi-squared";

test.each([
  [1, 0.95, 3.841],
  [1, 0.99, 6.635],
  [4, 0.99, 13.277],
  [10, 0.95, 18.307],
  [30, 0.99, 50.892],
])("with %d degrees and %d it is about %d, as tables have it", (degrees, probability, value) => {
  expect(Math.abs(chiSquaredQuantile(degrees, probability) / value - 1)).toBeLessThan(degrees === 1 ? 0.06 : 0.01);
});

test("it takes a degree of freedom", () =>
  expect(() => chiSquaredQuantile(0, 0.9)).toThrow("Degrees of freedom are 0; allowed: a whole number from 1."));
