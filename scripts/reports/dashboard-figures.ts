import { count, percent, roundSeconds, seconds } from "../judges/figures";

/** A value with its unit, for a person. Units are those of stacks/dashboard.ts; any other stands behind the number. */
export function figureText(value: number, unit: string): string {
  if (unit === "ms") return seconds(value);
  if (unit === "percent") return percent(value);
  if (unit === "USD") return `$${value === 0 ? "0" : value.toFixed(usdDecimals(value))}`;
  if (unit === "count") return amount(value);
  return unit === "share" || unit === "" ? amount(value) : `${amount(value)} ${unit}`;
}

/** A round value at an axis or a line. */
export function markText(value: number, unit: string): string {
  if (value === 0) return "0";
  if (unit === "ms") return Math.abs(value) < 1_000 ? `${trimmed(value)} ms` : roundSeconds(value);
  if (unit === "percent") return `${trimmed(value)} %`;
  if (unit === "USD") return `$${trimmed(value)}`;
  const short =
    Math.abs(value) >= 1_000_000
      ? `${trimmed(value / 1_000_000)} M`
      : Math.abs(value) >= 10_000
        ? `${trimmed(value / 1_000)} k`
        : trimmed(value);
  return unit === "s" ? `${short} s` : short;
}

const trimmed = (value: number): string =>
  Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)));

function amount(value: number): string {
  if (Number.isInteger(value)) return count(value);
  if (Math.abs(value) >= 1_000) return count(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** Three figures that say something: a request costs fractions of a cent. */
const usdDecimals = (value: number): number =>
  Math.abs(value) >= 100 ? 0 : Math.max(2, Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value)))));

/** `2026-11-21 14:05`, UTC. */
export const dayTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

/** `14:05`, UTC. */
export const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const STEPS_MS = [1, 2, 5, 10, 15, 30]
  .map((minutes) => minutes * MINUTE_MS)
  .concat([1, 2, 3, 4, 6, 12, 24, 48, 96, 168, 336].map((hours) => hours * HOUR_MS));

/** Round times within a window, at most so many, and how they are written: the day where they are a day apart. */
export function timeMarks(
  startMs: number,
  endMs: number,
  most: number,
): { readonly marks: readonly number[]; readonly text: (ms: number) => string } {
  const step = STEPS_MS.find((each) => (endMs - startMs) / each <= most) ?? (endMs - startMs) / most;
  const first = Math.ceil(startMs / step) * step;
  const marks = Array.from(
    { length: Math.max(0, Math.floor((endMs - first) / step) + 1) },
    (_, index) => first + index * step,
  );
  return { marks, text: (ms) => (step >= 24 * HOUR_MS ? new Date(ms).toISOString().slice(5, 10) : clock(ms)) };
}

/** Round values from 0, or from below a negative minimum, to above a maximum, four or five of them. */
export function valueMarks(minimum: number, maximum: number): readonly number[] {
  const low = Math.min(0, minimum);
  if (maximum === low) return [low, low + 1];
  const span = maximum - low;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((each) => rough <= each * power * 1.0001) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil((maximum / step) * 0.9999 + 1e-9);
  // Not by adding up: 0.1 + 0.2 is no round number.
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}
