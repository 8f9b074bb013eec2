import type { TunedSize, Tuning } from "./verdict";
import { seconds, counted, percent } from "../kit/figures";
import { comment } from "../analyze/tfvars";
import pc from "picocolors";

/** A tuning with what it was made of. */
export interface TuningReport {
  readonly tuning: Tuning;
  /** What was measured or read, for a person. */
  readonly source: string;
  /** Terraform variable of the size. */
  readonly setting: string;
  /** Size in effect; null where it is not known. */
  readonly currentMiB: number | null;
  readonly region: string;
  readonly coldStartShare: number;
  /** Prices of another region that stand in for this one's. */
  readonly substitutes: readonly string[];
}

/** Dollars of a thousand runs. */
export const perThousand = (usd: number | null): string => (usd === null ? "-" : `$${(usd * 1_000).toPrecision(3)}`);

/** What a size's row says beside its figures. */
export function noteOf(
  { memoryMiB, leftOut, asGood }: TunedSize,
  { tuning, currentMiB }: Pick<TuningReport, "tuning" | "currentMiB">,
): string {
  const notes = [
    ...(memoryMiB === tuning.chosenMiB ? ["chosen"] : asGood ? ["not significantly worse"] : []),
    ...(memoryMiB === currentMiB ? ["in effect"] : []),
    ...(leftOut === null ? [] : [`left out: ${leftOut}`]),
  ];
  return notes.join(", ");
}

/** The answer in a line. */
export function headline({ tuning: { verdict, chosenMiB, strategy }, setting }: TuningReport): string {
  if (verdict === "inconclusive") return "No size is chosen: inconclusive";
  return verdict === "no_difference"
    ? `Memory does not matter here: ${setting} = ${chosenMiB}`
    : `${setting} = ${chosenMiB} (${strategy})`;
}

/** The chosen size as a tfvars file; without one it says why, in comments alone. */
export function tuningTfvars({ tuning, setting, source }: TuningReport): string {
  const { chosenMiB, strategy, reason, sizes } = tuning;
  const expected = sizes.find(({ memoryMiB }) => memoryMiB === chosenMiB)?.expected;
  if (chosenMiB === null || !expected)
    return `${comment(`Nothing, by quickturn tune of ${source}: ${reason}.`).join("\n")}\n`;
  const head = comment(
    `By quickturn tune --strategy ${strategy} of ${source}. Apply: quickturn apply --var-file <this file>. Take back: leave the line out and apply again.`,
  );
  const why = comment(
    `${setting}: ${reason}. Expected: ${seconds(expected.timeMs)} and ${perThousand(expected.usd)} for 1,000 runs. Effect: new version.`,
  );
  return `${head.join("\n")}\n\n${why.join("\n")}\n${setting} = ${chosenMiB}\n`;
}

const BAR_WIDTH = 20;

/** A tuning for a person at a terminal. */
export function describeTuning(report: TuningReport, written: readonly string[]): string {
  const { tuning, source, currentMiB, setting, region, coldStartShare } = report;
  const { sizes, choices, chosenMiB, reason } = tuning;
  const runs = sizes.reduce((sum, size) => sum + size.runs, 0);
  return [
    pc.bold(headline(report)),
    `  ${reason}.`,
    "",
    pc.dim(
      `${counted(runs, "run")} of ${source}; times of warm runs, means with 95 % intervals (bootstrap); dollars of 1,000 runs in ${region}, arm64, ${percent(coldStartShare * 100)} of them cold`,
    ),
    "",
    ...sizes.flatMap((size) => sizeLines(size, report)),
    "",
    ...(choices === null
      ? []
      : [
          `  by strategy: ${Object.entries(choices)
            .map(([strategy, size]) => `${strategy} ${size} MB`)
            .join(", ")}`,
        ]),
    ...(currentMiB !== null && currentMiB === chosenMiB ? [`  ${setting} is ${currentMiB} already.`] : []),
    ...report.substitutes.map((text) => pc.yellow(`  ${text}`)),
    ...written.map((path) => `\nWritten: ${path}`),
    ...(chosenMiB === null
      ? []
      : [`\nNothing live was changed. Try it on some of the traffic: quickturn canary --var ${setting}=${chosenMiB}`]),
  ].join("\n");
}

function sizeLines(size: TunedSize, report: TuningReport): string[] {
  const { memoryMiB, warm, cold, failed, time, expected, usedMiB, initMeanMs, initUsd, warmUsd, warmUsdInterval } =
    size;
  const note = noteOf(size, report);
  const head = `  ${pc.bold(`${memoryMiB} MB`.padEnd(9))} ${bar(size, report)} ${note === "" ? "" : memoryMiB === report.tuning.chosenMiB ? pc.green(note) : pc.dim(note)}`;
  const runs = `    ${warm} warm, ${cold} cold, ${failed} failed; used at most ${usedMiB === null ? "?" : `${usedMiB} MB (${percent((usedMiB / memoryMiB) * 100)})`}`;
  if (time === null) return [head, runs];
  const init = initMeanMs === null ? "" : `; INIT ${seconds(initMeanMs)}, ${perThousand(initUsd)} more`;
  return [
    head,
    runs,
    `    mean ${seconds(time.meanMs)} (${seconds(time.meanInterval.low)} to ${seconds(time.meanInterval.high)}), P50 ${seconds(time.p50Ms)}, P90 ${seconds(time.p90Ms)}, P95 ${seconds(time.p95Ms)}, P99 ${seconds(time.p99Ms)}`,
    `    warm ${perThousand(warmUsd)} (${perThousand(warmUsdInterval!.low)} to ${perThousand(warmUsdInterval!.high)})${init}${expected === null ? "" : `; expected: ${seconds(expected.timeMs)}, ${perThousand(expected.usd)}`}`,
  ];
}

/** Time against the slowest, cost against the dearest. */
function bar(size: TunedSize, { tuning: { sizes } }: TuningReport): string {
  const drawn = (of: (size: TunedSize) => number | null, colour: (text: string) => string) => {
    const most = Math.max(...sizes.map((each) => of(each) ?? 0));
    const value = of(size);
    return colour(
      "█"
        .repeat(value === null || most === 0 ? 0 : Math.max(1, Math.round((value / most) * BAR_WIDTH)))
        .padEnd(BAR_WIDTH),
    );
  };
  return `time ${drawn(({ time }) => time?.meanMs ?? null, pc.cyan)} cost ${drawn(({ warmUsd }) => warmUsd, pc.yellow)}`;
}

/** A tuning for programs: milliseconds, MiB and dollars of one run. */
export function tuningJson(report: TuningReport): object {
  const { tuning, ...others } = report;
  const sizes = tuning.sizes.map(({ time, ...size }) => {
    return { ...size, time: time === null ? null : { ...time, drawn: undefined } };
  });
  return { ...others, ...tuning, sizes };
}
