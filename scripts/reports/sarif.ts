import type { AuditReport, AuditRow } from "../judges/audit/audit";
import type { Rule, Severity } from "../judges/audit/rule";
import { placeOf } from "../judges/audit/suppression";

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
