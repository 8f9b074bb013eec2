import { dayAfter, type Suppression } from "../audit/suppression";
import { SUPPRESSIONS } from "../audit/suppressions";

/** Days that every suppression of the project's own holds after a release at least: a release is used for as long. */
const RELEASED_DAYS = 180;

/** Suppressions that have to be decided anew before a release of that day, as YYYY-MM-DD. */
export function endingSuppressions(day: string, suppressions: readonly Suppression[] = SUPPRESSIONS): Suppression[] {
  return suppressions.filter(({ until }) => until <= dayAfter(day, RELEASED_DAYS));
}
