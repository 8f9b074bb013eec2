import { isHopeless, orderTurns } from "../../../scripts/tune/measure";

test("sizes take turns, and each has one run more than asked, which is the cold one", () => {
  expect(orderTurns([256, 512], 2)).toEqual([
    { memoryMiB: 256, round: 0 },
    { memoryMiB: 512, round: 0 },
    { memoryMiB: 256, round: 1 },
    { memoryMiB: 512, round: 1 },
    { memoryMiB: 256, round: 2 },
    { memoryMiB: 512, round: 2 },
  ]);
});

test("a size is given up from its third failure on where most of its runs fail", () => {
  const runs = (pattern: string) => [...pattern].map((each) => ({ failure: each === "x" ? "timeout" : null }));
  expect(isHopeless(runs("xx"))).toBe(false);
  expect(isHopeless(runs("xxx"))).toBe(true);
  expect(isHopeless(runs("xx.x"))).toBe(true);
  expect(isHopeless(runs("...xxx"))).toBe(false);
});
