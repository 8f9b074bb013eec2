import pc from "picocolors";
import type { KilledCanary } from "../../judges/rehearsal/killed-canary";
import type { KilledCanaries } from "./killed-canaries";

/** A line a kill, and what callers had meanwhile. */
export function describeKilledCanaries({ kills, requests, failures, problems }: KilledCanaries): string {
  const shown = kills.filter(({ recovered }) => recovered !== null);
  const late = kills.length - shown.length;
  return [
    pc.bold(
      `Canaries killed ${shown.length} times${late > 0 ? `, and ${late} that had ended before their kill` : ""}:`,
    ),
    ...kills.flatMap(describeKill),
    `  ${mark(failures === 0 && requests > 0)} requests of callers meanwhile: ${requests}, failed: ${failures}`,
    ...problems.map((problem) => `  ${mark(false)} ${problem}`),
  ].join("\n");
}

function describeKill({ atMs, during, point, recovered, how, seconds, problems }: KilledCanary): string[] {
  const file = point.withoutFile ? ", without the live file" : "";
  const line = `${`${(atMs / 1_000).toFixed(1)} s`.padStart(7)}  ${during.padEnd(11)}  ${how}${file}${recovered === null ? "" : `, ${seconds.toFixed(1)} s`}`;
  return [
    `  ${recovered === null ? pc.dim("late") : mark(recovered)} ${line}`,
    ...problems.map((problem) => `       ${problem}`),
  ];
}

const mark = (holds: boolean): string => (holds ? pc.green("ok  ") : pc.red("MISS"));
