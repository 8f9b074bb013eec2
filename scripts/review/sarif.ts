import { type AuditReport, type AuditRow, formatRowPlace, listRows } from "./audit-report";
import type { Rule, Severity } from "./rule";
import { describePlace } from "./suppressions";

const LEVELS: Readonly<Record<Severity, string>> = { critical: "error", warning: "warning", info: "note" };

/**
 * GitHub sorts alerts by these: from 9 on critical, from 7 high, from 4 medium (GitHub documentation, "SARIF support
 * for code scanning").
 */
const SCORES: Readonly<Record<Severity, string>> = { critical: "9.0", warning: "5.0", info: "2.0" };

interface ScanInput {
  /** The rules that were applied. */
  readonly rules: readonly Rule[];
  /** Of the project. */
  readonly version: string;
  /** Path of the stack's source, below the project, such as `stacks/agent-api-stack.ts`. */
  readonly source: string;
}

/**
 * An audit as SARIF 2.1.0 for code scanning: failures, and suppressions with their reasons. A resource is a logical
 * location; forges also demand a file, so each result is at the head of the stack's source.
 */
export function formatSarif(report: AuditReport, input: ScanInput): string {
  const { rules, version } = input;
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
            rules: rules.map(formatRule),
          },
        },
        columnKind: "utf16CodeUnits",
        results: [...found.map((row) => formatRow(row, input)), ...formatExpired(report, input)],
      },
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function formatRule({ id, title, asks = [], severity }: Rule): object {
  const scanners = asks.length > 0 ? `The same is asked by ${asks.join(", ")}.` : "No scanner asks it.";
  return {
    id,
    name: id,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: `${title}. ${scanners}` },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: ["security"], "security-severity": SCORES[severity] },
  };
}

function formatRow({ rule, severity, text, outcome, suppression, ...row }: AuditRow, input: ScanInput): object {
  const place = formatRowPlace(row);
  return {
    ...formatLocation(rule, place, input),
    level: LEVELS[severity],
    message: { text: `${place}: ${text}` },
    // An empty list would mean that somebody looked and suppressed nothing.
    ...(outcome === "suppressed" &&
      suppression !== undefined && {
        suppressions: [
          { kind: "external", status: "accepted", justification: `${suppression.reason} Until ${suppression.until}.` },
        ],
      }),
  };
}

/** An expired suppression fails the audit even where it hides nothing any more. */
function formatExpired({ expired, rows }: AuditReport, input: ScanInput): object[] {
  return expired
    .filter((suppression) => !rows.some((row) => row.suppression === suppression))
    .map((suppression) => {
      const { rule, until, reason } = suppression;
      const place = describePlace(suppression);
      const text = `The suppression of ${place} was until ${until}: decide again. Its reason was: ${reason}`;
      return { ...formatLocation(rule, place, input), level: "warning", message: { text } };
    });
}

/** All results are at one line of one file; the fingerprint tells them apart, and recognizes one in the next run. */
function formatLocation(rule: string, place: string, { rules, source }: ScanInput): object {
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: source, uriBaseId: "%SRCROOT%" }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: place, kind: "resource" }],
      },
    ],
    partialFingerprints: { primaryLocationLineHash: `${rule}:${place}` },
  };
}

const GITLAB_SEVERITIES: Readonly<Record<Severity, string>> = { critical: "Critical", warning: "Medium", info: "Info" };

/** Version of GitLab's schema of the report, which GitLab 16 and later accept. */
const GITLAB_SCHEMA = "15.0.6";

/** Characters of a finding's name that GitLab accepts. */
const LONGEST_NAME = 255;

/** GitLab demands the time of the scan; this stands for an unknown one. */
const UNKNOWN_TIME = "1970-01-01T00:00:00";

interface GitLabScanInput extends ScanInput {
  /** When the job began, as GitLab's CI_JOB_STARTED_AT has it. Default: it is not known. */
  readonly startedAt?: string;
}

/** Failures of an audit as GitLab's SAST report, which a merge request shows. It has no place for suppressions. */
export function formatGitLabSast(report: AuditReport, { rules, version, source, startedAt }: GitLabScanInput): string {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(startedAt ?? "")?.[0] ?? UNKNOWN_TIME;
  const scanner = { id: "quickturn-audit", name: "quickturn audit", version, vendor: { name: "Quickturn" } };
  const titles = new Map(rules.map(({ id, title }) => [id, title]));
  const vulnerabilities = listRows(report, "fail").map(({ rule, severity, text, ...row }) => {
    const place = formatRowPlace(row);
    return {
      // The same finding of two runs has the same id.
      id: `${rule}:${place}`,
      name: (titles.get(rule) ?? rule).slice(0, LONGEST_NAME),
      description: `${place}: ${text}`,
      severity: GITLAB_SEVERITIES[severity],
      location: { file: source, start_line: 1, class: place },
      identifiers: [{ type: "quickturn_audit_rule", name: rule, value: rule }],
    };
  });
  const document = {
    version: GITLAB_SCHEMA,
    scan: { type: "sast", status: "success", start_time: time, end_time: time, analyzer: scanner, scanner },
    vulnerabilities,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
