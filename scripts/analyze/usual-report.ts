import type { RunReport, RunStatus } from "./report-line";

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
/**
 * As Lambda writes it today, from the first character to the last; requestId, durations, memory, init in this order.
 */
const TEXT = new RegExp(
  String.raw`^REPORT RequestId: ([\w-]+)\tDuration: ${NUMBER} ms\tBilled Duration: ${NUMBER} ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB(?:\tInit Duration: ${NUMBER} ms)?\s*$`,
);
const JSON_LINE = new RegExp(
  String.raw`^\{"time":"[\w:.-]+","type":"platform\.report","record":\{"requestId":"([\w-]+)","metrics":\{"durationMs":${NUMBER},"billedDurationMs":${NUMBER},"memorySizeMB":(\d+),"maxMemoryUsedMB":(\d+)(?:,"initDurationMs":${NUMBER})?\},"status":"(success|timeout|error)"\}\}$`,
);

/**
 * Reads a report that is written exactly as Lambda mostly does, in half the time; undefined for every other line, which
 * the thorough reading then takes. It gives the same as that (there is a test).
 */
export function readUsualReport(line: string): RunReport | undefined {
  const found = line.startsWith("{") ? JSON_LINE.exec(line) : TEXT.exec(line);
  if (!found || !(Number(found[4]) > 0)) return undefined;
  return {
    durationMs: Number(found[2]),
    billedDurationMs: Number(found[3]),
    memorySizeMiB: Number(found[4]),
    maxMemoryUsedMiB: Number(found[5]),
    initDurationMs: found[6] === undefined ? undefined : Number(found[6]),
    restoreDurationMs: undefined,
    status: (found[7] as RunStatus | undefined) ?? "unknown",
    errorType: undefined,
    requestId: found[1],
    version: undefined,
    functionName: undefined,
  };
}
