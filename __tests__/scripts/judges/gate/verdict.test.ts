import { whole, type KpiOutcome } from "../../../../scripts/judges/gate/verdict";

test.each<[KpiOutcome[], string]>([
  [["pass", "shown", "not applicable"], "pass"],
  [["pass", "inconclusive"], "inconclusive"],
  [["inconclusive", "error", "pass"], "error"],
  [["error", "fail", "inconclusive"], "fail"],
  [["shown", "not applicable"], "inconclusive"],
  [[], "inconclusive"],
])("%j is %s", (outcomes, verdict) => expect(whole(outcomes)).toBe(verdict));
