import { chooseBest, chooseSize, createRating, type Strategy } from "../../../scripts/tune/verdict";
import { PriceBook } from "../../../scripts/cost/prices";
import { seededRandom } from "../../../scripts/kit/random";
import type { TuningRun } from "../../../scripts/tune/run";
import { drawRuns, SHAPES } from "../../support/tuning-data";

describe("strategy", () => {
  const size = (memoryMiB: number, timeMs: number, usd: number) => ({ memoryMiB, timeMs, usd });
  const sizes = [size(256, 4_000, 10), size(512, 2_000, 10.2), size(1024, 1_500, 15), size(2048, 1_490, 30)];

  test("cost chooses the fastest of the sizes with about the least cost", () =>
    expect(chooseBest("cost", sizes).memoryMiB).toBe(512));
  test("speed chooses the cheapest of the sizes with about the least time", () =>
    expect(chooseBest("speed", sizes).memoryMiB).toBe(1024));
  test("balanced weighs shares of the greatest cost and the longest time", () => {
    expect(sizes.map(createRating("balanced", sizes)).map((value) => Number(value.toFixed(3)))).toEqual([
      0.667, 0.42, 0.438, 0.686,
    ]);
    expect(chooseBest("balanced", sizes).memoryMiB).toBe(512);
  });
});

describe("tuning", () => {
  const runsOf = (name: string, runsEach = 30, sizes?: readonly number[]) =>
    drawRuns(SHAPES.find((shape) => shape.name === name)!, runsEach, seededRandom(21), sizes);
  const question = (strategy: Strategy = "cost", coldStartShare = 0.05) => ({
    strategy,
    architecture: "x86_64" as const,
    prices: new PriceBook("us-east-1"),
    coldStartShare,
    draws: { resamples: 300, random: seededRandom(2) },
  });
  const even = (memoryMiB: number, durations: readonly number[], other: Partial<TuningRun> = {}): TuningRun[] =>
    durations.map((durationMs) => ({
      memoryMiB,
      durationMs,
      initMs: null,
      billedMs: null,
      usedMiB: 50,
      failure: null,
      ...other,
    }));

  test("a function that only waits gets the smallest size under every strategy, with a bound of the unseen difference", () => {
    const found = chooseSize(runsOf("waits for agents (8 s)"), question("speed"));
    expect(found).toMatchObject({
      verdict: "no_difference",
      model: "flat",
      chosenMiB: 128,
      choices: { cost: 128, speed: 128, balanced: 128 },
    });
    expect(found.reason).toMatch(
      /^Memory does not matter here: no size is significantly faster than another, and a smallest one that is slower by more than \d+\.\d % is excluded$/,
    );
    expect(found.sizes.every(({ asGood }) => asGood)).toBe(true);
  });

  test("a function that computes gets the memory that shortens it, and no more", () => {
    const runs = runsOf("computes on two threads");
    expect(chooseSize(runs, question("speed"))).toMatchObject({ verdict: "chosen", chosenMiB: 3008 });
    expect(
      chooseSize(runsOf("computes on one thread", 30, [512, 1024, 1769, 3008, 4096]), question("speed")).chosenMiB,
    ).toBe(1769);
  });

  test("a size that fails is left out with the reason, and the others are compared", () => {
    const found = chooseSize(runsOf("fails below 512 MB"), question());
    expect(
      found.sizes
        .filter(({ leftOut }) => leftOut !== null)
        .map(({ memoryMiB, leftOut, asGood }) => ({ memoryMiB, leftOut, asGood })),
    ).toEqual([
      {
        memoryMiB: 128,
        leftOut: "30 of 30 runs failed (Runtime.OutOfMemory); allowed: 10 %, and none for want of memory",
        asGood: false,
      },
      {
        memoryMiB: 256,
        leftOut: "30 of 30 runs failed (Runtime.OutOfMemory); allowed: 10 %, and none for want of memory",
        asGood: false,
      },
    ]);
    expect(found).toMatchObject({ verdict: "chosen", chosenMiB: 512 });
  });

  test("noise that could hide a slower size is inconclusive, with the number of runs that it takes", () => {
    const random = seededRandom(9);
    const wild = [128, 1024].flatMap((memory) =>
      even(
        memory,
        Array.from({ length: 12 }, () => 1_000 * (1 + 9 * random() ** 4)),
      ),
    );
    const found = chooseSize(wild, question());
    expect(found).toMatchObject({ verdict: "inconclusive", chosenMiB: null, choices: null });
    expect(found.reason).toMatch(
      /^The runs differ more among themselves than from size to size: that 128 MB are slower by up to \d+\.\d % is not excluded; allowed: 25\.0 %\. It takes about \d+ times as many runs$/,
    );
  });

  test("a single usable size is inconclusive", () => {
    const found = chooseSize([...even(256, [10, 11, 12, 10, 11]), ...even(512, [9, 9])], question());
    expect(found).toMatchObject({ verdict: "inconclusive", chosenMiB: null });
    expect(found.reason).toContain("Only 256 MB can be chosen");
    expect(chooseSize(even(256, [1]), question()).reason).toContain("No size can be chosen");
    expect(() => chooseSize([], question())).toThrow("There is nothing to choose from: no run is given.");
  });

  test("cost is GB-seconds, the request, and INIT by the share of cold starts", () => {
    const runs = [512, 1024].flatMap((memory) => [
      ...even(memory, [1_000, 1_000, 1_000, 1_000, 1_000, 1_000]),
      ...even(memory, [1_000], { initMs: 2_000 }),
    ]);
    const [half] = chooseSize(runs, question("cost", 0.5)).sizes;
    // 0.5 GB for a second, and a request; INIT is 1 GB-s more, in half of the runs.
    expect(half!.warmUsd).toBeCloseTo(0.5 * 0.0000166667 + 2e-7, 12);
    expect(half!.initUsd).toBeCloseTo(0.0000166667, 12);
    expect(half!.expected!.usd).toBeCloseTo(1 * 0.0000166667 + 2e-7, 12);
  });

  test("only sizes that are not significantly worse count as good", () => {
    const found = chooseSize(runsOf("waits 4 s, computes 1 s"), question("cost"));
    expect(found.chosenMiB).toBe(128);
    expect(found.sizes.filter(({ asGood }) => asGood).map(({ memoryMiB }) => memoryMiB)).toEqual([128]);
  });

  test("the same runs and seed give the same answer", () => {
    expect(chooseSize(runsOf("heavy tail"), question("balanced"))).toEqual(
      chooseSize(runsOf("heavy tail"), question("balanced")),
    );
  });
});
