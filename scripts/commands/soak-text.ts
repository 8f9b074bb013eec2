import pc from "picocolors";
import { PROMISES } from "../judges/history";
import { median } from "../judges/statistics/median";
import type { SoakReport } from "./soak";

const MEANING: Readonly<Record<(typeof PROMISES)[number], string>> = {
  lost: "lost",
  stuck: "stuck without a terminal state",
  split: "given another id when sent again with its key",
  went_back: "shown an earlier state after a later one",
  changed: "changed after the end",
  wrong_answer: "completed with an answer that is not whole or not its own",
  ended_twice: "executed twice to an end",
};

/** A soak's findings for a person. */
export function describeSoak(report: SoakReport): string {
  const { verdict, records, options, seconds, memory } = report;
  const open = (records["queued"] ?? 0) + (records["processing"] ?? 0);
  return [
    pc.bold(
      `${verdict.requests} of ${options.requests} requests by ${options.concurrency} callers in ${seconds.toFixed(0)} s (seed ${options.seed})`,
    ),
    `  endings    ${counts(verdict.endings)}${Object.keys(verdict.reasons).length > 0 ? `   because: ${counts(verdict.reasons)}` : ""}`,
    `  processes  ${counts(report.chaos)}`,
    `  calls      ${counts(report.network)}`,
    `  agents     ${counts(report.agents)}`,
    "",
    ...PROMISES.map((promise) => line(verdict.broken[promise].length, MEANING[promise], verdict.broken[promise])),
    line(open, "records still open in the table, whether a caller knows them or not"),
    `  ${mark(report.memoryIsFlat)} memory of ${memory.length} processes that lived: ${describeMemory(report)}`,
  ].join("\n");
}

function line(count: number, what: string, ids: readonly string[] = []): string {
  const examples = ids.length === 0 ? "" : `: ${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ", …" : ""}`;
  return `  ${mark(count === 0)} ${String(count).padStart(4)} ${what}${examples}`;
}

function describeMemory({ memory }: SoakReport): string {
  if (memory.length === 0) return "too few samples";
  const [first, last] = [memory.map(({ firstMiB }) => firstMiB), memory.map(({ lastMiB }) => lastMiB)];
  const worst = Math.max(...memory.map(({ firstMiB, lastMiB }) => (lastMiB / firstMiB - 1) * 100));
  return `${median(first).toFixed(0)} MiB at first, ${median(last).toFixed(0)} MiB at last (medians); the worst grew by ${worst.toFixed(0)} %`;
}

const mark = (holds: boolean): string => (holds ? pc.green("ok  ") : pc.red("MISS"));

const counts = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ") || "nothing was done";
