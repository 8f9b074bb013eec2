import type { Strategy } from "../../scripts/tune/verdict";
import type { TuningRun } from "../../scripts/tune/run";

/** aws-lambda-power-tuning's own base price of x86: dollars of a millisecond at 128 MB. */
const BASE_USD = 2.1e-9;
/** Its `discardTopBottom`. */
const DISCARDED = 0.2;

/**
 * What aws-lambda-power-tuning chooses (executor.js, utils.js, optimizer.js): mean of the middle 60 % of duration and
 * of billed duration, INIT included in both; price of the mean, rounded up; least cost, least time or least of both in
 * equal parts. Undefined where any run failed: its state machine then ends without an answer.
 */
export function powerTuning(runs: readonly TuningRun[], strategy: Strategy): number | undefined {
  if (runs.some(({ failure }) => failure !== null)) return undefined;
  const sizes = [...new Set(runs.map(({ memoryMiB }) => memoryMiB))].map((memoryMiB) => {
    const own = runs.filter((run) => run.memoryMiB === memoryMiB);
    const durationMs = trimmedMean(own.map((run) => run.durationMs + (run.initMs ?? 0)));
    const billedMs = trimmedMean(own.map((run) => run.billedMs ?? 0));
    return { memoryMiB, durationMs, cost: (Math.ceil(billedMs) * BASE_USD * memoryMiB) / 128 };
  });
  const [mostMs, mostUsd] = [
    Math.max(...sizes.map(({ durationMs }) => durationMs)),
    Math.max(...sizes.map(({ cost }) => cost)),
  ];
  const keys: Readonly<Record<Strategy, (size: (typeof sizes)[number]) => readonly [number, number]>> = {
    cost: ({ cost, durationMs }) => [cost, durationMs],
    speed: ({ cost, durationMs }) => [durationMs, cost],
    balanced: ({ cost, durationMs }) => [(0.5 * cost) / mostUsd + (0.5 * durationMs) / mostMs, 0],
  };
  const [least] = sizes
    .map((size) => ({ size, key: keys[strategy](size) }))
    .sort((left, right) => left.key[0] - right.key[0] || left.key[1] - right.key[1]);
  return least?.size.memoryMiB;
}

function trimmedMean(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const cut = Math.floor(sorted.length * DISCARDED);
  const kept = sorted.slice(cut, sorted.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}
