import { normalQuantile } from "./normal-quantile";

/**
 * The value below which a sum of so many squared standard normal variables stays with this probability: Wilson and
 * Hilferty's approximation (1931), good to about 1 % from three degrees of freedom on, and to 6 % with one.
 * @param degrees of freedom, at least 1
 */
export function chiSquaredQuantile(degrees: number, probability: number): number {
  if (!(Number.isInteger(degrees) && degrees >= 1))
    throw new Error(`Degrees of freedom are ${degrees}; allowed: a whole number from 1.`);
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + normalQuantile(probability) * Math.sqrt(spread)) ** 3;
}
