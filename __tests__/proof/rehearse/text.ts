import pc from "picocolors";
import { mark } from "../text";
import {
  byVersion,
  NO_VERSION,
  type CallerRequest,
  type RehearsalEvent,
  type RehearsedRelease,
  type ReleaseFinding,
  type VersionSeen,
} from "./rehearsal";
import type { RehearsalReport } from "./rehearse";

/** One release over time. */
export type Timeline = ReturnType<typeof timelineOf>;

/** Puts the callers' requests between a release's events. */
export function timelineOf(
  { release, events }: { readonly release: RehearsedRelease; readonly events: readonly RehearsalEvent[] },
  requests: readonly CallerRequest[],
  versions: ReadonlyMap<string, string>,
) {
  const { name, stable, candidate, startedMs, endedMs } = release;
  const all: readonly RehearsalEvent[] = [{ atMs: startedMs, weight: 0, says: "the release begins" }, ...events];
  const lines = all.map((event, index) => {
    const untilMs = all[index + 1]?.atMs ?? endedMs;
    const during = requests.filter((request) => request.startedMs >= event.atMs && request.startedMs < untilMs);
    // Requests that began then, by version.
    const callers = [...byVersion(during, versions)].map(([version, own]) => ({
      version,
      requests: own.length,
      failed: own.filter(({ outcome }) => outcome !== "completed").length,
    }));
    return { ...event, callers };
  });
  return { name, stable, candidate, startedMs, lines };
}

/** A rehearsal for a person: each release over time, what each version's callers had, and what came of it. */
export function describeRehearsal({ factor, verdict, timelines }: RehearsalReport): string {
  return [
    ...timelines.flatMap((timeline) => [...describeTimeline(timeline, factor), ""]),
    pc.bold("What callers had, by the version that served them:"),
    ...verdict.versions.map(describeVersion),
    "",
    pc.bold("What came of the releases:"),
    ...verdict.releases.flatMap((release) => describeRelease(release, factor)),
    `  ${mark(verdict.failuresOutside.length === 0)} requests that failed outside ` +
      `the versions that were rolled back: ${verdict.failuresOutside.length}`,
    ...verdict.problems.map((problem) => `  ${mark(false)} ${problem}`),
  ].join("\n");
}

function describeTimeline({ name, stable, candidate, startedMs, lines }: Timeline, factor: number): string[] {
  const row = ({ atMs, weight, says, callers }: Timeline["lines"][number]) => {
    const minutes = (((atMs - startedMs) * factor) / 60_000).toFixed(0).padStart(4);
    const failures = (failed: number) => (failed > 0 ? pc.red(` (${failed} failed)`) : "");
    const seen = callers.map(({ version, requests, failed }) => `v${version} ${requests}${failures(failed)}`);
    const callersThen = seen.length === 0 ? "" : pc.dim(`  [then ${seen.join(", ")}]`);
    return `  ${minutes} min  ${weight.toFixed(0).padStart(3)} %  ${says}${callersThen}`;
  };
  return [
    pc.bold(`${name}: version ${candidate} against version ${stable}; minutes of metrics, ${factor} times as fast`),
    ...lines.map(row),
  ];
}

function describeVersion({ version, requests, failed, p95Ms }: VersionSeen): string {
  const p95 = p95Ms === null ? "none completed" : `P95 ${Math.round(p95Ms)} ms`;
  const name = version === NO_VERSION ? "no version" : `version ${version}`.padEnd(10);
  return `  ${name}  ${String(requests).padStart(5)} requests  ${String(failed).padStart(4)} failed  ${p95}`;
}

function describeRelease(
  { name, candidate, end, wanted, seconds, requests, failed, problems }: ReleaseFinding,
  factor: number,
): string[] {
  const line =
    `  ${mark(problems.length === 0)} ${name.padEnd(7)} version ${candidate} ${end ?? "undecided"} ` +
    `after ${((seconds * factor) / 60).toFixed(0)} min (${seconds.toFixed(0)} s real); wanted: ${wanted}; ` +
    `it had ${requests} requests, ${failed} failed`;
  return [line, ...problems.map((problem) => `       ${problem}`)];
}
