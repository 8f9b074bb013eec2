import { AuditedPlan } from "./audited-plan";
import { isPlanJson, type StackSources } from "./plan-json";
import type { Judgement, Rule, Severity } from "./rule";
import { RULES } from "./rules";
import { dayAfter, suppresses, type Suppression, placeOf } from "./suppression";
import { SUPPRESSIONS } from "./suppressions";

/** What decides an audit beside the plan. */
export interface AuditInput {
  /** The synthesized stack that was planned. Default: some values stay unknown. */
  readonly sources?: StackSources | undefined;
  /**
   * As YYYY-MM-DD: what the user suppressed until an earlier day counts again. Default: no suppression has expired or
   * ends soon.
   */
  readonly today?: string | undefined;
  /** The user's own. Default: none. */
  readonly suppressions?: readonly Suppression[] | undefined;
  /** Default: all. */
  readonly rules?: readonly Rule[] | undefined;
}

/** One rule, asked of one resource or of a part of it. */
export interface AuditRow {
  readonly rule: string;
  readonly title: string;
  readonly asks: readonly string[];
  readonly severity: Severity;
  readonly address: string;
  readonly type: string;
  readonly part?: string;
  readonly outcome: Judgement["outcome"] | "suppressed";
  /** Why it fails or is unknown; empty where it passes. */
  readonly text: string;
  /** What lets it stand; or, where that has expired, what did. */
  readonly suppression?: Suppression;
}

export interface AuditReport {
  readonly rules: number;
  readonly rows: readonly AuditRow[];
  /** The user's suppressions whose day is over. */
  readonly expired: readonly Suppression[];
  /**
   * The project's own that hide something and whose day is near or over. They hold all the same: a newer release renews
   * or drops them.
   */
  readonly ending: readonly Suppression[];
  /** The user's suppressions that hide nothing. */
  readonly unmatched: readonly Suppression[];
  /** True where nothing fails and nothing has expired. */
  readonly good: boolean;
}

/** Days before the last one of a suppression of the project's own from which the audit warns. */
const WARNING_DAYS = 90;

/**
 * Asks every rule of every resource that an apply would leave.
 * @param plan what `terraform show -json` gives of a plan. Throws where it is none
 */
export function audit(
  plan: unknown,
  { sources, today, suppressions: own = [], rules = RULES }: AuditInput = {},
): AuditReport {
  if (!isPlanJson(plan))
    throw new Error(
      "The document is no plan: it has no resource_changes and no configuration. Allowed: what `terraform show -json <plan file>` prints",
    );
  const judged = rowsOf(new AuditedPlan(plan, sources), rules);
  const all = [...own, ...SUPPRESSIONS];
  const hides = (suppression: Suppression) =>
    judged.some((row) => row.outcome === "fail" && suppresses(suppression, row));
  // Only a release can renew the project's own, so that their last day fails no installation.
  const hasExpired = (suppression: Suppression) =>
    today !== undefined && own.includes(suppression) && suppression.until < today;
  const expired = own.filter(hasExpired);
  const ending =
    today === undefined
      ? []
      : SUPPRESSIONS.filter((suppression) => suppression.until <= dayAfter(today, WARNING_DAYS) && hides(suppression));
  const rows = judged.map((row) => withSuppression(row, all, hasExpired));
  const unmatched = own.filter((suppression) => !hides(suppression));
  return {
    rules: rules.length,
    rows,
    expired,
    ending,
    unmatched,
    good: expired.length === 0 && rows.every(({ outcome }) => outcome !== "fail"),
  };
}

function rowsOf(plan: AuditedPlan, rules: readonly Rule[]): AuditRow[] {
  return rules.flatMap(({ id: rule, title, asks, severity, types, evaluate }) =>
    plan
      .ofType(...types)
      .flatMap((resource) =>
        evaluate(resource, plan).map((judgement) => ({
          rule,
          title,
          asks,
          severity,
          address: resource.address,
          type: resource.type,
          ...judgement,
        })),
      )
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0)),
  );
}

function withSuppression(
  row: AuditRow,
  suppressions: readonly Suppression[],
  hasExpired: (suppression: Suppression) => boolean,
): AuditRow {
  if (row.outcome !== "fail") return row;
  const about = suppressions.filter((suppression) => suppresses(suppression, row));
  const valid = about.find((suppression) => !hasExpired(suppression));
  if (valid !== undefined) return { ...row, outcome: "suppressed", suppression: valid };
  const [over] = about;
  return over === undefined
    ? row
    : { ...row, text: `${row.text} It was suppressed until ${over.until}.`, suppression: over };
}

/** Rows of an outcome. */
export const rowsWith = ({ rows }: Pick<AuditReport, "rows">, outcome: AuditRow["outcome"]): AuditRow[] =>
  rows.filter((row) => row.outcome === outcome);

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
