import { normalQuantile } from "../../scripts/kit/quantiles";
import type { TuningRun } from "../../scripts/tune/run";

/** Sizes that aws-lambda-power-tuning measures where nobody names others. */
export const SIZES_MIB: readonly number[] = [128, 256, 512, 1024, 1536, 3008];

/** A kind of function, of which everything is known because it is made up. */
export interface Shape {
  readonly name: string;
  /** Mean time of the handler at a size, in milliseconds. */
  readonly timeMs: (memoryMiB: number) => number;
  /** A factor with a mean of 1 for one run. */
  readonly noise: (random: () => number) => number;
  /** Most memory that a run uses. Default: 60 MiB. */
  readonly usedMiB?: number;
  /** Below this size every run fails. Default: none does. */
  readonly failsBelowMiB?: number;
  /** Share of the runs that start cold beside the first; their INIT at one vCPU, in milliseconds. Default: 0, 400. */
  readonly coldShare?: number;
  readonly initMs?: number;
}

/** Log-normal with a mean of 1. */
const logNormal = (deviation: number) => (random: () => number) =>
  Math.exp(deviation * normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, random()))) - deviation ** 2 / 2);
const vcpus = (memoryMiB: number, most: number): number => Math.min(memoryMiB / 1_769, most);
/** One run in fifty takes ten times as long; the mean is 1. */
const heavy = (random: () => number): number => (logNormal(0.5)(random) * (random() < 0.02 ? 10 : 1)) / 1.18;

/** The shapes that both algorithms are asked about. */
export const SHAPES: readonly Shape[] = [
  { name: "computes on one thread", timeMs: (memory) => 900 / vcpus(memory, 1), noise: logNormal(0.08) },
  { name: "waits for agents (8 s)", timeMs: () => 8_000, noise: logNormal(0.3) },
  { name: "waits for agents, widely spread", timeMs: () => 8_000, noise: logNormal(0.6) },
  { name: "waits 4 s, computes 1 s", timeMs: (memory) => 4_000 + 1_000 / vcpus(memory, 1), noise: logNormal(0.2) },
  { name: "computes on two threads", timeMs: (memory) => 100 + 2_000 / vcpus(memory, 2), noise: logNormal(0.1) },
  { name: "heavy tail", timeMs: (memory) => 2_000 + 600 / vcpus(memory, 1), noise: heavy },
  {
    name: "many cold starts",
    timeMs: (memory) => 250 + 150 / vcpus(memory, 1),
    noise: logNormal(0.15),
    coldShare: 0.3,
    initMs: 900,
  },
  {
    name: "fails below 512 MB",
    timeMs: (memory) => 1_500 + 400 / vcpus(memory, 1),
    noise: logNormal(0.15),
    usedMiB: 380,
    failsBelowMiB: 512,
  },
  { name: "no room below 256 MB", timeMs: () => 3_000, noise: logNormal(0.2), usedMiB: 118 },
  // Outside of wait + work / CPU: what collects garbage all the time where memory is short.
  {
    name: "thrashes where memory is short",
    timeMs: (memory) => (300 + 500 / vcpus(memory, 1)) * (1 + 4 * (90 / memory) ** 3),
    noise: logNormal(0.12),
    usedMiB: 90,
  },
  {
    name: "four fifths on four threads",
    timeMs: (memory) => 200 / vcpus(memory, 1) + 800 / vcpus(memory, 4),
    noise: logNormal(0.1),
  },
  { name: "the same at all sizes, 20 ms", timeMs: () => 20, noise: logNormal(0.1) },
];

/** INIT is work on up to two vCPUs, whatever the size. */
export const initMsAt = ({ initMs = 400 }: Shape, memoryMiB: number): number =>
  initMs / Math.min(1, vcpus(Math.max(memoryMiB, 512), 2));

/** Runs of a shape at each size, the first of each cold, as a tuner would have measured them. */
export function drawRuns(
  shape: Shape,
  runsEach: number,
  random: () => number,
  sizesMiB: readonly number[] = SIZES_MIB,
): TuningRun[] {
  return sizesMiB.flatMap((memoryMiB) =>
    Array.from({ length: runsEach }, (_, index) => drawRun(shape, memoryMiB, index === 0, random)),
  );
}

function drawRun(shape: Shape, memoryMiB: number, isFirst: boolean, random: () => number): TuningRun {
  const isCold = isFirst || random() < (shape.coldShare ?? 0);
  const durationMs = shape.timeMs(memoryMiB) * shape.noise(random);
  const initMs = isCold ? initMsAt(shape, memoryMiB) * logNormal(0.1)(random) : null;
  const fails = memoryMiB < (shape.failsBelowMiB ?? 0);
  const usedMiB = Math.min(memoryMiB, Math.round((shape.usedMiB ?? 60) * (0.97 + 0.03 * random())));
  return {
    memoryMiB,
    durationMs,
    initMs,
    billedMs: Math.ceil(durationMs + (initMs ?? 0)),
    usedMiB,
    failure: fails ? "Runtime.OutOfMemory" : null,
  };
}
