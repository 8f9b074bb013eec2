import type { CanaryRecord, Release, ReleaseEvent, Versions } from "../../../stacks/settings";

/** The functions whose versions move, by the names that a release has for them. */
export const FUNCTIONS = ["worker", "api"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** No version of any. */
export const NO_VERSIONS: Versions = { worker: null, api: null };

/** Entries that a release remembers. */
export const HISTORY_LENGTH = 20;

/** Who changes a release, and when. */
export interface Stamp {
  /** ISO 8601, in UTC. */
  readonly at: string;
  /** Of the run, so that two at once find each other. */
  readonly writer: string;
}

/** A release that nothing has happened to. */
export const emptyRelease = (deployment: string): Release => ({
  deployment,
  serial: 0,
  writer: "",
  pinned: NO_VERSIONS,
  canary: null,
  history: [],
});

/** The versions of each function, made by one rule. */
export const versionsBy = (of: (name: FunctionName) => number | null): Versions => ({
  worker: of("worker"),
  api: of("api"),
});

/** The functions of which there is a version. */
export const named = (versions: Versions): FunctionName[] => FUNCTIONS.filter((name) => versions[name] !== null);

/** The same release, changed: its serial grows, so that whoever holds the old one sees it. */
export function changed(
  release: Release,
  { writer }: Stamp,
  change: Partial<Pick<Release, "pinned" | "canary" | "history">>,
): Release {
  return { ...release, ...change, serial: release.serial + 1, writer };
}

/** The history with one more entry; the oldest ones are forgotten. */
export function remembered({ history }: Release, entry: ReleaseEvent): readonly ReleaseEvent[] {
  return [...history, entry].slice(-HISTORY_LENGTH);
}

/** An entry about a canary. */
export function entryOf(
  { candidate, stable }: CanaryRecord,
  event: ReleaseEvent["event"],
  at: string,
  weight: number,
  reason = "",
): ReleaseEvent {
  return {
    at,
    event,
    worker: candidate.worker,
    api: candidate.api,
    stable_worker: stable.worker,
    stable_api: stable.api,
    weight,
    reason,
  };
}

/** Percent of the traffic that the candidates have while the record is in effect. */
export const weightOf = ({ phase, steps, step }: CanaryRecord): number =>
  phase === "publish" ? 0 : (steps[step] ?? 0);

/** Whether callers get a candidate. */
export const isShifted = (release: Release | null): boolean => release?.canary?.phase === "shift";

/** Whether two are the same writing of the same release. */
export const isSame = (one: Release | null, other: Release | null): boolean =>
  one?.serial === other?.serial && one?.writer === other?.writer;
