import { PriceBook } from "../../scripts/cost/prices";
import { seededRandom } from "../../scripts/kit/random";
import {
  chooseBest,
  chooseSize,
  createRating,
  STRATEGIES,
  type Expected,
  type Strategy,
} from "../../scripts/tune/verdict";
import { powerTuning } from "./power-tuning";
import { drawRuns, initMsAt, SHAPES, SIZES_MIB, type Shape } from "./tuning-data";

/** A choice that is worse than the best by more than this share is wrong. */
const WRONG_SHARE = 0.05;
const COLD_START_SHARE = 0.05;
const PRICES = new PriceBook("us-east-1");

/** What is true of each size that may be chosen: those that do not fail, and of which a run uses less than 80 %. */
export function truth(shape: Shape): Expected[] {
  const may = SIZES_MIB.filter(
    (memoryMiB) => memoryMiB >= (shape.failsBelowMiB ?? 0) && (shape.usedMiB ?? 60) < 0.8 * memoryMiB,
  );
  return may.map((memoryMiB) => {
    const timeMs = shape.timeMs(memoryMiB);
    // Rounded up to a whole millisecond: half of one on average.
    const seconds = (timeMs + 0.5 + COLD_START_SHARE * initMsAt(shape, memoryMiB)) / 1_000;
    return {
      memoryMiB,
      timeMs,
      usd: PRICES.cost("lambdaGbSecond_x86_64", (seconds * memoryMiB) / 1_024) + PRICES.cost("lambdaRequest", 1),
    };
  });
}

/**
 * Whether a choice is wrong: it may not be chosen at all, is worse than the best by more than 5 % under the strategy,
 * or pays more than 5 % more in the other coin than a size that is as good under it (a tie goes to the cheaper, or
 * faster).
 */
export function isWrong(strategy: Strategy, chosenMiB: number, sizes: readonly Expected[]): boolean {
  const own = sizes.find(({ memoryMiB }) => memoryMiB === chosenMiB);
  if (own === undefined) return true;
  const wanted = createRating(strategy, sizes);
  if (wanted(own) > wanted(chooseBest(strategy, sizes)) * (1 + WRONG_SHARE)) return true;
  if (strategy === "balanced") return false;
  const other = createRating(strategy === "cost" ? "speed" : "cost", sizes);
  return sizes.some((size) => wanted(size) <= wanted(own) * 1.001 && other(size) * (1 + WRONG_SHARE) < other(own));
}

/** What came of one algorithm: wrong choices, and times that it gave none. */
export interface Outcome {
  wrong: number;
  none: number;
}

export interface ComparisonRow {
  readonly shape: string;
  readonly strategy: Strategy;
  readonly ours: Outcome;
  readonly theirs: Outcome;
}

/** Both algorithms over the same seeded data sets of every shape. */
export function compareTuners(sets: number, runsEach: number, firstSeed: number): ComparisonRow[] {
  return SHAPES.flatMap((shape) => {
    const rows = STRATEGIES.map(
      (strategy): ComparisonRow => ({
        shape: shape.name,
        strategy,
        ours: { wrong: 0, none: 0 },
        theirs: { wrong: 0, none: 0 },
      }),
    );
    const sizes = truth(shape);
    for (let set = 0; set < sets; set++) {
      const runs = drawRuns(shape, runsEach, seededRandom(firstSeed + set));
      const question = { architecture: "x86_64", prices: PRICES, coldStartShare: COLD_START_SHARE } as const;
      const found = chooseSize(runs, {
        ...question,
        strategy: "cost",
        draws: { resamples: 60, random: seededRandom(1) },
      });
      for (const { strategy, ours, theirs } of rows) {
        count(ours, strategy, found.choices?.[strategy], sizes);
        count(theirs, strategy, powerTuning(runs, strategy), sizes);
      }
    }
    return rows;
  });
}

function count(outcome: Outcome, strategy: Strategy, chosenMiB: number | undefined, sizes: readonly Expected[]): void {
  if (chosenMiB === undefined) outcome.none++;
  else if (isWrong(strategy, chosenMiB, sizes)) outcome.wrong++;
}

/** The rows as text, with their sums. */
export function comparisonTable(rows: readonly ComparisonRow[], sets: number, runsEach: number): string {
  const line = (name: string, strategy: string, theirs: Outcome, ours: Outcome) =>
    `${name.padEnd(34)} ${strategy.padEnd(9)} ${String(theirs.wrong).padStart(6)} ${String(theirs.none).padStart(6)}   ${String(ours.wrong).padStart(6)} ${String(ours.none).padStart(6)}`;
  const sum = (of: "ours" | "theirs", what: keyof Outcome) => rows.reduce((total, row) => total + row[of][what], 0);
  const total = (of: "ours" | "theirs"): Outcome => ({ wrong: sum(of, "wrong"), none: sum(of, "none") });
  return [
    `Wrong choices, and no choice, of ${sets} seeded data sets a shape, ${runsEach} runs a size, sizes ${SIZES_MIB.join(", ")} MB`,
    `${"".padEnd(44)} power-tuning        quickturn`,
    `${"".padEnd(44)}  wrong   none    wrong   none`,
    ...rows.map(({ shape, strategy, ours, theirs }) => line(shape, strategy, theirs, ours)),
    line("all", "", total("theirs"), total("ours")),
    "",
  ].join("\n");
}
