/** How time passes in metrics. */
export interface TimeLapse {
  /** Time in the metrics, in milliseconds since 1970, of a real time. */
  readonly at: (realMs: number) => number;
  /** Real milliseconds that so many milliseconds of the metrics take. */
  readonly real: (ms: number) => number;
}

/** As it is. */
export const REAL_TIME: TimeLapse = { at: (realMs) => realMs, real: (ms) => ms };

/**
 * A minute of metrics passes in `60 / factor` seconds from the origin on; what was before it stays where it was. What
 * something took stays what it really took: only when it was is moved.
 * @param factor 1 or more
 * @param originMs milliseconds since 1970, real
 */
export function timeLapse(factor: number, originMs: number): TimeLapse {
  if (!(Number.isFinite(factor) && factor >= 1))
    throw new Error(`The time-lapse is ${factor} times as fast; allowed: a number from 1 on, such as 30.`);
  return {
    at: (realMs) => (realMs <= originMs ? realMs : originMs + (realMs - originMs) * factor),
    real: (ms) => ms / factor,
  };
}
