import { canaryWish, checkCanaryOptions, checkDeadline, type CanaryOptions } from "../../../scripts/deploy/canary";

const options = (more: Partial<CanaryOptions> = {}): CanaryOptions => ({
  autoApprove: true,
  only: [],
  resume: false,
  abort: false,
  retry: false,
  allowReplace: false,
  ...more,
});

describe("options", () => {
  test("the defaults are 10 % for ten minutes, then all, two hours at most, and a rollback where undecided", () => {
    expect(canaryWish(options())).toEqual({
      steps: [10, 100],
      interval_seconds: 600,
      deadline_seconds: 7_200,
      on_inconclusive: "rollback",
      only: [],
      max_latency_ratio: 1.25,
    });
  });

  test.each<[Partial<CanaryOptions>, string]>([
    [{ onInconclusive: "wait" }, '--on-inconclusive is "wait"; allowed: rollback, hold.'],
    [
      { only: ["cache_hit_rate"] },
      "--only names cache_hit_rate, which is not measured by version; allowed: execution_time",
    ],
    [{ only: ["speed"] }, "--only names speed; allowed: "],
    [{ interval: "3h" }, "allowed: an interval within the deadline"],
    [{ deadline: "2d" }, "--deadline is 2d; allowed: up to 22h"],
    [{ steps: "10" }, '--steps is "10"; allowed: ascending percents'],
    [{ maxLatencyRatio: "0" }, '--max-latency-ratio is "0"; allowed: a number above 0'],
  ])("%j is refused: %s", (given, message) => expect(() => canaryWish(options(given))).toThrow(message));

  test.each<[Partial<CanaryOptions>, string]>([
    [{ resume: true, abort: true }, "--resume was given with --abort; allowed: one of them."],
    [
      { resume: true, steps: "10,100", maxLatencyRatio: "2" },
      "--resume was given with --steps, --max-latency-ratio; allowed: without them",
    ],
    [{ abort: true, retry: true }, "--abort was given with --retry"],
    [{ vars: ["live_version=3"] }, "--var sets live_version, and a canary sets that itself; leave it out."],
  ])("%j is refused: %s", (given, message) => expect(() => checkCanaryOptions(options(given))).toThrow(message));

  test("a deadline before which no run has ended is refused, with the shortest that is allowed", () => {
    expect(() => checkDeadline(canaryWish(options({ deadline: "15m" })), { timeout: 900 })).toThrow(
      "--deadline is 900 s; allowed: at least 1140 s (19m)",
    );
    expect(() => checkDeadline(canaryWish(options()), { timeout: 900 })).not.toThrow();
  });
});

describe("steps", () => {
  const stepsOf = (weight: string | undefined, steps: string | undefined) =>
    canaryWish(options({ ...(weight !== undefined && { weight }), ...(steps !== undefined && { steps }) })).steps;

  test.each([
    [undefined, undefined, [10, 100]],
    ["25", undefined, [25, 100]],
    ["100", undefined, [100]],
    [undefined, "10,50,100", [10, 50, 100]],
    ["10", "10, 50, 100", [10, 50, 100]],
    [undefined, "0.5,100", [0.5, 100]],
  ])("weight %j and steps %j are %j", (weight, steps, expected) => expect(stepsOf(weight, steps)).toEqual(expected));

  test.each([
    [undefined, "50,10,100", "allowed: ascending percents"],
    [undefined, "10,50", "of which the last is 100"],
    [undefined, "10,10,100", "allowed: ascending percents"],
    ["20", "10,100", "allowed: steps that begin with the weight"],
    ["0", undefined, '--weight has "0"; allowed: percent above 0'],
    ["101", undefined, "up to 100"],
    [undefined, "10,,100", '--steps has ""'],
    ["ten", undefined, '--weight has "ten"'],
  ])("weight %j and steps %j are refused: %s", (weight, steps, message) =>
    expect(() => stepsOf(weight, steps)).toThrow(message),
  );
});
