import { UsageError } from "./context";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `90s`, `30m`, `2h`, `1d`. */
export function durationSeconds(option: string, text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds <= 0)
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}; allowed: a whole number above 0 and its unit, such as 90s, 30m, 2h or 1d.`,
    );
  return seconds;
}

/** Milliseconds since 1970 of an ISO time with its zone. */
export function timeMs(option: string, text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isFinite(ms))
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}; allowed: a time with its zone, such as 2026-11-21T12:00:00Z.`,
    );
  return ms;
}

/** A region's code. */
export function regionCode(option: string, text: string): string {
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(text))
    throw new UsageError(`--${option} is ${JSON.stringify(text)}; allowed: a region's code, such as us-east-1`);
  return text;
}

/** A number above 0, or from 0 on for a price. */
export function positive(
  option: string,
  text: string | undefined,
  otherwise: number,
  lowest: "above 0" | "from 0 on" = "above 0",
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0 || (value === 0 && lowest === "above 0"))
    throw new UsageError(`--${option} is ${JSON.stringify(text)}; allowed: a number ${lowest}.`);
  return value;
}
