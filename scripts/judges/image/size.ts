import type { ImageProblem } from "./rules";

/**
 * Bytes that the functions may put on top of the base image: twice what they take with their code caches (9.3 MiB,
 * 2026-11-22).
 */
export const MAX_IMAGE_BYTES = 20 * 1024 * 1024;

interface Sized {
  /** Line of the instruction. */
  readonly line: number;
  readonly bytes: number;
}

/** Bytes of an image above its base. */
export function imageSize(layers: readonly Sized[]): number {
  return layers.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What is too large; nothing where the image is within its budget. */
export function judgeSize(layers: readonly Sized[], maxBytes = MAX_IMAGE_BYTES): readonly ImageProblem[] {
  const bytes = imageSize(layers);
  if (bytes <= maxBytes) return [];
  const { line } = layers.reduce((largest, layer) => (layer.bytes > largest.bytes ? layer : largest));
  return [
    {
      rule: "size-budget",
      line,
      message: `The image is ${mebibytes(bytes)} above its base image; allowed: ${mebibytes(maxBytes)}. This layer is the largest: look for what it should not copy.`,
    },
  ];
}

/** A size for a person: `9.3 MiB`. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
