import type { AuditReport } from "../judges/audit/audit";
import type { Rule, Severity } from "../judges/audit/rule";
import type { SarifInput } from "./sarif";

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
