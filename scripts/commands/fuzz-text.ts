import pc from "picocolors";
import type { Finding } from "../judges/fuzz/finding";
import type { FuzzModeReport, FuzzReport } from "./fuzz";

/** Findings that are shown in full; the others are counted. */
const MAX_SHOWN = 10;

/** A run's findings for a person, an access mode after the other. */
export function describeFuzz({ modes, seed }: FuzzReport): string {
  return modes.map((mode) => describeMode(mode, seed)).join("\n\n");
}

function describeMode(report: FuzzModeReport, seed: number): string {
  const { authorization, tally, promises, findings, accepted, ended, logs } = report;
  const others = findings.length - promises.serverErrors - promises.hangs - promises.leaks;
  return [
    pc.bold(
      `${authorization}: ${tally.requests} requests with ${tally.mutations} kinds of change in ${report.seconds.toFixed(0)} s (seed ${seed})`,
    ),
    ...Object.entries(tally.byRoute).map(([route, statuses]) => `  ${route.padEnd(8)} ${counts(statuses)}`),
    `  expected ${counts(tally.byExpectation)}`,
    "",
    line(promises.serverErrors, "answers of 500 and above"),
    line(promises.hangs, "requests without an answer in time"),
    line(
      promises.leaks,
      `leaks in answers${logs.length > 0 ? ` and in ${logs.length} logs` : " (logs: not read, the API runs elsewhere)"}`,
    ),
    line(others, "answers or ends that are not as documented"),
    `  ${mark(ended >= accepted)} ${ended} of ${accepted} accepted requests have ended`,
    ...findings.slice(0, MAX_SHOWN).flatMap(describeFinding),
    ...(findings.length > MAX_SHOWN ? ["", `and ${findings.length - MAX_SHOWN} more: --json shows all`] : []),
  ].join("\n");
}

function describeFinding({ kind, what, reproduction }: Finding): string[] {
  const changed =
    reproduction === undefined || reproduction.mutations.length === 0
      ? ""
      : ` after ${reproduction.mutations.join(" and ")}`;
  return [
    "",
    `${pc.red(kind)}: ${what}${changed}`,
    ...(reproduction === undefined ? [] : [`  ${shown(JSON.stringify(reproduction))}`]),
  ];
}

const shown = (text: string): string =>
  text.length > 1_000 ? `${text.slice(0, 1_000)}… (--json shows it whole)` : text;

const line = (count: number, what: string): string => `  ${mark(count === 0)} ${String(count).padStart(4)} ${what}`;

const mark = (holds: boolean): string => (holds ? pc.green("ok  ") : pc.red("MISS"));

const counts = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ") || "none";
