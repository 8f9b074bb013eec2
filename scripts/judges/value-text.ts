import type { ValueDifference } from "./value-diff";

/** Characters of a value that are shown. */
const WIDTH = 80;
/** Characters before the first difference that are kept, so that one sees where it is. */
const LEAD = 20;

/** `path: old -> new` in one line; of long values the part around the first difference. */
export function differenceText({ path, before, after }: ValueDifference, width = WIDTH): string {
  const name = path === "" ? "" : `${path}: `;
  if (before === undefined) return `${name}+ ${shortened(text(after), 0, width)}`;
  if (after === undefined) return `${name}- ${shortened(text(before), 0, width)}`;
  const [from, to] = [text(before), text(after)];
  const start = from.length <= width && to.length <= width ? 0 : Math.max(0, firstDifference(from, to) - LEAD);
  return `${name}${shortened(from, start, width)} -> ${shortened(to, start, width)}`;
}

/** Stands for a value that is not to be shown. */
export const SENSITIVE = "(sensitive)";
/** Stands for a value that AWS gives, or that follows from one. */
export const KNOWN_AFTER_APPLY = "(known after apply)";

/** One line of any value: texts in quotes, so that "1" and 1 differ. */
const text = (value: unknown): string =>
  value === SENSITIVE || value === KNOWN_AFTER_APPLY ? value : (JSON.stringify(value) ?? "nothing");

/** A value in one line; of a long one the beginning. */
export const shortText = (value: unknown, width = WIDTH): string => shortened(text(value), 0, width);

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

function shortened(value: string, start: number, width: number): string {
  const part = value.slice(start, start + width);
  return `${start > 0 ? "…" : ""}${part}${start + width < value.length ? "…" : ""}`;
}
