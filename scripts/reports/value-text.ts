import type { ValueDifference } from "../judges/value-diff";

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

/** One line of any value: texts in quotes, so that "1" and 1 differ. */
const text = (value: unknown): string => JSON.stringify(value) ?? "nothing";

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

function shortened(value: string, start: number, width: number): string {
  const part = value.slice(start, start + width);
  return `${start > 0 ? "…" : ""}${part}${start + width < value.length ? "…" : ""}`;
}
