import { fitMixture, upperShareAt } from "../../../../scripts/judges/statistics/mixture";
import { normalQuantile } from "../../../../scripts/judges/statistics/normal-quantile";

const normal = (count: number, mean: number, deviation: number) =>
  Array.from({ length: count }, (_, index) => mean + deviation * normalQuantile((index + 0.5) / count));
const points = (values: readonly number[], weight = 1) => ({
  values: Float64Array.from(values).sort(),
  weights: new Float64Array(values.length).fill(weight),
});

test("two normal distributions are found again", () => {
  const {
    components: [low, high],
    deltaBic,
  } = fitMixture(points([...normal(300, 2, 0.3), ...normal(100, 5, 0.5)]));
  expect([low.mean, low.deviation, low.weight]).toEqual([
    expect.closeTo(2, 1),
    expect.closeTo(0.3, 1),
    expect.closeTo(0.75, 2),
  ]);
  expect([high.mean, high.deviation, high.weight]).toEqual([
    expect.closeTo(5, 1),
    expect.closeTo(0.5, 1),
    expect.closeTo(0.25, 2),
  ]);
  expect(deltaBic).toBeGreaterThan(300);
});

test("one normal distribution is not better told by two", () => {
  expect(fitMixture(points(normal(400, 2, 0.3))).deltaBic).toBeLessThan(0);
});

test("a value with a weight counts as that many values", () => {
  const values = [...normal(30, 2, 0.3), ...normal(10, 4, 0.3)];
  const tripled = fitMixture(points([...values, ...values, ...values]));
  const weighted = fitMixture(points(values, 3));
  expect(weighted.deltaBic).toBeCloseTo(tripled.deltaBic, 3);
  expect(weighted.components[1].mean).toBeCloseTo(tripled.components[1].mean, 6);
});

test("repeated values end in numbers, not in infinity", () => {
  const { components, deltaBic } = fitMixture(
    points([...Array.from({ length: 50 }, () => 4), ...Array.from({ length: 50 }, () => 4.001)]),
  );
  for (const figure of [deltaBic, ...components.flatMap(({ mean, deviation, weight }) => [mean, deviation, weight])])
    expect(Number.isFinite(figure)).toBe(true);
});

test("half-way between two equal components both are as likely", () => {
  expect(
    upperShareAt(
      [
        { mean: 1, deviation: 1, weight: 0.5 },
        { mean: 3, deviation: 1, weight: 0.5 },
      ],
      2,
    ),
  ).toBeCloseTo(0.5, 12);
});
