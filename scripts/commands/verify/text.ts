import pc from "picocolors";
import type { GateRow } from "../../reports/gate-markdown";
import type { Findings } from "./rows";

const MARKS: Readonly<Record<string, (text: string) => string>> = {
  pass: pc.green,
  fail: pc.red,
  error: pc.red,
  inconclusive: pc.yellow,
  shown: pc.dim,
  "not applicable": pc.dim,
};

/** The findings for a person at a terminal: a line each, the reason at its end. */
export function describeFindings({ headline, sentence, rows }: Findings): string {
  const width = (column: keyof GateRow) => Math.max(...rows.map((row) => row[column].length));
  const [what, value, bound, samples, verdict] = (["what", "value", "bound", "samples", "verdict"] as const).map(
    width,
  ) as [number, number, number, number, number];
  const line = (row: GateRow) =>
    `  ${(MARKS[row.verdict] ?? String)(row.verdict.padEnd(verdict))} ${row.what.padEnd(what)} ${row.value.padStart(value)} ${row.bound.padEnd(bound)} ${row.samples.padStart(samples)}  ${row.reason}`.trimEnd();
  return [pc.bold(headline), sentence, "", ...rows.map(line)].join("\n");
}
