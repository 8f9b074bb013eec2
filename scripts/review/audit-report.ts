import { UsageError } from "../kit/context";
import { AuditedPlan } from "./audited-plan";
import { isPlanJson, type StackSources } from "./plan-json";
import type { Judgement, Rule, Severity } from "./rule";
import { RULES } from "./rules";
import { addDays, describePlace, suppresses, type Suppression, SUPPRESSIONS } from "./suppressions";

/** What decides an audit beside the plan. */
export interface AuditInput {
  /** The synthesized stack that was planned. Default: some values stay unknown. */
  readonly sources?: StackSources | undefined;
  /** YYYY-MM-DD: a user's suppression until an earlier day has expired. Default: none has expired or ends soon. */
  readonly today?: string | undefined;
  /** The user's own. Default: none. */
  readonly suppressions?: readonly Suppression[] | undefined;
  /** Default: all. */
  readonly rules?: readonly Rule[] | undefined;
}

/** The result of one rule for one resource, or for a part of it. */
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
  /** The suppression that holds, or the one that has expired. */
  readonly suppression?: Suppression;
}

export interface AuditReport {
  /** Number of rules. */
  readonly rules: number;
  readonly rows: readonly AuditRow[];
  /** The user's suppressions that have expired. */
  readonly expired: readonly Suppression[];
  /** The project's own suppressions in use that end soon or have ended. They still hold. */
  readonly ending: readonly Suppression[];
  /** The user's suppressions that hide nothing. */
  readonly unmatched: readonly Suppression[];
  /** True where nothing fails and nothing has expired. */
  readonly good: boolean;
}

/** Days before the end of one of the project's own suppressions from which the audit warns. */
const WARNING_DAYS = 90;

/**
 * Applies every rule to every resource that an apply would leave.
 * @param plan what `terraform show -json` prints of a plan
 * @throws UsageError where it is no plan
 */
export function audit(
  plan: unknown,
  { sources, today, suppressions: own = [], rules = RULES }: AuditInput = {},
): AuditReport {
  if (!isPlanJson(plan))
    throw new UsageError(
      "The document is no plan: it has no resource_changes and no configuration. " +
        "Allowed: what `terraform show -json <plan file>` prints",
    );
  const judged = applyRules(rules, new AuditedPlan(plan, sources));
  const failed = judged.filter(({ outcome }) => outcome === "fail");
  const isUsed = (suppression: Suppression) => failed.some((row) => suppresses(suppression, row));
  const expired = own.filter(({ until }) => today !== undefined && until < today);
  // Only a release can renew the project's own suppressions, so the end of one fails no installation.
  const ending = SUPPRESSIONS.filter(
    (suppression) => today !== undefined && suppression.until <= addDays(today, WARNING_DAYS) && isUsed(suppression),
  );
  const rows = judged.map((row) => suppressRow(row, [...own, ...SUPPRESSIONS], expired));
  return {
    rules: rules.length,
    rows,
    expired,
    ending,
    unmatched: own.filter((suppression) => !isUsed(suppression)),
    good: expired.length === 0 && rows.every(({ outcome }) => outcome !== "fail"),
  };
}

function applyRules(rules: readonly Rule[], plan: AuditedPlan): AuditRow[] {
  return rules.flatMap(({ id: rule, title, asks = [], severity, types, evaluate }) =>
    plan
      .ofType(...types)
      .flatMap((resource) => {
        const { address, type } = resource;
        return [evaluate(resource, plan)]
          .flat()
          .map((judgement) => ({ rule, title, asks, severity, address, type, ...judgement }));
      })
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0)),
  );
}

function suppressRow(row: AuditRow, suppressions: readonly Suppression[], expired: readonly Suppression[]): AuditRow {
  if (row.outcome !== "fail") return row;
  const matching = suppressions.filter((suppression) => suppresses(suppression, row));
  const valid = matching.find((suppression) => !expired.includes(suppression));
  if (valid !== undefined) return { ...row, outcome: "suppressed", suppression: valid };
  const [suppression] = matching;
  return suppression === undefined
    ? row
    : { ...row, text: `${row.text} It was suppressed until ${suppression.until}.`, suppression };
}

/** The rows of an outcome. */
export const listRows = ({ rows }: Pick<AuditReport, "rows">, outcome: AuditRow["outcome"]): AuditRow[] =>
  rows.filter((row) => row.outcome === outcome);

/**
 * An audit for a terminal: counts, failures in full, suppressions with their reasons, and what is unknown.
 * @param showAll whether every row is shown. Default: passes are only counted
 */
export function formatAudit(report: AuditReport, showAll = false): string {
  const { rows, expired, unmatched } = report;
  const all = rows.map((row) => `  ${row.outcome.padEnd(10)} ${row.rule}: ${formatRowPlace(row)}`);
  return [
    formatHeadline(report),
    ...formatSection("Failed", listRows(report, "fail").map(formatFailure)),
    ...formatSection("Expired: decide again, and change the day or the resource", expired.map(formatExpired)),
    ...formatSection("Warnings", formatEndingDays(report)),
    ...formatSection(
      "Unknown before the apply",
      listRows(report, "unknown").map((row) => `  ${formatRowPlace(row)}\n      ${row.rule}: ${row.text}`),
    ),
    ...formatSection("Suppressed on purpose", formatSuppressed(report)),
    ...formatSection(
      "Suppressions that hide nothing: take them away",
      unmatched.map((suppression) => `  ${suppression.rule}: ${describePlace(suppression)}`),
    ),
    ...formatSection("All", showAll ? all : []),
  ].join("\n\n");
}

const formatSection = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:\n${lines.join("\n")}`];

function formatHeadline(report: AuditReport): string {
  const count = (outcome: AuditRow["outcome"]) => listRows(report, outcome).length;
  return (
    `Audit: ${report.good ? "nothing fails" : "it fails"}. ` +
    `${report.rules} rules, ${report.rows.length} applicable rows: ${count("pass")} passed, ` +
    `${count("suppressed")} suppressed, ${count("fail")} failed, ${count("unknown")} unknown.`
  );
}

/** `aws_a.b, part c` */
export const formatRowPlace = ({ address, part }: Pick<AuditRow, "address" | "part">): string =>
  `${address}${part === undefined ? "" : `, ${part}`}`;

function formatFailure({ rule, severity, asks, title, text, ...row }: AuditRow): string {
  const scanners = asks.length > 0 ? ` (${asks.join(", ")})` : "";
  return `  ${severity} ${formatRowPlace(row)}\n      ${rule}: ${title}${scanners}\n      ${text}`;
}

/** One line for each suppression, with all the places that it hides. */
function formatSuppressed(report: AuditReport): string[] {
  const rows = listRows(report, "suppressed");
  const used = [...new Set(rows.flatMap(({ suppression }) => suppression ?? []))];
  return used.map((suppression) => {
    const places = rows.filter((row) => row.suppression === suppression).map(formatRowPlace);
    return `  ${suppression.rule}, until ${suppression.until}: ${places.join("; ")}\n      ${suppression.reason}`;
  });
}

const formatExpired = (suppression: Suppression): string =>
  `  ${suppression.rule}, until ${suppression.until}: ${describePlace(suppression)}\n      ${suppression.reason}`;

/** One line for each day, because many suppressions end together. */
function formatEndingDays({ ending }: AuditReport): string[] {
  return [...new Set(ending.map(({ until }) => until))].map((day) => {
    const rules = [...new Set(ending.filter(({ until }) => until === day).map(({ rule }) => rule))].join(", ");
    return (
      `  ${day} is the last day of decisions of Quickturn's own: ${rules}. ` +
      "They still hold here; a newer release of Quickturn renews or drops them."
    );
  });
}
