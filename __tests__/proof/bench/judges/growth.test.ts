import fc from "fast-check";
import {
  growthExponent,
  growthFigures,
  growthText,
  type Growth,
  type RequestsSize,
} from "../../../../bench/growth-figures";

const use = (ms: number) => ({ calls: 1, items: 1, ms });
const size = (requests: number, overrides: Partial<RequestsSize> = {}): RequestsSize => ({
  requests,
  status: use(1),
  claim: use(2),
  search: { calls: 16, items: 20, ms: 30 },
  ...overrides,
});
const GROWTH: Growth = {
  deployments: [1, 10, 50].map((deployments) => ({
    deployments,
    ms: 2_000 * deployments,
    peakMiB: 200 + 10 * deployments,
    resources: 80 * deployments,
  })),
  requests: [size(1_000), size(10_000), size(100_000)],
};

test("the exponent of a power is found, whatever its factor", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -2, max: 3, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      (power, factor) => {
        expect(growthExponent([1, 10, 50].map((each) => [each, factor * each ** power]))).toBeCloseTo(power, 6);
      },
    ),
  );
});

test.each([
  [[[1, 5]]],
  [
    [
      [1, 5],
      [2, 0],
    ],
  ],
  [
    [
      [0, 5],
      [2, 5],
    ],
  ],
] as [(readonly [number, number])[]][])("the growth over %j is refused", (points) => {
  expect(() => growthExponent(points)).toThrow("is unknown; expected two sizes or more, each with a value above 0");
});

test("linear plans and constant reads hold", () => {
  const { figures, charts } = growthFigures(GROWTH);
  expect(figures.map(({ holds }) => holds)).toEqual([true, true, true, true, true]);
  expect(figures[0]).toMatchObject({
    compares: "plan time, 1, 10, 50 deployments in one root",
    measured: "2.0, 20.0, 100 s (power up to 1.00; 2.0 s a deployment)",
    mustReach: "power <= 1.1",
  });
  expect(figures[4]).toMatchObject({
    compares: "sweeper's search, 1,000 / 10,000 / 100,000 requests in the table",
    measured: "16 calls, 20 items; 30.0 / 30.0 / 30.0 ms (power 0.00)",
  });
  expect(charts.map(({ title, categories }) => [title, categories.length])).toEqual([
    ["Plan of deployments in one root", 3],
    ["Memory of the plan", 3],
    ["Requests in the table", 3],
  ]);
  expect(growthText(GROWTH, figures)).toContain("plans that make 80, 800, 4000 resources");
});

test("a long start hides no growth after it: the steepest step counts", () => {
  const times = [10_000, 10_500, 10_500 * 5 ** 1.2];
  const { figures } = growthFigures({
    ...GROWTH,
    deployments: GROWTH.deployments.map((each, index) => ({ ...each, ms: times[index]! })),
  });
  expect(growthExponent([1, 10, 50].map((each, index) => [each, times[index]!]))).toBeLessThan(1);
  expect(figures[0]).toMatchObject({ holds: false, measured: expect.stringContaining("(power up to 1.20;") as string });
});

test("plans whose time grows by the square are a miss", () => {
  const { figures } = growthFigures({
    ...GROWTH,
    deployments: GROWTH.deployments.map((each) => ({ ...each, ms: 10 * each.deployments ** 2 })),
  });
  expect(figures[0]).toMatchObject({
    holds: false,
    measured: expect.stringContaining("(power up to 2.00; 0.5 s a deployment)") as string,
  });
});

test.each([
  ["calls", size(100_000, { search: { calls: 17, items: 20, ms: 30 } }), 4],
  ["items", size(100_000, { status: { calls: 1, items: 2, ms: 1 } }), 2],
] as const)("an operation that asks for more %s in a larger table is a miss, however fast", (_, last, index) => {
  expect(
    growthFigures({ ...GROWTH, requests: [size(1_000), last] })
      .figures.map(({ holds }) => holds)
      .indexOf(false),
  ).toBe(index);
});

test("what cannot be measured is said to be not measured, and holds nothing", () => {
  const { figures, charts } = growthFigures({
    deployments: GROWTH.deployments.map((each) => ({ ...each, peakMiB: undefined })),
    requests: undefined,
  });
  expect(figures.slice(1).map(({ measured, holds }) => [measured, holds])).toEqual(
    Array.from({ length: 4 }, () => ["not measured", undefined]),
  );
  expect(figures[4]?.cause).toBe("dynalite is not installed: npm ci in a clone of the project");
  expect(charts).toHaveLength(2);
});
