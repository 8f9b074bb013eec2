import { gb } from "../cost/compute";
import { percent } from "../kit/figures";
import { CONFIDENCE } from "../analyze/analysis";
import type { PriceBook } from "../cost/prices";
import { percentileInterval, type Draws } from "../kit/random";
import { type Interval, mean } from "../kit/quantiles";
import {
  drawnTimes,
  expectedTimes,
  weighed,
  type ExpectedTimes,
  type TimedSize,
  type TimeModel,
  type WeighedSize,
} from "./curve";
import { type TuningRun, sizeFigures, type SizeFigures } from "./size";

/**
 * What is wanted: the least dollars, the least time, or the least of both in equal parts. The names are those of
 * aws-lambda-power-tuning.
 */
export const STRATEGIES = ["cost", "speed", "balanced"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** What one size is expected to take. */
export interface Expected {
  readonly memoryMiB: number;
  readonly timeMs: number;
  /** Dollars of one run, the INIT of a share of them in it. */
  readonly usd: number;
}

/** Sizes that differ by less than this share are taken for equal: a bill or a caller would not notice. */
export const SAME_SHARE = 0.03;

/**
 * The best size under a strategy. Of those within 3 % of the least cost the fastest, of those within 3 % of the least
 * time the cheapest, and of those that are best in balance too.
 * @param sizes at least one
 */
export function bestOf<T extends Expected>(strategy: Strategy, sizes: readonly T[]): T {
  const wanted = wantedOf(strategy, sizes);
  const least = Math.min(...sizes.map(wanted));
  const equal = sizes.filter((size) => wanted(size) <= least * (1 + SAME_SHARE));
  const other = strategy === "cost" ? (size: Expected) => size.timeMs : (size: Expected) => size.usd;
  return equal.reduce((best, size) => (other(size) < other(best) ? size : best));
}

/**
 * What a strategy wants little of. In balance: half of the share of the greatest cost, half of that of the longest
 * time.
 */
export function wantedOf(strategy: Strategy, sizes: readonly Expected[]): (size: Expected) => number {
  if (strategy === "cost") return ({ usd }) => usd;
  if (strategy === "speed") return ({ timeMs }) => timeMs;
  const [mostMs, mostUsd] = [Math.max(...sizes.map(({ timeMs }) => timeMs)), Math.max(...sizes.map(({ usd }) => usd))];
  return ({ timeMs, usd }) => 0.5 * (usd / mostUsd) + 0.5 * (timeMs / mostMs);
}

/** What a tuning is asked. */
export interface TuningQuestion {
  readonly strategy: Strategy;
  readonly architecture: "x86_64" | "arm64";
  readonly prices: PriceBook;
  /** Share of the runs that start cold in production; those of a tuning do so because its versions are new. */
  readonly coldStartShare: number;
  readonly draws: Draws;
}

/** A size with what it is expected to take. */
export interface TunedSize extends SizeFigures {
  /** Dollars of a warm run as measured, and its 95 % interval; null where there is none. */
  readonly warmUsd: number | null;
  readonly warmUsdInterval: Interval | null;
  /** What its INIT adds to a cold run, in dollars; null where no run was cold. */
  readonly initUsd: number | null;
  /** What all sizes together say of it; null where it is left out, or nothing is chosen. */
  readonly expected: Expected | null;
  /** Whether it is not significantly worse than the chosen one under the strategy. */
  readonly asGood: boolean;
}

/** `chosen`; `no_difference`: one is chosen because memory changes no time; `inconclusive`: none is. */
export type TuningVerdict = "chosen" | "no_difference" | "inconclusive";

/** What a tuning found. */
export interface Tuning {
  readonly verdict: TuningVerdict;
  readonly strategy: Strategy;
  readonly chosenMiB: number | null;
  /** Why, in a sentence. */
  readonly reason: string;
  /** What each strategy would choose; null where nothing is chosen. */
  readonly choices: Readonly<Record<Strategy, number>> | null;
  readonly model: TimeModel | null;
  /** The smallest first. */
  readonly sizes: readonly TunedSize[];
}

/** Where sizes do not differ, a slower smallest one than this must be excluded before it is said. */
const MAX_UNSEEN_SHARE = 0.25;

/** Chooses a size from its runs. Throws where there are no runs. */
export function tune(runs: readonly TuningRun[], question: TuningQuestion): Tuning {
  if (runs.length === 0) throw new Error("There is nothing to choose from: no run is given.");
  const memories = [...new Set(runs.map(({ memoryMiB }) => memoryMiB))].sort((left, right) => left - right);
  const figures = memories.map((memoryMiB) =>
    sizeFigures(
      memoryMiB,
      runs.filter((run) => run.memoryMiB === memoryMiB),
      question.draws,
    ),
  );
  const left = figures.flatMap(({ memoryMiB, time, leftOut }): TimedSize[] =>
    leftOut === null && time !== null ? [{ memoryMiB, time }] : [],
  );
  if (left.length < 2)
    return inconclusive(
      figures,
      question,
      `${left.length === 0 ? "No size" : `Only ${left[0]!.memoryMiB} MB`} can be chosen, and a comparison takes two. See why the others are left out, and measure others`,
    );
  const usable = weighed(left);
  const times = expectedTimes(usable);
  const unseen = times.model === "flat" ? unseenShare(usable) : 0;
  if (unseen > MAX_UNSEEN_SHARE) return inconclusive(figures, question, tooWide(usable, unseen));
  return chosen({ figures, usable, times, unseen }, question);
}

interface Found {
  readonly figures: readonly SizeFigures[];
  readonly usable: readonly WeighedSize[];
  readonly times: ExpectedTimes;
  readonly unseen: number;
}

function chosen({ figures, usable, times, unseen }: Found, question: TuningQuestion): Tuning {
  const { strategy } = question;
  const expectedOf = expectations(figures, usable, question);
  const expected = expectedOf(times.timesMs);
  const choices = Object.fromEntries(STRATEGIES.map((each) => [each, bestOf(each, expected).memoryMiB])) as Record<
    Strategy,
    number
  >;
  const chosenMiB = choices[strategy];
  const good = new Set(notWorse(usable, times.model, chosenMiB, strategy, expectedOf, question.draws.resamples));
  const flat = times.model === "flat";
  return {
    verdict: flat ? "no_difference" : "chosen",
    strategy,
    chosenMiB,
    choices,
    model: times.model,
    reason: flat
      ? `Memory does not matter here: no size is significantly faster than another, and a smallest one that is slower by more than ${percent(unseen * 100)} is excluded`
      : REASONS[strategy],
    sizes: figures.map((size) =>
      tuned(
        size,
        question,
        expected.find(({ memoryMiB }) => memoryMiB === size.memoryMiB) ?? null,
        good.has(size.memoryMiB),
      ),
    ),
  };
}

const REASONS: Readonly<Record<Strategy, string>> = {
  cost: "The least cost of a run, and the fastest of those within 3 % of it",
  speed: "The least time, and the cheapest of those within 3 % of it",
  balanced: "The least of cost and time in equal parts",
};

/**
 * Expected time and dollars of each usable size, from its time. INIT where no run was cold is that of the other sizes.
 */
function expectations(
  figures: readonly SizeFigures[],
  usable: readonly WeighedSize[],
  question: TuningQuestion,
): (timesMs: readonly number[]) => Expected[] {
  const inits = figures.flatMap(({ initMeanMs }) => (initMeanMs === null ? [] : [initMeanMs]));
  const usualInit = inits.length === 0 ? 0 : mean(inits);
  const initMs = usable.map(
    ({ memoryMiB }) => figures.find((size) => size.memoryMiB === memoryMiB)?.initMeanMs ?? usualInit,
  );
  return (timesMs) =>
    usable.map(({ memoryMiB, time }, index) => {
      // Rounding up to a millisecond counts where a run takes few of them.
      const billedMs = timesMs[index]! + (time.billedMeanMs - time.meanMs) + question.coldStartShare * initMs[index]!;
      return { memoryMiB, timeMs: timesMs[index]!, usd: runUsd(question, memoryMiB, billedMs) };
    });
}

/** Dollars of one run, its request included. */
function runUsd(
  { prices, architecture }: Pick<TuningQuestion, "prices" | "architecture">,
  memoryMiB: number,
  billedMs: number,
): number {
  return (
    prices.cost(`lambdaGbSecond_${architecture}`, (billedMs / 1_000) * gb(memoryMiB)) + prices.cost("lambdaRequest", 1)
  );
}

/**
 * Sizes whose disadvantage against the chosen one is not significant: in 2.5 % of the drawn measurements, or more,
 * there is none.
 */
function notWorse(
  usable: readonly WeighedSize[],
  model: TimeModel,
  chosenMiB: number,
  strategy: Strategy,
  expectedOf: (timesMs: readonly number[]) => Expected[],
  resamples: number,
): number[] {
  const better = usable.map(() => 0);
  for (let draw = 0; draw < resamples; draw++) {
    const expected = expectedOf(drawnTimes(usable, model, draw));
    const wanted = wantedOf(strategy, expected);
    const limit = wanted(expected.find(({ memoryMiB }) => memoryMiB === chosenMiB)!) * (1 + 1e-9);
    expected.forEach((size, index) => (better[index]! += wanted(size) <= limit ? 1 : 0));
  }
  return usable
    .filter((_, index) => better[index]! >= ((1 - CONFIDENCE) / 2) * resamples)
    .map(({ memoryMiB }) => memoryMiB);
}

/**
 * By how much the smallest size may still be slower than the largest, as a share: the upper bound of what the curve
 * says of the drawn means.
 */
function unseenShare(usable: readonly WeighedSize[]): number {
  const [smallest, largest] = [usable[0]!, usable[usable.length - 1]!];
  const resamples = smallest.time.drawn.length;
  const ratios = Array.from({ length: resamples }, (_, draw) => {
    const times = drawnTimes(usable, "curve", draw);
    return times[0]! / times[times.length - 1]!;
  });
  return smallest === largest ? 0 : Math.max(0, percentileInterval(ratios, CONFIDENCE).high - 1);
}

/** An error falls with the square root of the number of runs. */
function tooWide(usable: readonly WeighedSize[], unseen: number): string {
  return `The runs differ more among themselves than from size to size: that ${usable[0]!.memoryMiB} MB are slower by up to ${percent(unseen * 100)} is not excluded; allowed: ${percent(MAX_UNSEEN_SHARE * 100)}. It takes about ${Math.ceil((unseen / MAX_UNSEEN_SHARE) ** 2)} times as many runs`;
}

function inconclusive(figures: readonly SizeFigures[], question: TuningQuestion, reason: string): Tuning {
  return {
    verdict: "inconclusive",
    strategy: question.strategy,
    chosenMiB: null,
    reason,
    choices: null,
    model: null,
    sizes: figures.map((size) => tuned(size, question, null, false)),
  };
}

function tuned(size: SizeFigures, question: TuningQuestion, expected: Expected | null, asGood: boolean): TunedSize {
  const { memoryMiB, time, initMeanMs } = size;
  const usd = (billedMs: number) => runUsd(question, memoryMiB, billedMs);
  const rounding = time === null ? 0 : time.billedMeanMs - time.meanMs;
  return {
    ...size,
    expected,
    asGood,
    warmUsd: time === null ? null : usd(time.billedMeanMs),
    warmUsdInterval:
      time === null
        ? null
        : { low: usd(time.meanInterval.low + rounding), high: usd(time.meanInterval.high + rounding) },
    initUsd: initMeanMs === null ? null : usd(initMeanMs) - usd(0),
  };
}
