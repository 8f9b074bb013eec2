import pc from "picocolors";

/** Whether something holds, in a word of four letters. */
export const mark = (holds: boolean): string => (holds ? pc.green("ok  ") : pc.red("MISS"));

/** Counts by name, in one line: `completed 3, failed 1`. @param none what is said where there are no counts */
export function countsText(counts: Readonly<Record<string, number>>, none: string): string {
  return (
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ") || none
  );
}

/** Examples that are named of what broke a promise. */
const MAX_EXAMPLES = 3;

/** A line that says how often a promise was broken, with the names of the first that broke it. */
export function brokenLine(count: number, what: string, names: readonly string[] = []): string {
  const shown = names.slice(0, MAX_EXAMPLES).join(", ");
  const more = names.length > MAX_EXAMPLES ? ", …" : "";
  return `  ${mark(count === 0)} ${String(count).padStart(4)} ${what}${shown === "" ? "" : `: ${shown}${more}`}`;
}

/** Counts how often each name occurs. */
export function countByName(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
