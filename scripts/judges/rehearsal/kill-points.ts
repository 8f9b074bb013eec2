import type { CanaryRecord, Release } from "../../../stacks/settings";
import { weightOf } from "../canary/release";

/**
 * What a canary is at, in its order: terraform publishes, moves a share, moves all, and writes the end; between them
 * the metrics are watched.
 */
export const CANARY_PHASES = ["publish", "share", "watch share", "promotion", "watch all", "end"] as const;
export type CanaryPhase = (typeof CANARY_PHASES)[number];

/** When a canary is killed, and what is done about it. */
export interface KillPoint {
  readonly phase: CanaryPhase;
  /** How much of the phase, of the time that it usually takes, is over then: 0 to 1. */
  readonly fraction: number;
  readonly how: "resume" | "abort";
  /** The live file is gone too, as on another machine. */
  readonly withoutFile: boolean;
}

/** One of so many recoveries has to do without the live file. */
const WITHOUT_FILE_SHARE = 0.3;

/**
 * Points that are the same for the same random numbers. No phase comes again before each other one has come; resume and
 * abort take turns.
 */
export function killPoints(kills: number, random: () => number): readonly KillPoint[] {
  const deck: CanaryPhase[] = [];
  return Array.from({ length: kills }, (_, index) => {
    if (deck.length === 0) deck.push(...CANARY_PHASES);
    const [phase] = deck.splice(Math.floor(random() * deck.length), 1) as [CanaryPhase];
    return {
      phase,
      fraction: random(),
      how: index % 2 === 0 ? ("resume" as const) : ("abort" as const),
      withoutFile: random() < WITHOUT_FILE_SHARE,
    };
  });
}

/** What a canary is at while terraform plans and applies a release. */
export function phaseOf({ canary }: Release): CanaryPhase {
  if (canary === null) return "end";
  if (canary.phase === "publish") return "publish";
  return weightOf(canary) === 100 ? "promotion" : "share";
}

/** What a canary is at while it watches a step. */
export const watchOf = (canary: CanaryRecord): CanaryPhase => (weightOf(canary) === 100 ? "watch all" : "watch share");
