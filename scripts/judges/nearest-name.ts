import { distance } from "fastest-levenshtein";

/** The name that somebody may have meant; undefined where none is near. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const [nearest] = names
    .map((name) => ({ name, steps: distance(wrong, name) }))
    .sort((a, b) => a.steps - b.steps || (a.name < b.name ? -1 : 1));
  // Beyond a third of its letters it is another word.
  return nearest !== undefined && nearest.steps <= Math.max(2, wrong.length / 3) ? nearest.name : undefined;
}

/** What to do about a name that nobody declares. */
export function meant(
  wrong: string,
  names: readonly string[],
  otherwise = "The table in docs/settings.md has them all.",
): string {
  const nearest = nearestName(wrong, names);
  return nearest === undefined ? otherwise : `Did you mean ${nearest}?`;
}
