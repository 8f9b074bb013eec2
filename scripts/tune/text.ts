import pc from "picocolors";
import { writeComment } from "../analyze/text";
import { counted, percent, seconds } from "../kit/figures";
import type { TunedSize, Tuning } from "./verdict";

/** A tuning with its conditions. */
export interface TuningReport {
  readonly tuning: Tuning;
  /** What was measured or read, for a person. */
  readonly source: string;
  /** Terraform variable of the size. */
  readonly setting: string;
  /** Size in effect; null where unknown. */
  readonly currentMiB: number | null;
  readonly region: string;
  readonly coldStartShare: number;
  /** Prices that are another region's, because this one's are unknown. */
  readonly substitutes: readonly string[];
}

/** Writes the dollars of a thousand runs, from those of one. */
export const formatUsdPerThousand = (usd: number | null): string =>
  usd === null ? "-" : `$${(usd * 1_000).toPrecision(3)}`;

/** Says how a size stands to the chosen one and the one in effect, and why it is left out; may be empty. */
export function describeStanding(size: TunedSize, { tuning, currentMiB }: TuningReport): string {
  const { memoryMiB, leftOut, asGood } = size;
  return [
    memoryMiB === tuning.chosenMiB ? "chosen" : asGood ? "not significantly worse" : "",
    memoryMiB === currentMiB ? "in effect" : "",
    leftOut === null ? "" : `left out: ${leftOut}`,
  ]
    .filter((note) => note !== "")
    .join(", ");
}

/** Writes the answer as one line. */
export function summarizeTuning({ tuning: { verdict, chosenMiB, strategy }, setting }: TuningReport): string {
  if (verdict === "inconclusive") return "No size is chosen: inconclusive";
  return verdict === "no_difference"
    ? `Memory does not matter here: ${setting} = ${chosenMiB}`
    : `${setting} = ${chosenMiB} (${strategy})`;
}

/** Writes the chosen size as a tfvars file. Without a chosen size, comments say why there is none. */
export function writeTuningTfvars({ tuning, setting, source }: TuningReport): string {
  const { chosenMiB, strategy, reason, sizes } = tuning;
  const expected = sizes.find(({ memoryMiB }) => memoryMiB === chosenMiB)?.expected;
  if (!expected) return `${writeComment(`Nothing, by quickturn tune of ${source}: ${reason}.`)}\n`;
  const head = writeComment(
    `By quickturn tune --strategy ${strategy} of ${source}. Apply: quickturn apply --var-file <this file>. ` +
      "Take back: leave the line out and apply again.",
  );
  const explanation = writeComment(
    `${setting}: ${reason}. Expected: ${seconds(expected.timeMs)} and ${formatUsdPerThousand(expected.usd)} for ` +
      "1,000 runs. Effect: new version.",
  );
  return `${head}\n\n${explanation}\n${setting} = ${chosenMiB}\n`;
}

/** Describes a tuning for a person at a terminal. */
export function describeTuning(report: TuningReport, written: readonly string[]): string {
  const { tuning, source, currentMiB, setting, region, coldStartShare, substitutes } = report;
  const { sizes, choices, chosenMiB, reason } = tuning;
  const conditions =
    `${countRuns(tuning)} of ${source}; times of warm runs, means with 95 % intervals (bootstrap); dollars of ` +
    `1,000 runs in ${region}, arm64, ${percent(coldStartShare * 100)} of them cold`;
  const lines = [pc.bold(summarizeTuning(report)), `  ${reason}.`, "", pc.dim(conditions), ""];
  lines.push(...sizes.flatMap((size) => describeSize(size, report)), "");
  if (choices !== null) {
    const byStrategy = Object.entries(choices).map(([strategy, size]) => `${strategy} ${size} MB`);
    lines.push(`  by strategy: ${byStrategy.join(", ")}`);
  }
  if (currentMiB !== null && currentMiB === chosenMiB) lines.push(`  ${setting} is ${currentMiB} already.`);
  lines.push(...substitutes.map((text) => pc.yellow(`  ${text}`)), ...written.map((path) => `\nWritten: ${path}`));
  if (chosenMiB !== null)
    lines.push(
      `\nNothing live was changed. Try it on some of the traffic: quickturn canary --var ${setting}=${chosenMiB}`,
    );
  return lines.join("\n");
}

/** Counts the runs of all sizes, in words. */
export const countRuns = ({ sizes }: Tuning): string =>
  counted(
    sizes.reduce((sum, { runs }) => sum + runs, 0),
    "run",
  );

function describeSize(size: TunedSize, report: TuningReport): string[] {
  const { memoryMiB, warm, cold, failed, time, expected, usedMiB, initMeanMs, initUsd, warmUsdInterval } = size;
  const standing = describeStanding(size, report);
  const coloured = memoryMiB === report.tuning.chosenMiB ? pc.green(standing) : standing && pc.dim(standing);
  const used = usedMiB === null ? "?" : `${usedMiB} MB (${percent((usedMiB / memoryMiB) * 100)})`;
  const lines = [
    `  ${pc.bold(`${memoryMiB} MB`.padEnd(9))} ${drawBars(size, report.tuning.sizes)} ${coloured}`,
    `    ${warm} warm, ${cold} cold, ${failed} failed; used at most ${used}`,
  ];
  if (time === null || warmUsdInterval === null) return lines;
  const { meanMs, meanInterval, p50Ms, p90Ms, p95Ms, p99Ms } = time;
  const [low, high] = [warmUsdInterval.low, warmUsdInterval.high].map(formatUsdPerThousand);
  const init = initMeanMs === null ? "" : `; INIT ${seconds(initMeanMs)}, ${formatUsdPerThousand(initUsd)} more`;
  const expectation =
    expected === null ? "" : `; expected: ${seconds(expected.timeMs)}, ${formatUsdPerThousand(expected.usd)}`;
  return [
    ...lines,
    `    mean ${seconds(meanMs)} (${seconds(meanInterval.low)} to ${seconds(meanInterval.high)}), ` +
      `P50 ${seconds(p50Ms)}, P90 ${seconds(p90Ms)}, P95 ${seconds(p95Ms)}, P99 ${seconds(p99Ms)}`,
    `    warm ${formatUsdPerThousand(size.warmUsd)} (${low} to ${high})${init}${expectation}`,
  ];
}

const BAR_WIDTH = 20;

/** Draws the time relative to the slowest size, and the cost relative to the dearest. */
function drawBars(size: TunedSize, sizes: readonly TunedSize[]): string {
  const draw = (readValue: (size: TunedSize) => number | null) => {
    const most = Math.max(...sizes.map((each) => readValue(each) ?? 0));
    const value = readValue(size);
    const length = value === null || most === 0 ? 0 : Math.max(1, Math.round((value / most) * BAR_WIDTH));
    return "█".repeat(length).padEnd(BAR_WIDTH);
  };
  const [time, cost] = [draw((each) => each.time?.meanMs ?? null), draw(({ warmUsd }) => warmUsd)];
  return `time ${pc.cyan(time)} cost ${pc.yellow(cost)}`;
}

/** Turns a tuning into JSON: milliseconds, MiB and dollars of one run. The bootstrap's samples are left out. */
export function toJson({ tuning, ...conditions }: TuningReport): object {
  const sizes = tuning.sizes.map(({ time, ...size }) => ({ ...size, time: time && { ...time, drawn: undefined } }));
  return { ...conditions, ...tuning, sizes };
}
