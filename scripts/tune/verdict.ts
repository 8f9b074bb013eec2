import { CONFIDENCE } from "../analyze/analysis";
import { runCost } from "../cost/compute";
import type { Architecture } from "../cost/deployment";
import type { PriceBook } from "../cost/prices";
import { percent } from "../kit/figures";
import { type Interval, mean } from "../kit/quantiles";
import { percentileInterval, type Draws } from "../kit/random";
import {
  expectDrawnTimes,
  expectTimes,
  weighSizes,
  type ExpectedTimes,
  type TimedSize,
  type TimeModel,
  type WeighedSize,
} from "./curve";
import type { TuningRun } from "./run";
import { summarizeSize, type SizeFigures } from "./size";

/**
 * The least dollars, the least time, or the least of both in equal parts. The names are those of
 * aws-lambda-power-tuning.
 */
export const STRATEGIES = ["cost", "speed", "balanced"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** The expected time and cost of one size. */
export interface Expected {
  readonly memoryMiB: number;
  readonly timeMs: number;
  /** Dollars of one run, INIT included by the share of cold starts. */
  readonly usd: number;
}

/** Sizes that differ by less than this share count as equal: neither a bill nor a caller would show it. */
const EQUAL_SHARE = 0.03;

/**
 * Chooses the best size under a strategy. Among sizes within 3 % of the least cost the fastest wins, else the cheapest
 * of those within 3 % of the least time or the best balance.
 * @param sizes at least one
 */
export function chooseBest<T extends Expected>(strategy: Strategy, sizes: readonly T[]): T {
  const rate = createRating(strategy, sizes);
  const least = Math.min(...sizes.map(rate));
  const equal = sizes.filter((size) => rate(size) <= least * (1 + EQUAL_SHARE));
  const breakTie = strategy === "cost" ? (size: Expected) => size.timeMs : (size: Expected) => size.usd;
  return equal.reduce((best, size) => (breakTie(size) < breakTie(best) ? size : best));
}

/**
 * Creates the rating of a strategy, where lower is better. Balanced: half the share of the greatest cost, and half the
 * share of the longest time.
 */
export function createRating(strategy: Strategy, sizes: readonly Expected[]): (size: Expected) => number {
  if (strategy === "cost") return ({ usd }) => usd;
  if (strategy === "speed") return ({ timeMs }) => timeMs;
  const [mostMs, mostUsd] = [Math.max(...sizes.map(({ timeMs }) => timeMs)), Math.max(...sizes.map(({ usd }) => usd))];
  return ({ timeMs, usd }) => 0.5 * (usd / mostUsd) + 0.5 * (timeMs / mostMs);
}

/** How a size is to be chosen. */
interface TuningQuestion {
  readonly strategy: Strategy;
  readonly architecture: Architecture;
  readonly prices: PriceBook;
  /** Share of cold starts in production. A tuning's own share says nothing, because its versions are new. */
  readonly coldStartShare: number;
  readonly draws: Draws;
}

/** A size with its costs. */
export interface TunedSize extends SizeFigures {
  /** Dollars of a warm run as measured, and their 95 % interval; null where there is none. */
  readonly warmUsd: number | null;
  readonly warmUsdInterval: Interval | null;
  /** Dollars that INIT adds to a cold run; null where no run was cold. */
  readonly initUsd: number | null;
  /** Derived from all sizes together; null where the size is left out, or nothing is chosen. */
  readonly expected: Expected | null;
  /** Whether it is not significantly worse than the chosen size under the strategy. */
  readonly asGood: boolean;
}

/** Result of a tuning. */
export interface Tuning {
  /** `no_difference`: a size is chosen although memory changes no time; `inconclusive`: none is chosen. */
  readonly verdict: "chosen" | "no_difference" | "inconclusive";
  readonly strategy: Strategy;
  readonly chosenMiB: number | null;
  /** Why, in a sentence. */
  readonly reason: string;
  /** The size that each strategy would choose; null where nothing is chosen. */
  readonly choices: Readonly<Record<Strategy, number>> | null;
  readonly model: TimeModel | null;
  /** The smallest first. */
  readonly sizes: readonly TunedSize[];
}

const REASONS: Readonly<Record<Strategy, string>> = {
  cost: "The least cost of a run, and the fastest of those within 3 % of it",
  speed: "The least time, and the cheapest of those within 3 % of it",
  balanced: "The least of cost and time in equal parts",
};

/** Memory may only be called irrelevant where a greater slowdown of the smallest size is excluded. */
const MAX_UNSEEN_SHARE = 0.25;

/** Chooses a size from its runs. Throws where there are no runs. */
export function chooseSize(runs: readonly TuningRun[], question: TuningQuestion): Tuning {
  if (runs.length === 0) throw new Error("There is nothing to choose from: no run is given.");
  const memories = [...new Set(runs.map(({ memoryMiB }) => memoryMiB))].sort((left, right) => left - right);
  const figures = memories.map((memoryMiB) =>
    summarizeSize(
      memoryMiB,
      runs.filter((run) => run.memoryMiB === memoryMiB),
      question.draws,
    ),
  );
  const candidates = figures.flatMap(({ memoryMiB, time, leftOut }): TimedSize[] =>
    leftOut === null && time !== null ? [{ memoryMiB, time }] : [],
  );
  if (candidates.length < 2) return withoutChoice(figures, question, explainFewSizes(candidates));
  const sizes = weighSizes(candidates);
  const times = expectTimes(sizes);
  const unseenShare = times.model === "flat" ? boundUnseenSlowdown(sizes) : 0;
  if (unseenShare > MAX_UNSEEN_SHARE)
    return withoutChoice(figures, question, explainNoise(sizes[0]!.memoryMiB, unseenShare));
  const choice = chooseAmong(sizes, times, { figures, question });
  return times.model === "flat"
    ? { ...choice, verdict: "no_difference", reason: explainNoDifference(unseenShare) }
    : { ...choice, verdict: "chosen", reason: REASONS[question.strategy] };
}

function chooseAmong(
  candidates: readonly WeighedSize[],
  { model, timesMs }: ExpectedTimes,
  { figures, question }: { readonly figures: readonly SizeFigures[]; readonly question: TuningQuestion },
): Omit<Tuning, "verdict" | "reason"> {
  const { strategy } = question;
  const expect = createExpectation(figures, candidates, question);
  const expected = expect(timesMs);
  const choose = (each: Strategy) => chooseBest(each, expected).memoryMiB;
  const choices = { cost: choose("cost"), speed: choose("speed"), balanced: choose("balanced") };
  const chosenMiB = choices[strategy];

  // A size is as good where it has no disadvantage in at least 2.5 % of the bootstrap samples.
  const { resamples } = question.draws;
  const notWorse = candidates.map(() => 0);
  for (let draw = 0; draw < resamples; draw++) {
    const drawn = expect(expectDrawnTimes(candidates, model, draw));
    const rate = createRating(strategy, drawn);
    const limit = rate(drawn.find(({ memoryMiB }) => memoryMiB === chosenMiB)!) * (1 + 1e-9);
    drawn.forEach((size, index) => (notWorse[index]! += rate(size) <= limit ? 1 : 0));
  }
  const asGood = expected.filter((_, index) => notWorse[index]! >= ((1 - CONFIDENCE) / 2) * resamples);

  const sizes = figures.map((size) => {
    const own = expected.find(({ memoryMiB }) => memoryMiB === size.memoryMiB) ?? null;
    return addCosts(size, question, { expected: own, asGood: own !== null && asGood.includes(own) });
  });
  return { strategy, chosenMiB, choices, model, sizes };
}

/**
 * Creates the expectation of time and dollars from the candidates' times. A size without a cold run gets the mean INIT
 * of the others.
 */
function createExpectation(
  figures: readonly SizeFigures[],
  candidates: readonly WeighedSize[],
  question: TuningQuestion,
): (timesMs: readonly number[]) => Expected[] {
  const inits = figures.flatMap(({ initMeanMs }) => initMeanMs ?? []);
  const usualInitMs = inits.length === 0 ? 0 : mean(inits);
  const addedMs = candidates.map(({ memoryMiB, time }) => {
    const initMs = figures.find((size) => size.memoryMiB === memoryMiB)?.initMeanMs ?? usualInitMs;
    // Rounding up to a millisecond matters where a run takes few of them.
    return time.billedMeanMs - time.meanMs + question.coldStartShare * initMs;
  });
  return (timesMs) =>
    candidates.map(({ memoryMiB }, index) => {
      const timeMs = timesMs[index]!;
      return { memoryMiB, timeMs, usd: computeRunUsd(question, memoryMiB, timeMs + addedMs[index]!) };
    });
}

/** Computes the dollars of one run, its request included. */
const computeRunUsd = ({ prices, architecture }: TuningQuestion, memoryMiB: number, billedMs: number): number =>
  runCost({ seconds: billedMs / 1_000, memoryMiB, architecture }, prices);

/**
 * Bounds by which share the smallest size may be slower than the largest although no difference was found: the upper
 * end of the interval that the curve gives for the bootstrap samples.
 */
function boundUnseenSlowdown(sizes: readonly WeighedSize[]): number {
  const ratios = Array.from(sizes[0]!.time.drawn, (_, draw) => {
    const times = expectDrawnTimes(sizes, "curve", draw);
    return times[0]! / times.at(-1)!;
  });
  return Math.max(0, percentileInterval(ratios, CONFIDENCE).high - 1);
}

function explainNoDifference(unseenShare: number): string {
  return (
    "Memory does not matter here: no size is significantly faster than another, and a smallest one that is slower by " +
    `more than ${percent(unseenShare * 100)} is excluded`
  );
}

/** An error falls with the square root of the number of runs. */
function explainNoise(smallestMiB: number, unseenShare: number): string {
  return (
    `The runs differ more among themselves than from size to size: that ${smallestMiB} MB are slower by up to ` +
    `${percent(unseenShare * 100)} is not excluded; allowed: ${percent(MAX_UNSEEN_SHARE * 100)}. It takes about ` +
    `${Math.ceil((unseenShare / MAX_UNSEEN_SHARE) ** 2)} times as many runs`
  );
}

function explainFewSizes([only]: readonly TimedSize[]): string {
  return (
    `${only ? `Only ${only.memoryMiB} MB` : "No size"} can be chosen, and a comparison takes two. ` +
    "See why the others are left out, and measure others"
  );
}

function withoutChoice(figures: readonly SizeFigures[], question: TuningQuestion, reason: string): Tuning {
  return {
    verdict: "inconclusive",
    strategy: question.strategy,
    chosenMiB: null,
    reason,
    choices: null,
    model: null,
    sizes: figures.map((size) => addCosts(size, question, { expected: null, asGood: false })),
  };
}

function addCosts(
  size: SizeFigures,
  question: TuningQuestion,
  judged: Pick<TunedSize, "expected" | "asGood">,
): TunedSize {
  const { memoryMiB, time, initMeanMs } = size;
  const computeUsd = (billedMs: number) => computeRunUsd(question, memoryMiB, billedMs);
  const initUsd = initMeanMs === null ? null : computeUsd(initMeanMs) - computeUsd(0);
  if (time === null) return { ...size, ...judged, warmUsd: null, warmUsdInterval: null, initUsd };
  const roundingMs = time.billedMeanMs - time.meanMs;
  const { low, high } = time.meanInterval;
  return {
    ...size,
    ...judged,
    warmUsd: computeUsd(time.billedMeanMs),
    warmUsdInterval: { low: computeUsd(low + roundingMs), high: computeUsd(high + roundingMs) },
    initUsd,
  };
}
