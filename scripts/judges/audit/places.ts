import { isMarked } from "../plan-resources";

/** The value at a place inside a value; undefined where there is no such place. */
export function placeAt(value: unknown, path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[step];
  }
  return found;
}

/** Whether a mark is set at a place: there, around it, or inside it. */
export function isMarkedAt(marks: unknown, path: readonly (string | number)[]): boolean {
  let mark = marks;
  for (const step of path) {
    if (mark === true) return true;
    if (typeof mark !== "object" || mark === null) return false;
    mark = (mark as Readonly<Record<string | number, unknown>>)[step];
  }
  return isMarked(mark);
}
