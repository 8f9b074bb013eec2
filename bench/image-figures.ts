import type { BenchChart, BenchFigure } from "./results";
import { percent, seconds } from "../scripts/kit/figures";
import { median } from "../scripts/kit/quantiles";
import { formatMebibytes } from "../scripts/image/image-rules";

/** What was measured of one image. */
export interface ImageSamples {
  /** Above the base image. */
  readonly bytes: number;
  /** Milliseconds from the start of the process to its first answer, a value a start. */
  readonly coldStartMs: readonly number[];
}

/** Images of the same functions, measured in one run. */
export interface ImageComparison {
  /** One stage: sources, dependencies and build tools. */
  readonly naive: ImageSamples;
  /** Of the naive one, what `npm install --omit=dev` would leave out. */
  readonly buildToolBytes: number;
  /** Ours without the code cache. */
  readonly uncached: ImageSamples;
  readonly ours: ImageSamples;
  /** The least that any base image has: Node.js. */
  readonly baseBytes: number;
}

/** How much smaller ours must be than the naive one, above the base image. */
export const MIN_SMALLER_PERCENT = 40;

/** What a benchmark of images says: figures, chart, text and data for its result. */
export interface ImageVerdict {
  readonly method: string;
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
  readonly text: string;
  readonly data: object;
}

const lessPercent = (before: number, after: number): number => (1 - after / before) * 100;

/** Judges the sizes; cold starts are told, as they depend on the machine. */
export function compareImages(comparison: ImageComparison): ImageVerdict {
  const { naive, buildToolBytes, uncached, ours, baseBytes } = comparison;
  const starts = {
    naive: median(naive.coldStartMs),
    uncached: median(uncached.coldStartMs),
    ours: median(ours.coldStartMs),
  };
  const smaller = lessPercent(naive.bytes, ours.bytes);
  const row = (compares: string, before: number, after: number, show: (value: number) => string): BenchFigure => ({
    compares,
    measured: `${show(before)} / ${show(after)}: ${percent(lessPercent(before, after))} less`,
  });
  const figures: BenchFigure[] = [
    {
      ...row("image above its base, one naive stage / ours", naive.bytes, ours.bytes, formatMebibytes),
      mustReach: `>= ${MIN_SMALLER_PERCENT} % smaller`,
      holds: smaller >= MIN_SMALLER_PERCENT,
    },
    row(
      "image above its base, one stage with production dependencies alone / ours",
      naive.bytes - buildToolBytes,
      ours.bytes,
      formatMebibytes,
    ),
    row(
      "whole image on a base of Node.js alone, one naive stage / ours",
      naive.bytes + baseBytes,
      ours.bytes + baseBytes,
      formatMebibytes,
    ),
    row("cold start of the front door, from one naive stage / ours", starts.naive, starts.ours, seconds),
    row("cold start of the front door, without / with the code cache", starts.uncached, starts.ours, seconds),
  ];
  const method = `The stages of each Dockerfile executed in folders, and the front door started from each with the base image's flags at 512 MiB: process start to first answer, medians of ${ours.coldStartMs.length} starts in turn. The image's download is not in it.`;
  const categories = ["one naive stage", "ours, no code cache", "ours"];
  return {
    method,
    figures,
    charts: [
      {
        title: "Image above its base",
        unit: "MiB",
        kind: "bars",
        categories,
        series: [
          { name: "size", values: [naive, uncached, ours].map(({ bytes }) => Number((bytes / 1024 ** 2).toFixed(1))) },
        ],
      },
      {
        title: "Cold start of the front door from an image",
        unit: "ms",
        kind: "bars",
        categories,
        series: [{ name: "median", values: Object.values(starts).map((value) => Math.round(value)) }],
      },
    ],
    text: [
      method,
      ...figures.map(({ compares, measured, mustReach = "", holds }) =>
        `  ${holds === false ? "MISS" : "ok  "} ${compares.padEnd(74)} ${measured}   ${mustReach}`.trimEnd(),
      ),
    ].join("\n"),
    data: { smallerPercent: smaller, medians: starts, samples: comparison },
  };
}
