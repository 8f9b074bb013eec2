/** Percent of the traffic where nobody says anything: the reports' 10 %, then all of it. */
const FIRST_PERCENT = "10";

/**
 * The steps of a canary, in percent of the traffic: `10,50,100`.
 * @param weight the first step, as `--weight` gives it; without `steps` the canary goes on to 100
 * @param steps as `--steps` gives them
 * @throws Error with what was given and what is allowed
 */
export function canarySteps(weight: string | undefined, steps: string | undefined): readonly number[] {
  if (steps === undefined) {
    const first = percent("weight", weight ?? FIRST_PERCENT);
    return first === 100 ? [100] : [first, 100];
  }
  const all = steps.split(",").map((each) => percent("steps", each.trim()));
  const ascending = all.every((each, index) => index === 0 || each > (all[index - 1] ?? 0));
  if (!ascending || all.at(-1) !== 100)
    throw new Error(
      `--steps is ${JSON.stringify(steps)}; allowed: ascending percents with commas between, of which the last is 100, such as 10,50,100.`,
    );
  if (weight !== undefined && percent("weight", weight) !== all[0])
    throw new Error(
      `--weight is ${JSON.stringify(weight)} and --steps is ${JSON.stringify(steps)}; allowed: steps that begin with the weight, or one of the two.`,
    );
  return all;
}

function percent(option: string, text: string): number {
  const value = Number(text);
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(text) || value <= 0 || value > 100)
    throw new Error(
      `--${option} has ${JSON.stringify(text)}; allowed: percent above 0, up to 100, with two decimals at most.`,
    );
  return value;
}
