import { report, type CacheBench } from "../../../../scripts/commands/bench/cache";

const pattern = (intervalSeconds: number, pollers: number) => ({ intervalSeconds, pollers });
const bench = (hits = 96, hitsWithout = 0): CacheBench => ({
  on: [{ pattern: pattern(1, 1), polls: 120, hits }, { pattern: pattern(1, 10), polls: 1_200, hits: 1_176 }],
  off: [{ pattern: pattern(1, 1), polls: 120, hits: hitsWithout }, { pattern: pattern(1, 10), polls: 1_200, hits: 0 }],
});

test("rates that are what arithmetic gives pass, and are told with the polls that reach a function and what the promises need", () => {
  const { exitCode, text, json } = report(bench());
  expect(exitCode).toBe(0);
  expect(text).toMatch(/ok +1 s +1 +120\/120 +24\/120 +80\.0 % +80\.0 %/);
  expect(text).toMatch(/ok +1 s +10 +1200\/1200 +24\/1200 +98\.0 % +98\.0 %/);
  expect(text).toContain("70 % needs more than a poll every 1.67 s at one request");
  expect(text).toContain("90 % needs more than a poll every 0.56 s at one request");
  expect(json).toMatchObject({ bench: "cache", holds: true });
});

test.each([
  ["more than two points below arithmetic", bench(93)],
  ["more than two points above it, which no cache of that TTL can be", bench(99)],
  ["a hit without the cache", bench(96, 1)],
  ["no pattern", { on: [], off: [] }],
])("%s is exit code 1", (_, measured) => {
  expect(report(measured).exitCode).toBe(1);
});
