import { quantile } from "../../../scripts/kit/quantiles";
import { countByName, countsText } from "../text";

/** What a caller had of one request. */
export interface CallerRequest {
  /** undefined where the request was not accepted. */
  readonly requestId: string | undefined;
  /** Milliseconds since the rehearsal began. */
  readonly startedMs: number;
  /** From the post to the end that the caller saw. */
  readonly durationMs: number;
  /** `completed`, or what it got instead: `failed`, `expired`, `refused (503)`, `no end`. */
  readonly outcome: string;
}

/** One thing that happened while a version was released. */
export interface RehearsalEvent {
  /** Milliseconds since the callers began, real. */
  readonly atMs: number;
  /** Percent of the traffic that the new version has from then on. */
  readonly weight: number;
  readonly says: string;
}

/** How a release was to end, or ended. */
export type ReleaseEnd = "promoted" | "rolled back";

/** One release as it went. */
export interface RehearsedRelease {
  readonly name: string;
  readonly wanted: ReleaseEnd;
  /** Milliseconds since the rehearsal began. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** Of the command. */
  readonly exitCode: number;
  /** Versions of the worker: behind the alias before, made by the release, behind the alias after it. */
  readonly stable: string;
  readonly candidate: string;
  readonly live: string;
  /** Whether the alias still sends some traffic elsewhere. */
  readonly weighted: boolean;
}

/** What the callers of one version had. */
export interface VersionSeen {
  readonly version: string;
  readonly requests: number;
  readonly failed: number;
  /** Of those that completed, in milliseconds; null where none did. */
  readonly p95Ms: number | null;
}

export interface ReleaseFinding extends RehearsedRelease {
  /** What came of it; undefined = neither. */
  readonly end: ReleaseEnd | undefined;
  readonly seconds: number;
  /** Requests that its version had, and of those the ones that did not complete. */
  readonly requests: number;
  readonly failed: number;
  /** What did not hold; empty = it went as it was to. */
  readonly problems: readonly string[];
}

export interface RehearsalVerdict {
  readonly holds: boolean;
  readonly releases: readonly ReleaseFinding[];
  readonly versions: readonly VersionSeen[];
  /** Requests that did not complete and that no version had that was rolled back. */
  readonly failuresOutside: readonly CallerRequest[];
  readonly problems: readonly string[];
}

/** Everything that the verdict depends on. */
export interface RehearsalEvidence {
  readonly releases: readonly RehearsedRelease[];
  readonly requests: readonly CallerRequest[];
  /** Version of the worker that ended a request, by its id. */
  readonly versions: ReadonlyMap<string, string>;
  /** P95 that the stable versions' callers may see, in milliseconds. */
  readonly maxStableP95Ms: number;
}

/** Who had a request that no version is known to have ended. */
export const NO_VERSION = "none";

/**
 * Says whether each release ended as it was to, each bad version really was tried, and nobody but the callers of a bad
 * version was worse off: of their requests none failed, and the stable versions stayed as quick as is allowed.
 */
export function judgeRehearsal({ releases, requests, versions, maxStableP95Ms }: RehearsalEvidence): RehearsalVerdict {
  const bad = new Set(releases.filter(({ wanted }) => wanted === "rolled back").map(({ candidate }) => candidate));
  const seen = [...byVersion(requests, versions)].map(([version, own]) => seenBy(version, own));
  const failuresOutside = [...byVersion(requests, versions)].flatMap(([version, own]) =>
    bad.has(version) ? [] : own.filter(({ outcome }) => outcome !== "completed"),
  );
  const found = releases.map((release) => findingOf(release, seen));
  const slow = seen.filter(
    ({ version, p95Ms }) => !bad.has(version) && version !== NO_VERSION && p95Ms !== null && p95Ms > maxStableP95Ms,
  );
  const problems = [
    ...(requests.length === 0 ? ["no request was sent, so that nothing was shown"] : []),
    ...(failuresOutside.length === 0
      ? []
      : [
          `${failuresOutside.length} requests failed outside the versions that were rolled back: ` +
            countsText(countByName(failuresOutside.map(({ outcome }) => outcome)), "none"),
        ]),
    ...slow.map(
      ({ version, p95Ms }) =>
        `callers of version ${version} waited ${Math.round(p95Ms!)} ms at P95; allowed: ${maxStableP95Ms} ms`,
    ),
  ];
  return {
    holds: problems.length === 0 && found.every((release) => release.problems.length === 0),
    releases: found,
    versions: seen,
    failuresOutside,
    problems,
  };
}

/** Requests by the version that ended them, the oldest version first. */
export function byVersion(
  requests: readonly CallerRequest[],
  versions: ReadonlyMap<string, string>,
): Map<string, CallerRequest[]> {
  const versionOf = ({ requestId }: CallerRequest) => versions.get(requestId ?? "") ?? NO_VERSION;
  const names = [...new Set(requests.map(versionOf))].sort((left, right) =>
    left.localeCompare(right, "en", { numeric: true }),
  );
  return new Map(names.map((name) => [name, requests.filter((request) => versionOf(request) === name)]));
}

function seenBy(version: string, requests: readonly CallerRequest[]): VersionSeen {
  const completed = requests
    .filter(({ outcome }) => outcome === "completed")
    .map(({ durationMs }) => durationMs)
    .sort((left, right) => left - right);
  return {
    version,
    requests: requests.length,
    failed: requests.length - completed.length,
    p95Ms: completed.length === 0 ? null : quantile(completed, 0.95),
  };
}

function findingOf(release: RehearsedRelease, seen: readonly VersionSeen[]): ReleaseFinding {
  const { requests = 0, failed = 0 } = seen.find(({ version }) => version === release.candidate) ?? {};
  const end = endOf(release);
  const undecided =
    `undecided (exit code ${release.exitCode}, version ${release.live}` +
    `${release.weighted ? " with a weight" : ""} live)`;
  const problems = [
    ...(release.candidate === release.stable ? ["it made no new version"] : []),
    ...(end === release.wanted ? [] : [`it ended ${end ?? undecided}; expected: ${release.wanted}`]),
    ...(requests === 0 ? [`no caller reached version ${release.candidate}, so that nothing was tried`] : []),
  ];
  return { ...release, end, seconds: (release.endedMs - release.startedMs) / 1_000, requests, failed, problems };
}

/** By the alias, not by what the command says alone: both must agree. */
function endOf({ exitCode, live, stable, candidate, weighted }: RehearsedRelease): ReleaseEnd | undefined {
  if (weighted) return undefined;
  if (exitCode === 0 && live === candidate) return "promoted";
  return exitCode !== 0 && live === stable ? "rolled back" : undefined;
}
