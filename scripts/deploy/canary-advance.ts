import type { Release, Versions, CanaryRecord } from "../../stacks/contract/settings";
import { isSame, named, weightOf } from "./release";
import { changesThatReplace, describeChanges } from "../kit/plan-changes";
import { UsageError } from "../kit/context";
import { appliedRelease } from "./live-file";
import {
  type CanaryPlan,
  type Outputs,
  type Ports,
  byHand,
  stampOf,
  type Look,
  type TimelineEvent,
} from "./canary-ports";
import { judged, takenBack, type Ending } from "./canary-machine";
import { BETWEEN_LOOKS_MS } from "../gate/gate";

/** Another run has changed what this one is about. */
export class Superseded extends UsageError {}

/** The versions that a canary is about are not the newest any more. */
export class Moved extends Error {
  override readonly name = "Moved";
}

/** The releases that may be applied when this run plans: what it found, and what it wrote itself. */
export class Ours {
  private readonly known: (Release | null)[];

  constructor(found: Release | null) {
    this.known = [found];
  }

  add(release: Release): void {
    this.known.push(release);
  }

  /**
   * Throws {@link Superseded} where the state that a plan was made against has another. Terraform refuses the plan
   * where it changes after that.
   */
  check({ before }: CanaryPlan): void {
    const applied = appliedRelease(before);
    if (this.known.some((release) => isSame(release, applied))) return;
    throw new Superseded(
      `Another run has changed the release of ${applied?.deployment ?? "this deployment"} meanwhile (it is at serial ${applied?.serial ?? 0} now). This run stops and changes nothing more; look at quickturn plan.`,
    );
  }
}

/** Brings a release into effect: only aliases move. @returns the outputs afterwards */
export async function put(ports: Ports, release: Release, ours: Ours, allowReplace: boolean): Promise<Outputs> {
  const planned = await ports.deployment.plan(release, "aliases");
  ours.check(planned);
  const replaced = changesThatReplace(planned.changes);
  if (replaced.length > 0 && !allowReplace) {
    throw new UsageError(
      `Only aliases are to move, and this plan does more:\n${describeChanges(replaced)}\nRun it from the checkout that was applied; if this is what you want, add --allow-replace.`,
    );
  }
  refuseMoved(release, planned.before);
  ours.add(release);
  await (planned.changed ? ports.deployment.apply(release) : ports.deployment.keep(release));
  return ports.deployment.outputs();
}

function refuseMoved({ canary }: Release, before: Outputs): void {
  if (canary === null) return;
  const newest: Versions = { worker: Number(before["newest_version"]), api: Number(before["api_newest_version"]) };
  for (const name of named(canary.candidate)) {
    if (newest[name] !== canary.candidate[name])
      throw new Moved(
        `version ${newest[name]} of the ${name} was published meanwhile, and the canary is version ${canary.candidate[name]}`,
      );
  }
}

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
