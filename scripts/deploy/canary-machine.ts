import type { CanaryRecord, Release, ReleaseEvent, Versions } from "../../stacks/contract/settings";
import type { Verdict } from "../gate/judge";
import type { AppliedVersions } from "./live-file";
import {
  changeRelease,
  functionsIn,
  mapVersions,
  NO_VERSIONS,
  weightOf,
  type EventRecord,
  type FunctionName,
  type RunningRelease,
  type Stamp,
} from "./release";

/** What a person wants of a canary. */
export type CanaryWish = Pick<
  CanaryRecord,
  "steps" | "interval_seconds" | "deadline_seconds" | "on_inconclusive" | "only" | "max_latency_ratio"
>;

interface CanaryQuestion<AnyRelease extends Release = Release> {
  readonly release: AnyRelease;
  readonly applied: AppliedVersions;
  readonly stamp: Stamp;
}

/** Begins a canary whose versions are to be published: nothing changes for callers yet. */
export function beginCanary({ release, applied, stamp }: CanaryQuestion, wish: CanaryWish): RunningRelease {
  const canary: CanaryRecord = {
    ...wish,
    started_at: stamp.at,
    since: stamp.at,
    step: 0,
    phase: "publish",
    stable: applied.live,
    candidate: NO_VERSIONS,
    provisioned: NO_VERSIONS,
  };
  return { ...changeRelease(release, stamp), canary };
}

interface CandidateOptions {
  /** Versions that were rolled back are candidates again. Default: false. */
  readonly retry?: boolean;
  /** Functions that are about to get a newer version. Default: none. */
  readonly publishing?: readonly FunctionName[];
}

/** Finds the functions whose newest version is not live, and was not rolled back. */
export function findCandidates(
  { history }: Release,
  { live, newest }: AppliedVersions,
  { retry = false, publishing = [] }: CandidateOptions = {},
): FunctionName[] {
  const wasRolledBack = (name: FunctionName) =>
    history.some(
      (entry) =>
        (entry.event === "rolled_back" && entry[name] === newest[name]) ||
        (entry.event === "rollback" && entry[`stable_${name}`] === newest[name]),
    );
  return functionsIn(live).filter(
    (name) => publishing.includes(name) || (newest[name] !== live[name] && (retry || !wasRolledBack(name))),
  );
}

const keepFunctions = (functions: readonly FunctionName[], versions: Versions): Versions =>
  mapVersions((name) => (functions.includes(name) ? versions[name] : null));

/**
 * Gives the published versions the share of the first step. The other functions stay as they are.
 * @returns null where no function has a new version
 */
export function beginShift(
  { release, applied, stamp }: CanaryQuestion<RunningRelease>,
  functions: readonly FunctionName[],
): RunningRelease | null {
  if (functions.length === 0) return null;
  const canary: CanaryRecord = {
    ...release.canary,
    phase: "shift",
    step: 0,
    since: stamp.at,
    stable: keepFunctions(functions, release.canary.stable),
    candidate: keepFunctions(functions, applied.newest),
    provisioned: keepFunctions(functions, applied.provisioned),
  };
  return { ...changeRelease(release, stamp, { event: eventOf(canary, "started") }), canary };
}

/** How a canary ended, or stopped. */
export type Ending = Extract<ReleaseEvent["event"], "promoted" | "rolled_back" | "held" | "aborted">;

/** The release after a verdict; `ending` is null where the canary continues. */
type NextRelease =
  | { readonly release: RunningRelease; readonly ending: null }
  | { readonly release: Release; readonly ending: Ending };

/** Decides by a verdict what comes next. */
export function decideNext(
  release: RunningRelease,
  { verdict, reason }: { readonly verdict: Verdict; readonly reason: string },
  stamp: Stamp,
): NextRelease {
  const { canary } = release;
  if (verdict === "pass") return passStep(release, stamp);
  if (verdict !== "fail" && canary.on_inconclusive === "hold") {
    const event = { ...eventOf(canary, "held"), reason };
    return { release: changeRelease(release, stamp, { event }), ending: "held" };
  }
  return { release: pinStable(release, { event: "rolled_back", reason }, stamp), ending: "rolled_back" };
}

function passStep(release: RunningRelease, stamp: Stamp): NextRelease {
  const { canary } = release;
  if (canary.step < canary.steps.length - 1) {
    const next: CanaryRecord = { ...canary, step: canary.step + 1, since: stamp.at };
    return {
      release: { ...changeRelease(release, stamp, { event: eventOf(next, "step") }), canary: next },
      ending: null,
    };
  }
  const pinned = mapVersions((name) => (canary.stable[name] === null ? release.pinned[name] : null));
  const event = { ...eventOf(canary, "promoted"), weight: 100 };
  return { release: changeRelease(release, stamp, { canary: null, pinned, event }), ending: "promoted" };
}

/** Ends a canary with its stable versions live and pinned: without a pin, the unwanted newest ones would be live. */
export function pinStable(
  release: RunningRelease,
  { event, reason }: { readonly event: "rolled_back" | "aborted"; readonly reason: string },
  stamp: Stamp,
): Release {
  const { canary } = release;
  const pinned = mapVersions((name) => canary.stable[name] ?? release.pinned[name]);
  return changeRelease(release, stamp, {
    canary: null,
    pinned,
    event: { ...eventOf(canary, event), weight: 0, reason },
  });
}

/** The reason in the history where weights are removed that no canary set. */
export const SET_BY_HAND = "the weights were set by hand";

/** Removes the weights of these functions, which somebody set by hand, and pins what is live. */
export function removeWeights(
  { release, applied: { live, newest }, stamp }: CanaryQuestion,
  weighted: readonly FunctionName[],
): Release {
  return changeRelease(release, stamp, {
    pinned: mapVersions((name) => (weighted.includes(name) ? live : release.pinned)[name]),
    event: {
      event: "aborted",
      candidate: keepFunctions(weighted, newest),
      stable: keepFunctions(weighted, live),
      reason: SET_BY_HAND,
    },
  });
}

function eventOf(canary: CanaryRecord, event: ReleaseEvent["event"]): EventRecord {
  const { candidate, stable } = canary;
  return { event, candidate, stable, weight: weightOf(canary) };
}
