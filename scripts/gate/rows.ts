import type { GateVerdict, KpiVerdict, KpiOutcome } from "./judge";
import type { JunitCase } from "./junit";
import { escapeMarkdown } from "../kit/markdown";
import type { SmokeReport } from "./smoke";

/** A line of a gate's table. */
export interface GateRow {
  readonly what: string;
  readonly value: string;
  readonly bound: string;
  readonly samples: string;
  readonly verdict: string;
  readonly reason: string;
}

const COLUMNS = ["verdict", "what", "value", "bound", "samples", "why"] as const;

/** A gate's verdict for a pull request: the verdict, one sentence, a table. The same for the same findings. */
export function gateMarkdown(headline: string, sentence: string, rows: readonly GateRow[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [
    `## ${cell(headline)}`,
    "",
    cell(sentence),
    "",
    line(COLUMNS),
    line(COLUMNS.map(() => "---")),
    ...rows.map(({ verdict, what, value, bound, samples, reason }) =>
      line([
        verdict === "fail" || verdict === "error" ? `**${verdict}**` : verdict,
        what,
        value,
        bound,
        samples,
        reason,
      ]),
    ),
    "",
  ].join("\n");
}

/** A cell of a table. The two stars of a verdict are ours; nothing else is Markdown or HTML. */
const cell = (text: string): string => (/^\*\*(fail|error)\*\*$/.test(text) ? text : escapeMarkdown(text));

/** A verdict in every form that it is written in. */
export interface Findings {
  readonly headline: string;
  readonly sentence: string;
  readonly rows: readonly GateRow[];
  readonly cases: readonly JunitCase[];
  readonly suite: string;
}

const JUNIT: Readonly<Record<KpiOutcome, JunitCase["outcome"]>> = {
  pass: "passed",
  shown: "passed",
  fail: "failed",
  error: "error",
  inconclusive: "skipped",
  "not applicable": "skipped",
};

/** What the metrics say. */
export function gateFindings(verdict: GateVerdict): Findings {
  const { window, version, baseline, kpis } = verdict;
  const about = version === null ? "" : ` of version ${version}`;
  const against =
    baseline === null ? "" : ` against ${baseline === "saved" ? "saved evidence" : `version ${baseline}`}`;
  // The worst stand at the top; among equals the list's order stays.
  const worstFirst = [...kpis].sort((left, right) => ORDER.indexOf(left.verdict) - ORDER.indexOf(right.verdict));
  return {
    headline: `quickturn verify: ${verdict.verdict}`,
    sentence: `${counted(kpis.map((kpi) => kpi.verdict))}${about}${against}, from ${window.start} to ${window.end}.`,
    rows: worstFirst.map(rowOf),
    suite: "quickturn verify",
    cases: kpis.map((kpi) => ({ name: kpi.name, outcome: JUNIT[kpi.verdict], message: message(kpi, rowOf(kpi)) })),
  };
}

function rowOf(kpi: KpiVerdict): GateRow {
  const bound = kpi.bound === null ? "" : `${kpi.better === "lower" ? "<=" : ">="} ${valueText(kpi.bound, kpi.unit)}`;
  return {
    what: kpi.title,
    value: valueText(kpi.value, kpi.unit),
    bound,
    samples: samplesText(kpi),
    verdict: kpi.verdict,
    reason: reasonText(kpi),
  };
}

/** What the checklist says. */
export function smokeFindings({ verdict, endpoint, checks }: SmokeReport): Findings {
  return {
    headline: `quickturn verify --smoke: ${verdict}`,
    sentence: `${counted(checks.map((check) => check.verdict))}, asked at ${endpoint}.`,
    rows: checks.map(({ name, verdict: outcome, seen, ms }) => ({
      what: name,
      value: ms === 0 ? "" : `${ms} ms`,
      bound: "",
      samples: "",
      verdict: outcome,
      reason: seen,
    })),
    suite: "quickturn verify --smoke",
    cases: checks.map(({ name, verdict: outcome, seen, ms }) => ({
      name,
      outcome: JUNIT[outcome],
      message: seen,
      seconds: ms / 1_000,
    })),
  };
}

function message({ verdict, runbook }: KpiVerdict, { value, bound, reason }: GateRow): string {
  const figures = value === "" ? "" : `${value}${bound === "" ? "" : ` (target ${bound})`}: `;
  return `${figures}${reason}${verdict === "fail" ? `. RUNBOOK.md, "${runbook}"` : ""}`;
}

function reasonText({ reason, interval }: KpiVerdict): string {
  return interval === null
    ? reason
    : `${reason} (95 %: ${figure(interval.low)} to ${figure(interval.high)} % of ${interval.of})`;
}

/** Samples, and where they do not suffice how many would. */
function samplesText({ samples, needed, verdict }: KpiVerdict): string {
  if (samples === null) return "";
  return verdict === "inconclusive" && needed !== null && needed > samples
    ? `${samples} of ${needed}`
    : String(samples);
}

function valueText(value: number | null, unit: KpiVerdict["unit"]): string {
  if (value === null) return "";
  if (unit === "USD") return `$${figure(value)}`;
  return unit === "count" ? figure(value) : `${figure(value)} ${unit === "percent" ? "%" : unit}`;
}

const figure = (value: number): string =>
  Math.abs(value) >= 1_000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

/** Worst first. */
const ORDER: readonly KpiOutcome[] = ["fail", "error", "inconclusive", "pass", "shown", "not applicable"];

/** `2 fail, 1 inconclusive, 5 pass`. */
function counted(outcomes: readonly KpiOutcome[]): string {
  return ORDER.flatMap((outcome) => {
    const count = outcomes.filter((each) => each === outcome).length;
    return count === 0 ? [] : [`${count} ${outcome}`];
  }).join(", ");
}
