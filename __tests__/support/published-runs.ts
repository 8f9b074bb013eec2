import { normalQuantile } from "../../scripts/kit/quantiles";
import { seededRandom } from "../../scripts/kit/random";

/**
 * Two sets of runs that have exactly the figures that were published, and nothing else of the systems they are of: the
 * figures leave every other property open.
 *
 * Set 1: "40 of 44 runs (90.9 %) over 60 s, 61.5-247.3 s, mean 165.2 s, P95 230.2 s".
 * - 40 of 44 (90.909 %) is of all runs.
 * - The smallest, 61.5 s, can only be of the 40: the other four took 60 s at most.
 * - The largest, 247.3 s, is of both.
 * - Mean and P95 stand in one list with that smallest, so they are read as of the 40. A mean of all 44 is possible too
 *   (the 40 then have one of at least 175.7 s), but both populations cannot have the mean 165.2 s: four runs of 60 s at
 *   most pull it down to 155.7 s or less. P95 can be of both, and is here: 230.22 s of the 40, 230.19 s of the 44.
 *
 * Set 2: "P50 7.263 s against P99 49.1645 s (6.8x)", two modes.
 * - 49.1645 s has a digit more than a duration in milliseconds: it lies between two runs. Linear interpolation (type 7)
 *   gives it half-way between two of them with 151 runs: rank 0.99 x 150 = 148.5. P50 is then the 76th run itself.
 *   Other sizes can give it too (51, or 149 with type 6); the figures do not say which.
 */
export interface PublishedRun {
  readonly durationMs: number;
  readonly usedMiB: number;
  /** Of a cold start. */
  readonly initMs?: number;
}

/** Set 1, with memory of 512 MB close to its end: the size that the reports moved away from. */
export function slowRuns(): PublishedRun[] {
  const between = 35;
  const given = [61_500, 230_100, 230_200, 230_600, 247_300];
  // What is left of 40 x 165.2 s for the runs between the second and the 36th.
  const sum = 40 * 165_200 - given.reduce((total, ms) => total + ms, 0);
  const random = seededRandom(512);
  const shape = Array.from(
    { length: between },
    (_, index) => 66_000 + 162_000 * (index / (between - 1)) ** 0.72 - random() * 1_500,
  );
  const shift = (sum - shape.reduce((total, ms) => total + ms, 0)) / between;
  const shifted = shape.map((ms) => Math.round(ms + shift));
  shifted[10]! += sum - shifted.reduce((total, ms) => total + ms, 0);
  const durations = shuffled([38_412, 44_907, 51_238, 57_861, ...given, ...shifted], random);
  return durations.map((durationMs, index) => ({
    durationMs,
    usedMiB: 474 + Math.floor(random() * 35),
    ...(index % 11 === 0 ? { initMs: Math.round(900 + random() * 400) } : {}),
  }));
}

/** Set 2, with memory enough. */
export function mixedRuns(): PublishedRun[] {
  const [fast, slow] = [103, 48];
  const mode = (runs: number, centreMs: number, deviation: number) =>
    Array.from({ length: runs }, (_, index) =>
      Math.round(centreMs * Math.exp(deviation * normalQuantile((index + 0.5) / runs))),
    );
  const sorted = [...mode(fast, 6_430, 0.2), ...mode(slow, 31_500, 0.21)];
  sorted[75] = 7_263;
  [sorted[148], sorted[149], sorted[150]] = [48_902, 49_427, 52_310];
  const random = seededRandom(6_8);
  return shuffled(sorted, random).map((durationMs, index) => ({
    durationMs,
    usedMiB: 231 + Math.floor(random() * 90),
    ...(index % 25 === 3 ? { initMs: Math.round(700 + random() * 300) } : {}),
  }));
}

/** A log in Lambda's text format. */
export function textLog(runs: readonly PublishedRun[], sizeMiB: number): string {
  const lines = runs.flatMap(({ durationMs, usedMiB, initMs }, index) => {
    const id = requestId(index);
    const report = [
      `REPORT RequestId: ${id}`,
      `Duration: ${durationMs.toFixed(2)} ms`,
      `Billed Duration: ${durationMs + (initMs ?? 0)} ms`,
      `Memory Size: ${sizeMiB} MB`,
      `Max Memory Used: ${usedMiB} MB`,
      ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    ];
    return [
      ...(initMs === undefined ? [] : ["INIT_START Runtime Version: nodejs:22.v56"]),
      `START RequestId: ${id} Version: 7`,
      `END RequestId: ${id}`,
      `${report.join("\t")}\t`,
    ];
  });
  return `${lines.join("\n")}\n`;
}

/** A log in Lambda's JSON format. */
export function jsonLog(runs: readonly PublishedRun[], sizeMiB: number): string {
  const lines = runs.flatMap(({ durationMs, usedMiB, initMs }, index) => {
    const requestIdOfRun = requestId(index);
    const time = new Date(Date.UTC(2026, 0, 5, 9) + index * 60_000).toISOString();
    const metrics = {
      durationMs,
      billedDurationMs: durationMs + (initMs ?? 0),
      memorySizeMB: sizeMiB,
      maxMemoryUsedMB: usedMiB,
      ...(initMs === undefined ? {} : { initDurationMs: initMs }),
    };
    return [
      { time, type: "platform.start", record: { requestId: requestIdOfRun, version: "12" } },
      { time, type: "platform.report", record: { requestId: requestIdOfRun, metrics, status: "success" } },
    ].map((line) => JSON.stringify(line));
  });
  return `${lines.join("\n")}\n`;
}

const requestId = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;

/** Fisher and Yates. */
function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const mixed = [...values];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
  }
  return mixed;
}
