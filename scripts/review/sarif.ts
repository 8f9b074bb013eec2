import type { AuditReport, AuditRow } from "./audit-report";
import type { Rule, Severity } from "./rule";
import { placeOf } from "./suppression";

const LEVELS: Readonly<Record<Severity, string>> = { critical: "error", warning: "warning", info: "note" };

/**
 * By which GitHub sorts alerts: from 9 on critical, from 7 high, from 4 medium (GitHub documentation, "SARIF support
 * for code scanning").
 */
const SCORES: Readonly<Record<Severity, string>> = { critical: "9.0", warning: "5.0", info: "2.0" };

export interface SarifInput {
  /** All that were asked. */
  readonly rules: readonly Rule[];
  /** Of the project. */
  readonly version: string;
  /** Path of the stack's source, below the project, such as `stacks/agent-api-stack.ts`. */
  readonly source: string;
}

/**
 * What an audit found, as SARIF 2.1.0 for code scanning: what fails, and what stands on purpose with its reason. A
 * resource is a logical location; forges want a file too, so all are at the head of the stack's source.
 */
export function auditSarif(report: AuditReport, { rules, version, source }: SarifInput): string {
  const found = report.rows.filter(({ outcome }) => outcome === "fail" || outcome === "suppressed");
  const document = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "quickturn audit",
            version,
            informationUri: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html",
            rules: rules.map(descriptor),
          },
        },
        columnKind: "utf16CodeUnits",
        results: [...found.map((row) => result(row, rules, source)), ...expiries(report, rules, source)],
      },
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function descriptor({ id, title, asks, severity }: Rule): object {
  return {
    id,
    name: id,
    shortDescription: { text: `${title}.` },
    fullDescription: {
      text: asks.length > 0 ? `${title}. The same is asked by ${asks.join(", ")}.` : `${title}. No scanner asks it.`,
    },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: ["security"], "security-severity": SCORES[severity] },
  };
}

function result(row: AuditRow, rules: readonly Rule[], source: string): object {
  const where = `${row.address}${row.part === undefined ? "" : `, ${row.part}`}`;
  return {
    ...place(row.rule, where, rules, source),
    level: LEVELS[row.severity],
    message: { text: `${where}: ${row.text}` },
    // A list of none would say that somebody looked and suppressed nothing.
    ...(row.outcome === "suppressed" &&
      row.suppression !== undefined && {
        suppressions: [
          {
            kind: "external",
            status: "accepted",
            justification: `${row.suppression.reason} Until ${row.suppression.until}.`,
          },
        ],
      }),
  };
}

/** A suppression that is over fails the audit even where it hides nothing any more. */
function expiries({ expired, rows }: AuditReport, rules: readonly Rule[], source: string): object[] {
  return expired
    .filter((suppression) => !rows.some((row) => row.suppression === suppression))
    .map((suppression) => ({
      ...place(suppression.rule, placeOf(suppression), rules, source),
      level: "warning",
      message: {
        text: `The suppression of ${placeOf(suppression)} was until ${suppression.until}: decide again. Its reason was: ${suppression.reason}`,
      },
    }));
}

/**
 * All are at one line of one file, so the fingerprint is what tells them apart, and the same ones of two runs together.
 */
function place(rule: string, where: string, rules: readonly Rule[], source: string): object {
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: source, uriBaseId: "%SRCROOT%" }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: where, kind: "resource" }],
      },
    ],
    partialFingerprints: { primaryLocationLineHash: `${rule}:${where}` },
  };
}

const SEVERITIES: Readonly<Record<Severity, string>> = { critical: "Critical", warning: "Medium", info: "Info" };

/** GitLab's schema of the report, as GitLab 16 and later take it. */
const SCHEMA = "15.0.6";

/** Characters that GitLab takes of a finding's name. */
const LONGEST_NAME = 255;

/** GitLab asks when the scan was; where nobody knows, it is said with this. */
const UNKNOWN_TIME = "1970-01-01T00:00:00";

export interface GitLabSastInput extends SarifInput {
  /** When the job began, as GitLab's CI_JOB_STARTED_AT has it. Default: it is not known. */
  readonly startedAt?: string;
}

/**
 * What fails in an audit, as GitLab's SAST report, which a merge request shows. What stands on purpose is left out:
 * GitLab knows no reason of somebody else's.
 */
export function gitLabSast({ rows }: AuditReport, { rules, version, source, startedAt }: GitLabSastInput): string {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(startedAt ?? "")?.[0] ?? UNKNOWN_TIME;
  const scanner = { id: "quickturn-audit", name: "quickturn audit", version, vendor: { name: "Quickturn" } };
  const titles = new Map(rules.map(({ id, title }: Rule) => [id, title]));
  const vulnerabilities = rows
    .filter(({ outcome }) => outcome === "fail")
    .map(({ rule, severity, address, part, text }) => {
      const where = part === undefined ? address : `${address}, ${part}`;
      return {
        // The same finding of two runs has the same id.
        id: `${rule}:${where}`,
        name: (titles.get(rule) ?? rule).slice(0, LONGEST_NAME),
        description: `${where}: ${text}`,
        severity: SEVERITIES[severity],
        location: { file: source, start_line: 1, class: where },
        identifiers: [{ type: "quickturn_audit_rule", name: rule, value: rule }],
      };
    });
  const document = {
    version: SCHEMA,
    scan: { type: "sast", status: "success", start_time: time, end_time: time, analyzer: scanner, scanner },
    vulnerabilities,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
