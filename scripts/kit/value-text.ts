/** One place in which two values differ. */
export interface ValueDifference {
  /**
   * Such as `environment.variables.AGENTS` or `policy.Statement[2].Action`; empty where the values differ as a whole.
   */
  readonly path: string;
  /** Undefined where there was nothing. */
  readonly before: unknown;
  /** Undefined where there is nothing any more. */
  readonly after: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Lists the places in which two JSON values differ, in the order of their keys. A string that contains JSON, such as a
 * policy, is compared as JSON, so that white space and the order of keys make no difference. An item that was added to
 * or removed from a list is one difference, although it moves the items behind it.
 */
export function valueDifferences(before: unknown, after: unknown, path = ""): ValueDifference[] {
  const [from, to] = [parsed(before), parsed(after)];
  if (canonical(from) === canonical(to)) return [];
  if (Array.isArray(from) && Array.isArray(to)) return listDifferences(from, to, path);
  if (isFields(from) && isFields(to)) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return names.flatMap((name) => valueDifferences(from[name], to[name], path === "" ? name : `${path}.${name}`));
  }
  return [{ path, before: from, after: to }];
}

/** Writes a JSON value with sorted keys, so that equal values have equal texts. Undefined is "undefined". */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      isFields(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
    ) ?? "undefined"
  );
}

/** Skips the longest common subsequence; between its items, removed and added ones are paired in order. */
function listDifferences(from: readonly unknown[], to: readonly unknown[], path: string): ValueDifference[] {
  const [left, right] = [from.map((item) => canonical(parsed(item))), to.map((item) => canonical(parsed(item)))];
  const common = commonItems(left, right);
  const found: ValueDifference[] = [];
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of [...common, [from.length, to.length] as const]) {
    for (; i < nextI && j < nextJ; i++, j++) found.push(...valueDifferences(from[i], to[j], `${path}[${j}]`));
    for (; i < nextI; i++) found.push({ path: `${path}[${i}]`, before: from[i], after: undefined });
    for (; j < nextJ; j++) found.push({ path: `${path}[${j}]`, before: undefined, after: to[j] });
    [i, j] = [nextI + 1, nextJ + 1];
  }
  return found;
}

/** The places of a longest common subsequence. */
function commonItems(left: readonly string[], right: readonly string[]): (readonly [number, number])[] {
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        left[i] === right[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const places: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) places.push([i++, j++]);
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i++;
    else j++;
  }
  return places;
}

/** Parses a string that contains a JSON object or list; returns anything else as it is. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Characters of a value that are shown at most. */
const WIDTH = 80;
/** Characters that are shown before the first difference. */
const LEAD = 20;

/** Writes `path: old -> new` in one line, with the part of long values that is around the first difference. */
export function differenceText({ path, before, after }: ValueDifference, width = WIDTH): string {
  const name = path === "" ? "" : `${path}: `;
  if (before === undefined) return `${name}+ ${shortened(text(after), 0, width)}`;
  if (after === undefined) return `${name}- ${shortened(text(before), 0, width)}`;
  const [from, to] = [text(before), text(after)];
  const start = from.length <= width && to.length <= width ? 0 : Math.max(0, firstDifference(from, to) - LEAD);
  return `${name}${shortened(from, start, width)} -> ${shortened(to, start, width)}`;
}

/** Stands for a value that must not be shown. */
export const SENSITIVE = "(sensitive)";
/** Stands for a value that is known only after the apply. */
export const KNOWN_AFTER_APPLY = "(known after apply)";

/** Writes any value in one line, with texts in quotes, so that "1" and 1 differ. */
const text = (value: unknown): string =>
  value === SENSITIVE || value === KNOWN_AFTER_APPLY ? value : (JSON.stringify(value) ?? "nothing");

/** Writes a value in one line, cut where it is long. */
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
