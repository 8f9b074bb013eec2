import type { AuditInput } from "../audit/audit";
import { accessFindings } from "./access";
import { auditFindings } from "./audit";
import { checkFindings } from "./checks";
import { exposureFindings } from "./exposure";
import type { Finding, FindingSource, Severity } from "./finding";

/** Who looks at a plan, with what decides the audit. A further one is an entry here. */
export const findingSources = (input: AuditInput = {}): Readonly<Record<string, FindingSource>> => ({
  checks: checkFindings,
  exposure: exposureFindings,
  access: accessFindings,
  audit: auditFindings(input),
});

/** The same with our own suppressions alone. */
export const FINDING_SOURCES = findingSources();

const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

/** Everything found in a plan, the gravest first. */
export function findingsOf(
  plan: unknown,
  sources: Readonly<Record<string, FindingSource>> = FINDING_SOURCES,
): Finding[] {
  const found = Object.entries(sources).flatMap(([source, look]) =>
    look(plan).map((finding) => ({ source, ...finding })),
  );
  return found.sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      (a.address < b.address ? -1 : a.address > b.address ? 1 : 0),
  );
}
