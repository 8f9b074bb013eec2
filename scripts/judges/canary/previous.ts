import type { Release, Versions } from "../../../stacks/settings";
import {
  changed,
  FUNCTIONS,
  named,
  NO_VERSIONS,
  remembered,
  versionsBy,
  type FunctionName,
  type Stamp,
} from "./release";

/**
 * The versions that were live before the present ones, as the history has them; null for a function of which it knows
 * none.
 */
export function previousVersions({ history }: Release, live: Versions): Versions {
  return versionsBy((name) => {
    const promotion = history.findLast(
      (entry) => entry.event === "promoted" && entry[name] !== null && entry[name] === live[name],
    );
    return promotion?.[`stable_${name}`] ?? null;
  });
}

/** The release with these versions pinned. A function without one stays as it is. */
export function pinnedTo(release: Release, versions: Versions, live: Versions, reason: string, stamp: Stamp): Release {
  const moved = named(versions);
  const before = versionsBy((name) => (moved.includes(name) ? live[name] : null));
  const pinned = versionsBy((name) => versions[name] ?? release.pinned[name]);
  const entry = {
    at: stamp.at,
    event: "rollback",
    worker: versions.worker,
    api: versions.api,
    stable_worker: before.worker,
    stable_api: before.api,
    weight: 0,
    reason,
  } as const;
  return changed(release, stamp, { pinned, history: remembered(release, entry) });
}

/** The functions whose pin keeps callers from a version that a plan publishes. */
export function heldBack(release: Release | null, publishing: readonly FunctionName[]): FunctionName[] {
  const pinned = release?.pinned ?? NO_VERSIONS;
  return FUNCTIONS.filter((name) => pinned[name] !== null && publishing.includes(name));
}
