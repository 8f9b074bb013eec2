import type { CanaryRecord, Release, Versions } from "../../stacks/contract/settings";
import {
  FUNCTIONS,
  functionsIn,
  isSameRelease,
  NAMES_IN_STACK,
  weightOf,
  type RunningRelease,
  type Stamp,
} from "./release";
import { changesThatReplace, describeChanges } from "../kit/plan-changes";
import { EXIT_CODES, UsageError } from "../kit/context";
import { appliedRelease, type Outputs } from "./live-file";
import type { CanaryPlan, CanaryTarget, Look } from "./canary-target";
import { decideNext, pinStable, type Ending } from "./canary-machine";
import { BETWEEN_LOOKS_MS } from "../gate/gate";

/** Something that happened to a canary. */
export interface TimelineEvent {
  /** ISO 8601, in UTC. */
  readonly at: string;
  readonly what: "published" | "weight" | "verdict" | "ended";
  /** Percent of the traffic that the candidates have. */
  readonly weight: number;
  readonly candidate: Versions;
  readonly stable: Versions;
  readonly says: string;
}

/** Everything that a canary needs from outside. */
export interface Ports extends CanaryTarget {
  readonly signal: AbortSignal;
  /** Identifies this run. */
  readonly writer: string;
  /** Shows an event as it happens. */
  readonly report: (event: TimelineEvent) => void;
  /** Shows what the canary waits for. */
  readonly detail: (text: string) => void;
}

/** Another run has changed the release meanwhile. */
class Superseded extends UsageError {}

/** The candidates are no longer the newest versions. */
class CandidateOutdated extends Error {
  override readonly name = "CandidateOutdated";
}

/** How a run of a canary ended. */
export interface Ended {
  readonly ending: Ending;
  /** 0 promoted or aborted; 1 failed and rolled back; 3 undecided, rolled back or held. */
  readonly exitCode: number;
  readonly release: Release;
  readonly reason: string;
}

/** The steps of one run: each release is applied, watched and judged. */
export class CanarySteps {
  /** The releases that may be applied when this run plans: what it found, and what it wrote itself. */
  private readonly known: (Release | null)[];

  constructor(
    private readonly ports: Ports,
    private readonly options: { readonly found: Release | null; readonly allowReplace: boolean },
  ) {
    this.known = [options.found];
  }

  /** Names this run, and the time. */
  get stamp(): Stamp {
    const { clock, writer } = this.ports;
    return { at: new Date(clock.nowMs()).toISOString(), writer };
  }

  /** Accepts from now on that this release is applied, because this run is about to write it. */
  remember(release: Release): void {
    this.known.push(release);
  }

  /** @throws Superseded where another run has changed the release */
  checkRelease(planned: CanaryPlan): void {
    refuseOtherRelease(this.known, planned);
  }

  /** Applies a release by moving aliases alone. @returns the outputs afterwards */
  async apply(release: Release): Promise<Outputs> {
    const { deployment } = this.ports;
    const planned = await deployment.plan(release, "aliases");
    this.checkRelease(planned);
    refuseOtherChanges(planned, {
      allowReplace: this.options.allowReplace,
      advice: "Run it from the checkout that was applied; if this is what you want, add --allow-replace.",
    });
    refuseOutdated(release, planned.before);
    this.remember(release);
    await (planned.changed ? deployment.apply(release) : deployment.keep(release));
    return deployment.outputs();
  }

  /** Goes from a step to the end of the canary. */
  async advance(first: RunningRelease): Promise<Ended> {
    let release = first;
    for (;;) {
      const { canary } = release;
      const applied = await this.applyStep(release);
      if ("failure" in applied) return this.rollBack(release, applied.failure, EXIT_CODES.fail);
      const isAll = weightOf(canary) === 100;
      this.report(canary, "weight", isAll ? "the newest version is live" : "the newest version has its share");
      const { verdict, reason } = await this.watch(canary, applied.outputs);
      const finding = `${verdict}: ${reason}`;
      this.report(canary, "verdict", finding);
      const next = decideNext(release, { verdict, reason }, this.stamp);
      if (next.ending === "rolled_back")
        return this.rollBack(release, finding, verdict === "fail" ? EXIT_CODES.fail : EXIT_CODES.inconclusive);
      if (next.ending === null) {
        ({ release } = next);
        continue;
      }
      await this.apply(next.release);
      const isPromoted = next.ending === "promoted";
      this.report(canary, "ended", isPromoted ? "promoted: no version is pinned" : "held: it stays as it is");
      const exitCode = isPromoted ? EXIT_CODES.pass : EXIT_CODES.inconclusive;
      return { ending: next.ending, exitCode, release: next.release, reason };
    }
  }

  /** A step that cannot be applied is a failure of the canary; an interrupt, or another run, is not. */
  private async applyStep(release: Release): Promise<{ readonly outputs: Outputs } | { readonly failure: string }> {
    try {
      return { outputs: await this.apply(release) };
    } catch (error) {
      if (this.ports.signal.aborted || error instanceof Superseded) throw error;
      if (error instanceof CandidateOutdated) return { failure: error.message };
      return { failure: `the step could not be applied: ${messageOf(error)}` };
    }
  }

  /**
   * Looks until there is a fail, or a pass at the end of the interval, or the deadline is over. A look that fails is
   * no verdict, and is repeated.
   */
  private async watch(canary: CanaryRecord, outputs: Outputs): Promise<Look> {
    const { judge, clock, signal, detail } = this.ports;
    const notBeforeMs = Date.parse(canary.since) + canary.interval_seconds * 1_000;
    const deadlineMs = Math.max(notBeforeMs, clock.nowMs() + canary.deadline_seconds * 1_000);
    let opened: Awaited<ReturnType<typeof judge.open>> | undefined;
    const look = async () => (opened ??= await judge.open(canary, outputs)).look();
    for (;;) {
      const found = await look().catch((error: unknown): Look => {
        if (signal.aborted) throw error;
        return { verdict: "error", reason: messageOf(error) };
      });
      const nowMs = clock.nowMs();
      const isIntervalOver = nowMs >= notBeforeMs;
      const isLastLook = nowMs + BETWEEN_LOOKS_MS > deadlineMs;
      if (found.verdict === "fail" || (isIntervalOver && (found.verdict === "pass" || isLastLook))) return found;
      detail(`${weightOf(canary)} %: ${found.verdict === "pass" ? "good so far" : found.reason}`);
      await clock.sleep(BETWEEN_LOOKS_MS, signal);
    }
  }

  private rollBack(release: RunningRelease, reason: string, exitCode: number): Promise<Ended> {
    const next = pinStable(release, { event: "rolled_back", reason }, this.stamp);
    return this.restoreStable({ ending: "rolled_back", exitCode, release: next, reason }, release.canary);
  }

  /**
   * Applies a release that has the stable versions live again.
   * @param canary the one that it ends; null where weights were set by hand
   * @throws Error with commands to type, where it cannot be applied
   */
  async restoreStable(ended: Ended, canary: CanaryRecord | null): Promise<Ended> {
    const { ending, release, reason } = ended;
    try {
      await this.apply(release);
    } catch (error) {
      if (error instanceof Superseded) throw error;
      const outputs = await this.ports.deployment.outputs().catch((): Outputs => ({}));
      throw new Error(
        `The stable versions are to be live again (${reason}), and that could not be applied: ${messageOf(error)}\n` +
          `The canary may still have traffic. Try again, or without terraform:\n` +
          restoringCommands(outputs, release.pinned),
        { cause: error },
      );
    }
    const what = ending === "aborted" ? "taken back" : "rolled back";
    if (canary !== null)
      this.report({ ...canary, phase: "publish" }, "ended", `${what}: the stable versions are live, and pinned`);
    return ended;
  }

  report(canary: CanaryRecord, what: TimelineEvent["what"], says: string): void {
    const { candidate, stable } = canary;
    this.ports.report({ at: this.stamp.at, what, weight: weightOf(canary), candidate, stable, says });
  }
}

/**
 * Refuses a plan made from a state with another release than these. After that, terraform refuses the plan where the
 * state changes.
 */
export function refuseOtherRelease(known: readonly (Release | null)[], { before }: CanaryPlan): void {
  const applied = appliedRelease(before);
  if (known.some((release) => isSameRelease(release, applied))) return;
  throw new Superseded(
    `Another run has changed the release of ${applied?.deployment ?? "this deployment"} meanwhile ` +
      `(it is at serial ${applied?.serial ?? 0} now). This run stops and changes nothing more; ` +
      "look at quickturn plan.",
  );
}

/** Refuses a plan that does more than move aliases. */
export function refuseOtherChanges(
  { changes }: Pick<CanaryPlan, "changes">,
  { allowReplace, advice }: { readonly allowReplace: boolean; readonly advice: string },
): void {
  const others = changesThatReplace(changes);
  if (others.length > 0 && !allowReplace)
    throw new UsageError(`Only aliases are to move, and this plan does more:\n${describeChanges(others)}\n${advice}`);
}

function refuseOutdated({ canary }: Release, before: Outputs): void {
  if (canary === null) return;
  for (const name of functionsIn(canary.candidate)) {
    const newest = Number(before[NAMES_IN_STACK[name].newest]);
    if (newest !== canary.candidate[name])
      throw new CandidateOutdated(
        `version ${newest} of the ${name} was published meanwhile, and the canary is version ${canary.candidate[name]}`,
      );
  }
}

/** Commands that lead the aliases to the stable versions where terraform itself fails. */
function restoringCommands(outputs: Outputs, stable: Versions): string {
  const lines = FUNCTIONS.filter((name) => stable[name] !== null).map((name) =>
    [
      "  aws lambda update-alias",
      `--function-name ${String(outputs[NAMES_IN_STACK[name].functionName])} --name live`,
      `--function-version ${stable[name]} --routing-config AdditionalVersionWeights={}`,
    ].join(" "),
  );
  return ["  quickturn canary --abort --auto-approve", ...lines].join("\n");
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
