/** What a gate may say. */
export type Verdict = "pass" | "fail" | "inconclusive" | "error";

/** What it may say of one KPI: `shown` where it has no target, `not applicable` where what it measures is not there. */
export type KpiOutcome = Verdict | "shown" | "not applicable";

/** Worst first: one failure is enough, and what could not be read may hide one. */
const BY_WEIGHT: readonly Verdict[] = ["fail", "error", "inconclusive", "pass"];

/** The whole from its parts. Nothing that was judged is no evidence, and no evidence never passes. */
export function whole(outcomes: readonly KpiOutcome[]): Verdict {
  return BY_WEIGHT.find((verdict) => outcomes.includes(verdict)) ?? "inconclusive";
}
