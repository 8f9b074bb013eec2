import { EXIT_CODES, whole, type KpiOutcome } from "../../../../scripts/judges/gate/verdict";

test.each<[KpiOutcome[], string]>([
  [["pass", "shown", "not applicable"], "pass"],
  [["pass", "inconclusive"], "inconclusive"],
  [["inconclusive", "error", "pass"], "error"],
  [["error", "fail", "inconclusive"], "fail"],
  [["shown", "not applicable"], "inconclusive"],
  [[], "inconclusive"],
])("%j is %s", (outcomes, verdict) => expect(whole(outcomes)).toBe(verdict));

test("each verdict has an exit code of its own, and only a pass has 0", () => expect(EXIT_CODES).toEqual({ pass: 0, fail: 1, error: 2, inconclusive: 3 }));
