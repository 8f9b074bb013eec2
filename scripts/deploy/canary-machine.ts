import type { CanaryRecord, Release, ReleaseEvent, Versions } from "../../stacks/contract/settings";
import type { Verdict } from "../gate/judge";
import {
  changed,
  entryOf,
  named,
  NO_VERSIONS,
  remembered,
  versionsBy,
  weightOf,
  type FunctionName,
  type Stamp,
} from "./release";

/** What the outputs say is there. */
export interface Present {
  /** Behind the alias. */
  readonly live: Versions;
  readonly newest: Versions;
  /** Provisioned concurrency in effect; null = none. */
  readonly provisioned: Versions;
}

/** What a person wants of a canary. */
export type CanaryWish = Pick<
  CanaryRecord,
  "steps" | "interval_seconds" | "deadline_seconds" | "on_inconclusive" | "only" | "max_latency_ratio"
>;

/** A canary whose versions are to be published: what is live stays so for everybody. */
export function begun(release: Release, wish: CanaryWish, present: Present, stamp: Stamp): Release {
  const canary: CanaryRecord = {
    ...wish,
    started_at: stamp.at,
    since: stamp.at,
    step: 0,
    phase: "publish",
    stable: present.live,
    candidate: NO_VERSIONS,
    provisioned: NO_VERSIONS,
  };
  return changed(release, stamp, { canary });
}

/**
 * The functions that have a version which is not live. One that was rolled back is none, but with `retry`.
 * @param publishing functions that are about to get a newer version
 */
export function candidates(
  { history }: Release,
  { live, newest }: Present,
  { retry = false, publishing = [] }: { readonly retry?: boolean; readonly publishing?: readonly FunctionName[] } = {},
): FunctionName[] {
  const refused = (name: FunctionName) =>
    !retry &&
    history.some(
      (entry) =>
        (entry.event === "rolled_back" && entry[name] === newest[name]) ||
        (entry.event === "rollback" && entry[`stable_${name}`] === newest[name]),
    );
  return named(live).filter((name) => publishing.includes(name) || (newest[name] !== live[name] && !refused(name)));
}

/**
 * The first step, once the versions are there. Functions without a new version are left as they are.
 * @returns null where no function has one
 */
export function shifted(
  release: Release,
  present: Present,
  functions: readonly FunctionName[],
  stamp: Stamp,
): Release | null {
  const { canary } = release;
  if (canary === null || functions.length === 0) return null;
  const only = (versions: Versions) => versionsBy((name) => (functions.includes(name) ? versions[name] : null));
  const next: CanaryRecord = {
    ...canary,
    phase: "shift",
    step: 0,
    since: stamp.at,
    stable: only(canary.stable),
    candidate: only(present.newest),
    provisioned: only(present.provisioned),
  };
  const history = remembered(release, entryOf(next, "started", stamp.at, weightOf(next)));
  return changed(release, stamp, { canary: next, history });
}

/** The same canary, in the hands of another run. */
export const taken = (release: Release, stamp: Stamp): Release => changed(release, stamp, {});

/** How a canary ended, or stopped. */
export type Ending = Extract<ReleaseEvent["event"], "promoted" | "rolled_back" | "held" | "aborted">;

export interface Next {
  readonly release: Release;
  /** null = it goes on. */
  readonly ending: Ending | null;
}

/** What a verdict makes of a canary. */
export function judged(
  release: Release,
  { verdict, reason }: { readonly verdict: Verdict; readonly reason: string },
  stamp: Stamp,
): Next {
  const canary = onItsWay(release);
  if (verdict === "pass") return passed(release, canary, stamp);
  if (verdict !== "fail" && canary.on_inconclusive === "hold") {
    return {
      release: changed(release, stamp, {
        history: remembered(release, entryOf(canary, "held", stamp.at, weightOf(canary), reason)),
      }),
      ending: "held",
    };
  }
  return { release: takenBack(release, "rolled_back", reason, stamp), ending: "rolled_back" };
}

function passed(release: Release, canary: CanaryRecord, stamp: Stamp): Next {
  if (canary.step < canary.steps.length - 1) {
    const next: CanaryRecord = { ...canary, step: canary.step + 1, since: stamp.at };
    return {
      release: changed(release, stamp, {
        canary: next,
        history: remembered(release, entryOf(next, "step", stamp.at, weightOf(next))),
      }),
      ending: null,
    };
  }
  const pinned = versionsBy((name) => (canary.stable[name] === null ? release.pinned[name] : null));
  return {
    release: changed(release, stamp, {
      canary: null,
      pinned,
      history: remembered(release, entryOf(canary, "promoted", stamp.at, 100)),
    }),
    ending: "promoted",
  };
}

/** The stable versions, pinned: the newest are those that are not wanted. */
export function takenBack(release: Release, event: "rolled_back" | "aborted", reason: string, stamp: Stamp): Release {
  const canary = onItsWay(release);
  const pinned = versionsBy((name) => canary.stable[name] ?? release.pinned[name]);
  return changed(release, stamp, {
    canary: null,
    pinned,
    history: remembered(release, entryOf(canary, event, stamp.at, 0, reason)),
  });
}

/** What takes back weights that somebody set by hand, of which no release knows. */
export function takenBackByHand(
  release: Release,
  { live, newest }: Present,
  weighted: readonly FunctionName[],
  stamp: Stamp,
): Release {
  const only = (versions: Versions, otherwise: Versions) =>
    versionsBy((name) => (weighted.includes(name) ? versions[name] : otherwise[name]));
  const [candidate, stable] = [only(newest, NO_VERSIONS), only(live, NO_VERSIONS)];
  const entry: ReleaseEvent = {
    at: stamp.at,
    event: "aborted",
    worker: candidate.worker,
    api: candidate.api,
    stable_worker: stable.worker,
    stable_api: stable.api,
    weight: 0,
    reason: "the weights were set by hand",
  };
  return changed(release, stamp, { pinned: only(live, release.pinned), history: remembered(release, entry) });
}

function onItsWay({ canary, deployment }: Release): CanaryRecord {
  if (canary === null) throw new Error(`No canary of ${deployment} is on its way; start one: quickturn canary`);
  return canary;
}
