/**
 * Tails of the binomial and the hypergeometric distribution. Exact, because the normal approximation behind Wilson's
 * interval is too sure of rare events: at 30 samples it takes two failures of a service that fails in 1 % for more than
 * chance, and chance does that in 3.6 %.
 */

/** Terms below this share of the sum change nothing. */
const NEGLIGIBLE = 1e-18;

/** Chance of at least `successes` in `samples` draws that each succeed with `share`. */
export function upperTail(successes: number, samples: number, share: number): number {
  check(successes, samples, share);
  if (successes === 0) return 1;
  if (share === 0) return 0;
  if (share === 1) return 1;
  // On the other side of the peak the terms grow before they fall: the complement is summed where it falls.
  if (successes <= samples * share) return Math.max(0, 1 - lowerTail(successes - 1, samples, share));
  const odds = share / (1 - share);
  return falling(
    logTerm(successes, samples, share),
    (step) => ((samples - successes - step) / (successes + step + 1)) * odds,
  );
}

/** Chance of at most `successes` in `samples` draws that each succeed with `share`. */
export function lowerTail(successes: number, samples: number, share: number): number {
  check(successes, samples, share);
  if (successes === samples || share === 0) return 1;
  if (share === 1) return 0;
  if (successes >= samples * share) return Math.max(0, 1 - upperTail(successes + 1, samples, share));
  const odds = (1 - share) / share;
  return falling(
    logTerm(successes, samples, share),
    (step) => ((successes - step) / (samples - successes + step + 1)) * odds,
  );
}

/** Of `samples` draws, `successes` succeeded. */
export interface Draws {
  readonly successes: number;
  readonly samples: number;
}

/**
 * Fisher's exact test, one-sided: chance that of all successes of both at least so many fall to the first, if both
 * succeed equally often.
 */
export function fisher(first: Draws, second: Draws): number {
  check(first.successes, first.samples, 0.5);
  check(second.successes, second.samples, 0.5);
  const [all, total] = [first.successes + second.successes, first.samples + second.samples];
  const chance = (successes: number) =>
    Math.exp(logChoose(first.samples, successes) + logChoose(second.samples, all - successes) - logChoose(total, all));
  let sum = 0;
  for (let successes = first.successes; successes <= Math.min(all, first.samples); successes++) {
    const term = chance(successes);
    sum += term;
    if (successes > (all * first.samples) / total && term < sum * NEGLIGIBLE) break;
  }
  return Math.min(1, sum);
}

function falling(logFirst: number, ratio: (step: number) => number): number {
  let [term, sum] = [Math.exp(logFirst), 0];
  for (let step = 0; term > sum * NEGLIGIBLE; step++) {
    sum += term;
    term *= ratio(step);
  }
  return Math.min(1, sum);
}

const logTerm = (successes: number, samples: number, share: number): number =>
  logChoose(samples, successes) + successes * Math.log(share) + (samples - successes) * Math.log1p(-share);

const logChoose = (from: number, choose: number): number =>
  logFactorial(from) - logFactorial(choose) - logFactorial(from - choose);

/** Stirling's series from 16 on, where its fourth term is below 1e-12; products before. */
function logFactorial(value: number): number {
  if (value < 16) {
    let product = 1;
    for (let factor = 2; factor <= value; factor++) product *= factor;
    return Math.log(product);
  }
  const inverse = 1 / value;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1_260 - square / 1_680)));
  return value * Math.log(value) - value + 0.5 * Math.log(2 * Math.PI * value) + series;
}

function check(successes: number, samples: number, share: number): void {
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new Error(`A tail of ${samples} samples; allowed: a whole number from 1.`);
  if (!(Number.isInteger(successes) && successes >= 0 && successes <= samples))
    throw new Error(
      `A tail from ${successes} successes in ${samples} samples; allowed: a whole number from 0 to ${samples}.`,
    );
  if (!(share >= 0 && share <= 1)) throw new Error(`A tail at the share ${share}; allowed: 0 to 1.`);
}
