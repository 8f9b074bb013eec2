import type { CanaryRecord, Release } from "../../../stacks/settings";
import { judged, takenBack, type Ending } from "../../judges/canary/machine";
import { weightOf } from "../../judges/canary/release";
import { BETWEEN_LOOKS_MS } from "../verify/gate";
import { byHand } from "./present";
import { Moved, put, Superseded, type Ours } from "./put";
import { stampOf, type Look, type Outputs, type Ports, type TimelineEvent } from "./ports";

/** How a run of a canary ended. */
export interface Ended {
  readonly ending: Ending;
  /** 0 promoted or aborted; 1 failed and rolled back; 3 undecided, rolled back or held. */
  readonly exitCode: number;
  readonly release: Release;
  readonly reason: string;
}

interface Run {
  readonly ports: Ports;
  readonly ours: Ours;
  readonly allowReplace: boolean;
}

/** From a step on to the end: each is applied, watched, and judged. */
export async function advance(run: Run, first: Release): Promise<Ended> {
  let release = first;
  for (;;) {
    const canary = onItsWay(release);
    const applied = await tryPut(run, release);
    if ("failed" in applied) return takeBack(run, release, applied.failed, 1);
    tell(run.ports, canary, "weight", applied.says);
    const found = await watch(run.ports, canary, applied.outputs);
    tell(run.ports, canary, "verdict", `${found.verdict}: ${found.reason}`);
    const next = judged(release, found, stampOf(run.ports));
    if (next.ending === "rolled_back")
      return takeBack(run, release, `${found.verdict}: ${found.reason}`, found.verdict === "fail" ? 1 : 3);
    if (next.ending !== null) return stop(run, canary, next.release, next.ending, found.reason);
    release = next.release;
  }
}

/** A step that cannot be applied is taken back; an interrupt, or another run, is no reason for that. */
async function tryPut(
  { ports, ours, allowReplace }: Run,
  release: Release,
): Promise<{ readonly outputs: Outputs; readonly says: string } | { readonly failed: string }> {
  try {
    const outputs = await put(ports, release, ours, allowReplace);
    const weight = weightOf(onItsWay(release));
    return { outputs, says: weight === 100 ? "the newest version is live" : "the newest version has its share" };
  } catch (error) {
    if (ports.signal.aborted || error instanceof Superseded) throw error;
    return { failed: error instanceof Moved ? error.message : `the step could not be applied: ${messageOf(error)}` };
  }
}

/**
 * Looks until there is a fail, or a pass once the interval is over, or the time is. A failure to ask is no verdict: it
 * is asked again.
 */
export async function watch(
  { judge, clock, signal, detail }: Ports,
  canary: CanaryRecord,
  outputs: Outputs,
): Promise<Look> {
  const notBeforeMs = Date.parse(canary.since) + canary.interval_seconds * 1_000;
  const deadlineMs = Math.max(notBeforeMs, clock.nowMs() + canary.deadline_seconds * 1_000);
  let opened: Awaited<ReturnType<typeof judge.open>> | undefined;
  for (;;) {
    const found = await (async () => (opened ??= await judge.open(canary, outputs)).look())().catch(
      (error: unknown): Look => {
        if (signal.aborted) throw error;
        return { verdict: "error", reason: messageOf(error) };
      },
    );
    const nowMs = clock.nowMs();
    if (found.verdict === "fail" || (found.verdict === "pass" && nowMs >= notBeforeMs)) return found;
    if (nowMs + BETWEEN_LOOKS_MS > deadlineMs && nowMs >= notBeforeMs) return found;
    detail(`${weightOf(canary)} %: ${found.verdict === "pass" ? "good so far" : found.reason}`);
    await clock.sleep(BETWEEN_LOOKS_MS, signal);
  }
}

async function takeBack(run: Run, release: Release, reason: string, exitCode: number): Promise<Ended> {
  return back(
    run,
    release,
    takenBack(release, "rolled_back", reason, stampOf(run.ports)),
    "rolled_back",
    reason,
    exitCode,
  );
}

/** Brings the stable versions back. Where that fails too, a person is told what to type. */
export async function back(
  run: Run,
  release: Release,
  next: Release,
  ending: Ending,
  reason: string,
  exitCode: number,
): Promise<Ended> {
  const { ports, ours, allowReplace } = run;
  try {
    await put(ports, next, ours, allowReplace);
  } catch (error) {
    if (error instanceof Superseded) throw error;
    const outputs = await ports.deployment.outputs().catch((): Outputs => ({}));
    throw new Error(
      `The stable versions are to be live again${reason === "" ? "" : ` (${reason})`}, and that could not be applied: ${messageOf(error)}\nThe canary may still have traffic. Try again, or without terraform:\n${byHand(outputs, next.pinned)}`,
      { cause: error },
    );
  }
  if (release.canary !== null)
    tell(
      ports,
      { ...release.canary, phase: "publish" },
      "ended",
      `${ending === "aborted" ? "taken back" : "rolled back"}: the stable versions are live, and pinned`,
    );
  return { ending, exitCode, release: next, reason };
}

async function stop(
  { ports, ours, allowReplace }: Run,
  canary: CanaryRecord,
  release: Release,
  ending: Ending,
  reason: string,
): Promise<Ended> {
  await put(ports, release, ours, allowReplace);
  tell(ports, canary, "ended", ending === "promoted" ? "promoted: no version is pinned" : "held: it stays as it is");
  return { ending, exitCode: ending === "promoted" ? 0 : 3, release, reason };
}

/** Shows what happened to a canary. */
export function tell(ports: Ports, canary: CanaryRecord, what: TimelineEvent["what"], says: string): void {
  const { candidate, stable } = canary;
  ports.tell({ at: stampOf(ports).at, what, weight: weightOf(canary), candidate, stable, says });
}

function onItsWay({ canary }: Release): CanaryRecord {
  if (canary === null) throw new Error("There is no canary to go on with");
  return canary;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
