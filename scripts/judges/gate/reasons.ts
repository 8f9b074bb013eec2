import type { Interval } from "../statistics/intervals";
import type { RateFinding, RateRule } from "./rate";

/** Shares as percent, without binary's last digits. */
export const percent = ({ low, high }: Interval): Interval => ({ low: tidy(low * 100), high: tidy(high * 100) });

const tidy = (value: number): number => Number(value.toPrecision(12));

export interface ShareToSay {
  readonly verdict: RateFinding["verdict"];
  readonly bad: number;
  readonly samples: number;
  readonly needed: number;
  /** A percentile: the bad ones are beyond its bound. */
  readonly beyond: boolean;
  readonly rule: RateRule;
}

/** Why a share was judged as it was. */
export function shareReason({ verdict, bad, samples, needed, beyond, rule }: ShareToSay): string {
  if (samples === 0) return `no data; at least ${needed} samples are needed`;
  const counts = `${bad} of ${samples} ${beyond ? "beyond the bound" : "bad"}, allowed ${figure(rule.allowed * 100)} %`;
  if (verdict === "pass") return counts;
  if (verdict === "fail")
    return `${counts}: chance alone does that in at most ${figure(rule.falseAbort * 100)} % of windows`;
  if (bad / samples > rule.allowed) return `${counts}: more than allowed, but chance explains it so far`;
  return `${counts}; ${samples} of at least ${needed} samples`;
}

const figure = (value: number): string => String(Number(value.toPrecision(4)));
