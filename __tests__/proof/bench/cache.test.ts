import { report, type CacheBench } from "../../../bench/cache";

const pattern = (intervalSeconds: number, pollers: number) => ({ intervalSeconds, pollers });
const bench = (hits = 96, hitsWithout = 0): CacheBench => ({
  on: [
    { pattern: pattern(1, 1), polls: 120, hits },
    { pattern: pattern(1, 10), polls: 1_200, hits: 1_176 },
  ],
  off: [
    { pattern: pattern(1, 1), polls: 120, hits: hitsWithout },
    { pattern: pattern(1, 10), polls: 1_200, hits: 0 },
  ],
});

test("rates that are what arithmetic gives pass, and are told with the polls that reach a function and what the promises need", () => {
  const { exitCode, text, json } = report(bench());
  expect(exitCode).toBe(0);
  expect(text).toMatch(
    /ok +80\.0 % hits +polls that reach a function, cache off \/ on, 1 x every 1 s \(120 of 120 \/ 24 of 120\); must reach within 2 points; limit 80\.0 %/,
  );
  expect(text).toMatch(/ok +98\.0 % hits .* 10 x every 1 s \(1200 of 1200 \/ 24 of 1200\).*limit 98\.0 %/);
  expect(text).toMatch(/1\.67 s +longest time between polls of one request that still reaches 70 %/);
  expect(text).toMatch(/0\.56 s +longest time between polls of one request that still reaches 90 %/);
  expect(json).toMatchObject({ bench: "cache", holds: true });
});

test.each([
  ["more than two points below arithmetic", bench(93)],
  ["more than two points above it, which no cache of that TTL can be", bench(99)],
  ["a hit without the cache", bench(96, 1)],
])("%s is exit code 1", (_, measured) => {
  expect(report(measured).exitCode).toBe(1);
});

test("nothing polled is an error, not a success", () => {
  expect(() => report({ on: [], off: [] })).toThrow("No pattern was polled; the benchmark cache needs one");
});
