import { audit, listRows } from "../../scripts/review/audit-report";
import { stackJson } from "./stack-json";

/** On that day the decisions were last looked at. */
const TODAY = "2026-11-21";

/** The stack's audit of a plan that `terraform show -json` gave. */
export const auditOf = (plan: unknown) => audit(plan, { sources: stackJson() as object, today: TODAY });

/** Of a plan's audit the rows that fail, and those that nobody can tell before the apply. */
export function auditedRows(plan: unknown) {
  const report = auditOf(plan);
  expect(listRows(report, "pass").length).toBeGreaterThan(200);
  return [...listRows(report, "fail"), ...listRows(report, "unknown")].map(
    ({ outcome, rule, address, part, text }) => ({ outcome, rule, address, part, text }),
  );
}
