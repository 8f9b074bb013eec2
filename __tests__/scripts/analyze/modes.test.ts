import { computeSarle, findModes, fitMixture } from "../../../scripts/analyze/modes";
import { normalQuantile } from "../../../scripts/kit/quantiles";
import { seededRandom } from "../../../scripts/kit/random";

describe("mixture", () => {
  const normal = (count: number, mean: number, deviation: number) =>
    Array.from({ length: count }, (_, index) => mean + deviation * normalQuantile((index + 0.5) / count));
  const points = (values: readonly number[], weight = 1) => ({
    values: Float64Array.from(values).sort(),
    weights: new Float64Array(values.length).fill(weight),
  });

  test("both of two normal distributions are found", () => {
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

  test("two components fit one normal distribution no better than one", () => {
    expect(fitMixture(points(normal(400, 2, 0.3))).deltaBic).toBeLessThan(0);
  });

  test("a value with a weight of 3 counts as three values", () => {
    const values = [...normal(30, 2, 0.3), ...normal(10, 4, 0.3)];
    const tripled = fitMixture(points([...values, ...values, ...values]));
    const weighted = fitMixture(points(values, 3));
    expect(weighted.deltaBic).toBeCloseTo(tripled.deltaBic, 3);
    expect(weighted.components[1].mean).toBeCloseTo(tripled.components[1].mean, 6);
  });

  test("repeated values give finite figures", () => {
    const { components, deltaBic } = fitMixture(
      points([...Array.from({ length: 50 }, () => 4), ...Array.from({ length: 50 }, () => 4.001)]),
    );
    for (const figure of [deltaBic, ...components.flatMap(({ mean, deviation, weight }) => [mean, deviation, weight])])
      expect(Number.isFinite(figure)).toBe(true);
  });
});

describe("modes", () => {
  const logNormal = (random: () => number, count: number, medianMs: number, deviation: number) =>
    Array.from({ length: count }, () => medianMs * Math.exp(deviation * normalQuantile(Math.max(1e-12, random()))));
  const sorted = (values: readonly number[]) => Float64Array.from(values).sort();

  test("Sarle's coefficient equals the one from SciPy's unbiased skew and kurtosis", () => {
    expect(computeSarle([1, 2, 2, 3, 9, 10, 10.5, 11])).toBeCloseTo(0.42703325149563576, 12);
    expect(computeSarle([5, 5, 5, 5, 5])).toBeUndefined();
  });

  test("the boundary between two equal modes is their geometric mean", () => {
    const logs = Array.from({ length: 100 }, (_, index) => 0.2 * normalQuantile((index + 0.5) / 100));
    const { splitMs } = findModes(sorted(logs.flatMap((log) => [1_000 * Math.exp(log), 16_000 * Math.exp(log)])));
    expect(splitMs! / 4_000).toBeCloseTo(1, 3);
  });

  test("two modes are found where there are two, with their centres and shares", () => {
    const random = seededRandom(1);
    const { verdict, modes, splitMs } = findModes(
      sorted([...logNormal(random, 200, 6_000, 0.25), ...logNormal(random, 100, 40_000, 0.25)]),
    );
    expect(verdict).toBe("two");
    expect(modes[0]!.centreMs / 6_000).toBeCloseTo(1, 1);
    expect(modes[1]!.centreMs / 40_000).toBeCloseTo(1, 1);
    expect(modes[0]!.sharePercent).toBeCloseTo(66.7, 0);
    expect(splitMs).toBeGreaterThan(10_000);
    expect(splitMs).toBeLessThan(25_000);
  });

  describe("a single mode is called two at most once in a hundred sets of 300", () => {
    const sets: Readonly<Record<string, (random: () => number) => number>> = {
      "log-normal, narrow": (random) => 8_000 * Math.exp(0.3 * normalQuantile(random() + 1e-12)),
      "log-normal, wide": (random) => 8_000 * Math.exp(0.9 * normalQuantile(random() + 1e-12)),
      exponential: (random) => -8_000 * Math.log(1 - random()),
    };
    test.each(Object.entries(sets))("%s", (_name, draw) => {
      const random = seededRandom(3);
      const verdicts = Array.from(
        { length: 100 },
        () => findModes(sorted(Array.from({ length: 300 }, () => draw(random)))).verdict,
      );
      expect(verdicts.filter((verdict) => verdict === "two").length).toBeLessThanOrEqual(1);
    });
  });

  test("a true mix of 30 % at 2 s and 70 % at 20 s is found in every set of 300", () => {
    const random = seededRandom(4);
    for (let set = 0; set < 40; set++)
      expect(
        findModes(sorted([...logNormal(random, 90, 2_000, 0.3), ...logNormal(random, 210, 20_000, 0.3)])).verdict,
      ).toBe("two");
  });

  test("the verdict is unclear where the methods differ", () => {
    // Uniform on a logarithmic scale: no mode at all.
    const uniform = Float64Array.from({ length: 400 }, (_, index) => 1_000 * Math.exp(index / 200));
    expect(findModes(uniform)).toMatchObject({ verdict: "unclear" });
  });

  test("few runs, and runs that all took the same time, get no fit", () => {
    expect(findModes(Float64Array.from({ length: 19 }, (_, index) => index + 1))).toMatchObject({
      verdict: "too few",
      modes: [],
      fittedTo: "nothing: 19 of the 20 runs that it takes",
    });
    expect(findModes(new Float64Array(50).fill(1_000))).toMatchObject({ verdict: "one", modes: [], sarle: null });
  });

  test("many runs are fitted in bins, with the same result as run by run", () => {
    const random = seededRandom(5);
    const few = sorted([...logNormal(random, 1_300, 6_000, 0.25), ...logNormal(random, 700, 40_000, 0.25)]);
    const many = Float64Array.from({ length: few.length * 10 }, (_, index) => few[Math.floor(index / 10)]!);
    const [one, binned] = [findModes(few), findModes(many)];
    expect(one.fittedTo).toBe("every run");
    expect(binned.fittedTo).toContain("2048 bins");
    for (const index of [0, 1]) expect(binned.modes[index]!.centreMs).toBeCloseTo(one.modes[index]!.centreMs, -1.5);
  });

  test("durations of 0 have a verdict", () =>
    expect(findModes(new Float64Array(30).map((_, index) => (index < 15 ? 0 : 5))).verdict).toBeDefined());
});
