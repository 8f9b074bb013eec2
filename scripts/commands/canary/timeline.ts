import { named } from "../../judges/canary/release";
import type { TimelineEvent } from "./ports";

/** An event as one line: when, how much of the traffic, of which versions, what. */
export function timelineLine({ at, weight, candidate, stable, says }: TimelineEvent): string {
  const versions = named(candidate)
    .map((name) => `${name} ${stable[name] ?? "?"} -> ${candidate[name]}`)
    .join(", ");
  return `${at.slice(11, 19)}  ${String(weight).padStart(3)} %  ${versions}  ${says}`;
}
