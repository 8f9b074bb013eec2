import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { comparisonTable, compareTuners, isWrong, truth } from "../../support/tuning-comparison";
import { powerTuning } from "../../support/power-tuning";
import { PROJECT } from "../../support/stack-json";
import { SHAPES } from "../../support/tuning-data";

/** The table goes where `npm run prove:tuning` prints it, which takes a thousand sets a shape. */
const SETS = Number(process.env["TUNING_SETS"] ?? 25);
const TABLE = join(PROJECT, ".quickturn", "tuning-comparison.txt");

const run = (memoryMiB: number, durationMs: number, initMs: number | null = null) => ({
  memoryMiB,
  durationMs,
  initMs,
  billedMs: Math.ceil(durationMs + (initMs ?? 0)),
  usedMiB: 50,
  failure: null,
});

describe("what aws-lambda-power-tuning has published", () => {
  test("it takes the mean of the middle 60 %, INIT included, and the price of the mean rounded up", () => {
    // Middle of 100, 100, 100, 100, 900 is 100; with INIT in it the other size's is 150.
    const runs = [
      ...[100, 100, 100, 100, 900].map((ms) => run(256, ms)),
      ...[90, 90, 90, 90, 90].map((ms) => run(512, ms, 60)),
    ];
    expect(powerTuning(runs, "speed")).toBe(256);
    expect(powerTuning(runs, "cost")).toBe(256);
  });

  test("a tie of cost goes to the faster size, a tie of time to the cheaper", () => {
    const runs = [
      ...[200, 200, 200].map((ms) => run(256, ms)),
      ...[100, 100, 100].map((ms) => run(512, ms)),
      ...[100, 100, 100].map((ms) => run(1024, ms)),
    ];
    expect(powerTuning(runs, "cost")).toBe(512);
    expect(powerTuning(runs, "speed")).toBe(512);
  });

  test("one failed run leaves it without an answer", () => {
    expect(powerTuning([run(256, 100), { ...run(512, 90), failure: "Runtime.ExitError" }], "cost")).toBeUndefined();
  });
});

describe("what is wrong", () => {
  const shape = (name: string) => truth(SHAPES.find((each) => each.name === name)!);

  test("a size that fails or has no room is wrong under every strategy, and the best never is", () => {
    expect(isWrong("cost", 256, shape("fails below 512 MB"))).toBe(true);
    expect(isWrong("cost", 128, shape("no room below 256 MB"))).toBe(true);
    expect(isWrong("cost", 256, shape("no room below 256 MB"))).toBe(false);
  });

  test("where time is the same, every size but the cheapest is wrong under speed", () => {
    const sizes = shape("waits for agents (8 s)");
    expect(sizes.map(({ memoryMiB }) => isWrong("speed", memoryMiB, sizes))).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
  });
});

test("over seeded data sets whose truth is known, fewer choices are wrong than with aws-lambda-power-tuning's algorithm, with every strategy and in sum, and no answer is rarer", () => {
  const rows = compareTuners(SETS, 20, 5_000);
  const table = comparisonTable(rows, SETS, 20);
  mkdirSync(dirname(TABLE), { recursive: true });
  writeFileSync(TABLE, table);
  const sum = (of: "ours" | "theirs", what: "wrong" | "none", strategy?: string) =>
    rows
      .filter((row) => strategy === undefined || row.strategy === strategy)
      .reduce((total, row) => total + row[of][what], 0);
  for (const strategy of ["cost", "speed", "balanced"])
    expect({ strategy, fewer: sum("ours", "wrong", strategy) < sum("theirs", "wrong", strategy), table }).toEqual({
      strategy,
      fewer: true,
      table,
    });
  // A fifth of them, and not only by giving no answer, nor only where the other looks at no memory or stops at a
  // failure.
  expect(sum("ours", "wrong")).toBeLessThan(sum("theirs", "wrong") / 5);
  expect(sum("ours", "none")).toBeLessThan(sum("theirs", "none"));
  const plain = rows.filter(({ shape }) => !/^(fails|no room)/.test(shape));
  const both = (of: "ours" | "theirs") => plain.reduce((total, row) => total + row[of].wrong + row[of].none, 0);
  expect(both("ours")).toBeLessThan(both("theirs"));
});
