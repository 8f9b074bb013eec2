import * as fc from "fast-check";
import { costPerRequest, type Measured } from "../../../scripts/cost/per-request";

const MEASURED: Measured = {
  requests: 100,
  functions: [
    { invocations: 100, durationMsSum: 6_000_000, initMsSum: 4_000, memoryMiB: 3_072 },
    { invocations: 1_100, durationMsSum: 27_500, initMsSum: 600, memoryMiB: 512 },
  ],
  apiCalls: 3_100,
  cacheHours: 1,
  reads: 1_600,
  writes: 6_600,
  inputTokens: 2_800_000,
  outputTokens: 420_000,
  usdPer1000InputTokens: 0.003,
  usdPer1000OutputTokens: 0.015,
};

test("an hour of 100 requests is reckoned by hand", () => {
  const { parts, totalUsd } = costPerRequest(MEASURED);
  expect(parts.tokens).toBeCloseTo(0.147, 12);
  // (6,000 s x 3 GB + 27.5 s x 0.5 GB) x 0.0000133334 / 100
  expect(parts.duration).toBeCloseTo((18_013.75 * 0.0000133334) / 100, 12);
  expect(parts.init).toBeCloseTo(((4 * 3 + 0.6 * 0.5) * 0.0000133334) / 100, 12);
  expect(parts.lambdaRequests).toBeCloseTo((1_200 * 0.0000002) / 100, 12);
  expect(parts.apiCalls).toBeCloseTo((3_100 * 0.0000035) / 100, 12);
  expect(parts.cache).toBeCloseTo(0.02 / 100, 12);
  expect(parts.database).toBeCloseTo((1_600 * 0.000000125 + 6_600 * 0.000000625) / 100, 12);
  expect(totalUsd).toBeCloseTo(0.1498, 3);
});

test("8 s at 512 MB on x86 cost $0.0000669", () => {
  const one = { invocations: 1, durationMsSum: 8_000, initMsSum: 0, memoryMiB: 512, architecture: "x86_64" } as const;
  const nothing = { apiCalls: 0, cacheHours: 0, reads: 0, writes: 0, inputTokens: 0, outputTokens: 0 };
  expect(costPerRequest({ ...MEASURED, ...nothing, requests: 1, functions: [one] }).totalUsd).toBeCloseTo(
    0.0000668668,
    12,
  );
});

test("kept environments are paid for whether they run or not", () => {
  const kept = { ...MEASURED.functions[0]!, provisionedGbSeconds: 3 * 3_600 };
  expect(costPerRequest({ ...MEASURED, functions: [kept] }).parts.provisioned).toBeCloseTo(
    (3 * 3_600 * 0.0000033333) / 100,
    12,
  );
});

test("more of anything never costs less, and the parts' sum is the total", () => {
  const names = ["apiCalls", "cacheHours", "reads", "writes", "inputTokens", "outputTokens"] as const;
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.double({ min: 1, max: 1_000, noNaN: true }), (name, times) => {
      const more = costPerRequest({ ...MEASURED, [name]: MEASURED[name] * times });
      expect(more.totalUsd).toBeGreaterThanOrEqual(costPerRequest(MEASURED).totalUsd * (1 - 1e-12));
      expect(
        Object.values(more.parts)
          .reverse()
          .reduce((sum, usd) => sum + usd, 0) / more.totalUsd,
      ).toBeCloseTo(1, 9);
    }),
  );
});

test("another region's substitutes are told", () => {
  expect(costPerRequest({ ...MEASURED, region: "eu-west-1" }).substitutes).toContain(
    'price of us-east-1 used for "REST API call" in region eu-west-1',
  );
});

test.each([0, -1, NaN])("a window of %p requests has no cost of one", (requests) => {
  expect(() => costPerRequest({ ...MEASURED, requests })).toThrow(
    `There were ${requests} requests in the window; allowed: at least one.`,
  );
});
