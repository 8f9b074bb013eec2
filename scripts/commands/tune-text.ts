import pc from "picocolors";
import { counted, percent, seconds } from "../judges/figures";
import type { TunedSize } from "../judges/tuning/tuning";
import { headline, noteOf, perThousand, type TuningReport } from "../reports/tuning-report";


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
export function tuningJson(report: TuningReport): unknown {
  const { tuning, ...others } = report;
  const sizes = tuning.sizes.map(({ time, ...size }) => {
    return { ...size, time: time === null ? null : { ...time, drawn: undefined } };
  });
  return { ...others, ...tuning, sizes };
}
