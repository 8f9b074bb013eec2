import { rowsWith, type AuditReport, type AuditRow } from "../judges/audit/audit";
import { placeOf, type Suppression } from "../judges/audit/suppression";

/**
 * What an audit found, for a person: counts, then what fails in full, then what stands on purpose, and what nobody can
 * tell.
 * @param every whether every row is shown. Default: what passes is counted
 */
export function auditText(report: AuditReport, every = false): string {
  return [
    headline(report),
    ...section("Failed", rowsWith(report, "fail").map(failed)),
    ...section("Expired: decide again, and change the day or the resource", report.expired.map(expired)),
    ...section("Warnings", endingDays(report)),
    ...section(
      "Unknown before the apply",
      rowsWith(report, "unknown").map((row) => `  ${place(row)}\n      ${row.rule}: ${row.text}`),
    ),
    ...section("Suppressed on purpose", suppressed(report)),
    ...section(
      "Suppressions that hide nothing: take them away",
      report.unmatched.map((suppression) => `  ${suppression.rule}: ${placeOf(suppression)}`),
    ),
    ...(every
      ? section(
          "All",
          report.rows.map((row) => `  ${row.outcome.padEnd(10)} ${row.rule}: ${place(row)}`),
        )
      : []),
  ].join("\n\n");
}

/** `90 rules, 300 rows: 263 passed, 37 suppressed, 0 failed, 0 unknown.` */
export function headline(report: AuditReport): string {
  const count = (outcome: AuditRow["outcome"]) => rowsWith(report, outcome).length;
  const verdict = report.good ? "nothing fails" : "it fails";
  return `Audit: ${verdict}. ${report.rules} rules, ${report.rows.length} applicable rows: ${count("pass")} passed, ${count("suppressed")} suppressed, ${count("fail")} failed, ${count("unknown")} unknown.`;
}

function failed({ rule, severity, asks, title, text, ...row }: AuditRow): string {
  return `  ${severity} ${place(row)}\n      ${rule}: ${title}${asks.length > 0 ? ` (${asks.join(", ")})` : ""}\n      ${text}`;
}

const place = ({ address, part }: Pick<AuditRow, "address" | "part">): string =>
  `${address}${part === undefined ? "" : `, ${part}`}`;

/** One line a decision, with what it hides: many rows stand by one. */
function suppressed(report: AuditReport): string[] {
  const rows = rowsWith(report, "suppressed");
  const decisions = [...new Set(rows.flatMap(({ suppression }) => (suppression === undefined ? [] : [suppression])))];
  return decisions.map((decision) => {
    const places = rows.filter(({ suppression }) => suppression === decision).map(place);
    return `  ${decision.rule}, until ${decision.until}: ${places.join("; ")}\n      ${decision.reason}`;
  });
}

const expired = ({ rule, until, reason, ...where }: Suppression): string =>
  `  ${rule}, until ${until}: ${placeOf(where)}\n      ${reason}`;

/** One line a day, because many decisions end on one. */
function endingDays({ ending }: AuditReport): string[] {
  return [...new Set(ending.map(({ until }) => until))].map((day) => {
    const rules = [...new Set(ending.filter(({ until }) => until === day).map(({ rule }) => rule))].join(", ");
    return `  ${day} is the last day of decisions of Quickturn's own: ${rules}. They still hold here; a newer release of Quickturn renews or drops them.`;
  });
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:\n${lines.join("\n")}`];
