import pc from "picocolors";
import { escapeMarkdown } from "../kit/markdown";
import type { GateVerdict, KpiOutcome, KpiVerdict, Verdict } from "./judge";
import type { SmokeReport } from "./smoke";

/** A line of a gate's table, and a case of its JUnit file. */
export interface FindingRow {
  /** Name of the case. */
  readonly name: string;
  readonly what: string;
  readonly value: string;
  readonly bound: string;
  readonly samples: string;
  readonly verdict: KpiOutcome;
  readonly reason: string;
  /** Message of the case, one line. */
  readonly message: string;
  /** Left out where time is no part of the result. */
  readonly seconds?: number;
}

/** A verdict, ready to be written in every form. */
export interface Findings {
  /** The command that found them, which is the name of the JUnit suite. */
  readonly command: string;
  readonly report: { readonly verdict: Verdict };
  readonly sentence: string;
  readonly rows: readonly FindingRow[];
}

/** Worst first. */
const ORDER: readonly KpiOutcome[] = ["fail", "error", "inconclusive", "pass", "shown", "not applicable"];

/** Writes what the metrics say. */
export function gateFindings(report: GateVerdict): Findings {
  const { window, version, baseline, kpis } = report;
  const about = version === null ? "" : ` of version ${version}`;
  const against =
    baseline === null ? "" : ` against ${baseline === "saved" ? "saved evidence" : `version ${baseline}`}`;
  return {
    command: "quickturn verify",
    report,
    sentence: `${countOutcomes(kpis)}${about}${against}, from ${window.start} to ${window.end}.`,
    // Among equals the list's order stays.
    rows: kpis.map(describeKpi).sort((left, right) => ORDER.indexOf(left.verdict) - ORDER.indexOf(right.verdict)),
  };
}

function describeKpi(kpi: KpiVerdict): FindingRow {
  const { name, title, unit, verdict, interval, runbook } = kpi;
  const value = formatValue(kpi.value, unit);
  const bound = kpi.bound === null ? "" : `${kpi.better === "lower" ? "<=" : ">="} ${formatValue(kpi.bound, unit)}`;
  const reason =
    interval === null
      ? kpi.reason
      : `${kpi.reason} (95 %: ${figure(interval.low)} to ${figure(interval.high)} % of ${interval.of})`;
  const figures = value === "" ? "" : `${value}${bound === "" ? "" : ` (target ${bound})`}: `;
  const message = `${figures}${reason}${verdict === "fail" ? `. RUNBOOK.md, "${runbook}"` : ""}`;
  return { name, what: title, value, bound, samples: formatSamples(kpi), verdict, reason, message };
}

/** Writes what the checklist says. */
export function smokeFindings(report: SmokeReport): Findings {
  return {
    command: "quickturn verify --smoke",
    report,
    sentence: `${countOutcomes(report.checks)}, asked at ${report.endpoint}.`,
    rows: report.checks.map(({ name, verdict, seen, ms }) => {
      const value = ms === 0 ? "" : `${ms} ms`;
      return {
        name,
        what: name,
        value,
        bound: "",
        samples: "",
        verdict,
        reason: seen,
        message: seen,
        seconds: ms / 1_000,
      };
    }),
  };
}

/** Writes `2 fail, 1 inconclusive, 5 pass`. */
function countOutcomes(found: readonly { readonly verdict: KpiOutcome }[]): string {
  return ORDER.flatMap((outcome) => {
    const count = found.filter(({ verdict }) => verdict === outcome).length;
    return count === 0 ? [] : [`${count} ${outcome}`];
  }).join(", ");
}

/** Writes the samples, and where they do not suffice how many would. */
function formatSamples({ samples, needed, verdict }: KpiVerdict): string {
  if (samples === null) return "";
  return verdict === "inconclusive" && needed !== null && needed > samples
    ? `${samples} of ${needed}`
    : String(samples);
}

function formatValue(value: number | null, unit: KpiVerdict["unit"]): string {
  if (value === null) return "";
  if (unit === "USD") return `$${figure(value)}`;
  return unit === "count" ? figure(value) : `${figure(value)} ${unit === "percent" ? "%" : unit}`;
}

const figure = (value: number): string =>
  Math.abs(value) >= 1_000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

const headlineOf = ({ command, report }: Findings): string => `${command}: ${report.verdict}`;

const COLOURS: Readonly<Record<KpiOutcome, (text: string) => string>> = {
  pass: pc.green,
  fail: pc.red,
  error: pc.red,
  inconclusive: pc.yellow,
  shown: pc.dim,
  "not applicable": pc.dim,
};

/** Describes findings for a person at a terminal: a line each, the reason at its end. */
export function describeFindings(findings: Findings): string {
  const { rows, sentence } = findings;
  const widthOf = (column: "what" | "value" | "bound" | "samples" | "verdict") =>
    Math.max(...rows.map((row) => row[column].length));
  const lines = rows.map((row) =>
    [
      `  ${COLOURS[row.verdict](row.verdict.padEnd(widthOf("verdict")))}`,
      row.what.padEnd(widthOf("what")),
      row.value.padStart(widthOf("value")),
      row.bound.padEnd(widthOf("bound")),
      row.samples.padStart(widthOf("samples")),
      ` ${row.reason}`,
    ]
      .join(" ")
      .trimEnd(),
  );
  return [pc.bold(headlineOf(findings)), sentence, "", ...lines].join("\n");
}

const COLUMNS = ["verdict", "what", "value", "bound", "samples", "why"];

/** Writes findings for a pull request: the verdict, one sentence, a table. The same for the same findings. */
export function writeMarkdown(findings: Findings): string {
  const writeLine = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rows = findings.rows.map(({ verdict, what, value, bound, samples, reason }) => {
    const marked = verdict === "fail" || verdict === "error" ? `**${verdict}**` : verdict;
    return writeLine([marked, ...[what, value, bound, samples, reason].map(escapeMarkdown)]);
  });
  return [
    `## ${escapeMarkdown(headlineOf(findings))}`,
    "",
    escapeMarkdown(findings.sentence),
    "",
    writeLine(COLUMNS),
    writeLine(COLUMNS.map(() => "---")),
    ...rows,
    "",
  ].join("\n");
}

/** Elements of JUnit that tell how a case ended. */
const JUNIT: Readonly<Record<KpiOutcome, "system-out" | "failure" | "error" | "skipped">> = {
  pass: "system-out",
  shown: "system-out",
  fail: "failure",
  error: "error",
  inconclusive: "skipped",
  "not applicable": "skipped",
};

/** Writes findings as JUnit's XML: failures, errors and skipped cases with their messages. */
export function writeJunit({ command, rows }: Findings): string {
  const suite = escapeXml(command);
  const count = (element: string) => rows.filter(({ verdict }) => JUNIT[verdict] === element).length;
  const counts =
    `tests="${rows.length}" failures="${count("failure")}" ` +
    `errors="${count("error")}" skipped="${count("skipped")}"`;
  const cases = rows.map(({ name, verdict, message, seconds }) => {
    const time = seconds === undefined ? "" : ` time="${seconds.toFixed(3)}"`;
    const [element, text] = [JUNIT[verdict], escapeXml(message)];
    const ending = element === "system-out" ? `<${element}>${text}</${element}>` : `<${element} message="${text}"/>`;
    return `    <testcase classname="${suite}" name="${escapeXml(name)}"${time}>${ending}</testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${suite}" ${counts}>`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/** What XML 1.0 has no place for, not even escaped, becomes U+FFFD. */
function escapeXml(text: string): string {
  return (
    text
      .replaceAll(/\p{Surrogate}/gu, "\ufffd")
      // eslint-disable-next-line no-control-regex -- these are the ones to replace
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replaceAll(/[&<>"'\n\r\t]/g, (character: string) => ENTITIES[character] ?? character)
  );
}
