import { isHopeless, turnsOf } from "../../../scripts/tune/measure";

test("sizes take turns, so that a slow hour is slow for all of them; one run more than asked is the cold one", () => {
  expect(turnsOf([256, 512], 2)).toEqual([
    { memoryMiB: 256, round: 0 },
    { memoryMiB: 512, round: 0 },
    { memoryMiB: 256, round: 1 },
    { memoryMiB: 512, round: 1 },
    { memoryMiB: 256, round: 2 },
    { memoryMiB: 512, round: 2 },
  ]);
});

test("a size is given up at its third failure, where it fails more often than not", () => {
  const runs = (pattern: string) => [...pattern].map((each) => ({ failure: each === "x" ? "timeout" : null }));
  expect(isHopeless(runs("xx"))).toBe(false);
  expect(isHopeless(runs("xxx"))).toBe(true);
  expect(isHopeless(runs("xx.x"))).toBe(true);
  expect(isHopeless(runs("...xxx"))).toBe(false);
});
