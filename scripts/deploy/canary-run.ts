import type { Release } from "../../stacks/contract/settings";
import {
  beginCanary,
  beginShift,
  findCandidates,
  pinStable,
  removeWeights,
  SET_BY_HAND,
  type CanaryWish,
} from "./canary-machine";
import {
  changeRelease,
  emptyRelease,
  FUNCTIONS,
  isRunning,
  isShifted,
  mapVersions,
  type FunctionName,
} from "./release";
import { changesThatReplace, describeChanges } from "../kit/plan-changes";
import { EXIT_CODES, UsageError } from "../kit/context";
import { CanarySteps, messageOf, type Ended, type Ports } from "./canary-steps";
import type { CanaryPlan } from "./canary-target";
import { readAppliedStack, type AppliedStack, type ChosenRelease, type Outputs } from "./live-file";

/** What a person decides about a canary. */
export interface Decisions {
  /** Shows the plan and asks. */
  readonly approve: (planned: CanaryPlan, moving: readonly FunctionName[], applied: AppliedStack) => Promise<boolean>;
  /** Throws where the deployment cannot be judged as the person wants it. */
  readonly check: (outputs: Outputs) => void;
  /** Chooses between the release of the live file and that of the state. */
  readonly choose: (outputs: Outputs) => ChosenRelease;
  readonly allowReplace: boolean;
  /** Try a version again that was rolled back. */
  readonly retry: boolean;
}

/** Nothing was done, and why. */
export interface NotDone {
  readonly ending: null;
  readonly exitCode: number;
  readonly reason: string;
}

const notDone = (reason: string, exitCode: number = EXIT_CODES.pass): NotDone => ({ ending: null, exitCode, reason });

/** There is no canary that could be resumed. */
export class NoCanary extends UsageError {}

/** What a run finds when it begins. */
interface Situation {
  readonly steps: CanarySteps;
  readonly applied: AppliedStack;
  readonly chosen: ChosenRelease;
}

async function readSituation(ports: Ports, { check, choose, allowReplace }: Decisions): Promise<Situation> {
  const outputs = await ports.deployment.outputs();
  const applied = readAppliedStack(outputs);
  check(outputs);
  const steps = new CanarySteps(ports, { found: applied.release, allowReplace });
  return { steps, applied, chosen: choose(outputs) };
}

/** Publishes the new versions, gives them the share of the first step, and continues to the end. */
export async function startCanary(ports: Ports, wish: CanaryWish, decisions: Decisions): Promise<Ended | NotDone> {
  const { steps, applied, chosen } = await readSituation(ports, decisions);
  refuseSecondCanary(applied, chosen);
  const { deployment } = ports;
  const { allowReplace, retry } = decisions;
  const base = chosen.release ?? emptyRelease(applied.deployment);
  const first = beginCanary({ release: base, applied, stamp: steps.stamp }, wish);
  const planned = await deployment.plan(first, "publish");
  steps.checkRelease(planned);
  // The newest versions as AWS has them now.
  const present = { ...applied, newest: mapVersions((name) => planned.newest[name] ?? applied.newest[name]) };
  const moving = findCandidates(base, present, { retry, publishing: planned.publishes });
  if (moving.length === 0) return notDone(describeNothingNew(planned, present));
  const replaced = changesThatReplace(planned.changes);
  if (replaced.length > 0 && !allowReplace)
    throw new UsageError(
      `A canary publishes versions in place, and this plan does more:\n${describeChanges(replaced)}\n` +
        "Nothing was applied. Apply that first: quickturn apply; or add --allow-replace.",
    );
  if (!(await decisions.approve(planned, moving, applied))) return notDone("Nothing was applied.", EXIT_CODES.fail);
  steps.remember(first);
  await publishVersions(ports, first, planned);
  const after = readAppliedStack(await deployment.outputs());
  const shifted = beginShift(
    { release: first, applied: after, stamp: steps.stamp },
    findCandidates(base, after, { retry }),
  );
  if (shifted === null)
    throw new Error(
      `The apply was to publish a version of the ${planned.publishes.join(" and the ")}, and the newest is still the ` +
        "live one. Look at quickturn plan.",
    );
  steps.report({ ...shifted.canary, phase: "publish" }, "published", "nobody gets the new versions yet");
  return steps.advance(shifted);
}

async function publishVersions({ deployment, signal }: Ports, release: Release, planned: CanaryPlan): Promise<void> {
  try {
    await (planned.changed ? deployment.apply(release) : deployment.keep(release));
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(
      "The apply that was to publish the new versions failed. What was live is live and pinned. Start again once the " +
        `cause is gone, with the same options; or take the pins away: quickturn apply.\n${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Continues a canary where its release says that it is. @throws NoCanary where none is on its way */
export async function resumeCanary(ports: Ports, decisions: Decisions): Promise<Ended | NotDone> {
  const situation = await readSituation(ports, decisions);
  const { steps, applied, chosen } = situation;
  const { release } = chosen;
  if (!isRunning(release)) {
    if (await applyDecided(ports, situation))
      return notDone(`What the last run had decided is applied: ${describeLastEvent(release)}.`);
    const hint =
      applied.weighted.length > 0
        ? "A weight was set by hand: quickturn canary --abort takes it back."
        : "Start one: quickturn canary.";
    throw new NoCanary(`No canary of ${applied.deployment} is on its way. ${hint}`);
  }
  // Until versions have a share, only a plan of the configuration says which ones are published.
  if (release.canary.phase === "publish") return startCanary(ports, release.canary, decisions);
  return steps.advance({ ...changeRelease(release, steps.stamp), canary: release.canary });
}

/** Takes a canary back: the stable versions get all of the traffic, and are pinned. */
export async function abortCanary(ports: Ports, decisions: Decisions): Promise<Ended | NotDone> {
  const situation = await readSituation(ports, decisions);
  const { steps, applied, chosen } = situation;
  const release = chosen.release ?? emptyRelease(applied.deployment);
  const aborted = { ending: "aborted", exitCode: EXIT_CODES.pass } as const;
  if (isRunning(release)) {
    const reason = "a person took it back";
    const next = pinStable(release, { event: "aborted", reason }, steps.stamp);
    return steps.restoreStable({ ...aborted, release: next, reason }, release.canary);
  }
  if (chosen.from !== "file" && applied.weighted.length > 0) {
    const next = removeWeights({ release, applied, stamp: steps.stamp }, applied.weighted);
    return steps.restoreStable({ ...aborted, release: next, reason: SET_BY_HAND }, null);
  }
  return notDone(
    (await applyDecided(ports, situation))
      ? "The last run had ended the canary, and what it had decided is applied."
      : `No canary of ${applied.deployment} is on its way.`,
  );
}

const describeLastEvent = (release: Release | null): string =>
  release?.history.at(-1)?.event.replaceAll("_", " ") ?? "nothing";

/**
 * Applies what a killed run has written as its decision, and may not have applied: only a plan shows that.
 * @returns whether there was something to apply
 */
async function applyDecided({ deployment }: Ports, { steps, chosen: { release, from } }: Situation): Promise<boolean> {
  if (release === null) return false;
  const { changes } = await deployment.plan(release, "aliases");
  if (from !== "file" && changes.length === 0) return false;
  await steps.apply(changeRelease(release, steps.stamp));
  return true;
}

function refuseSecondCanary({ weighted, deployment }: AppliedStack, { release, from }: ChosenRelease): void {
  if (isShifted(release))
    throw new UsageError(
      `A canary of ${deployment} is on its way since ${release?.canary?.started_at}. ` +
        "Go on with it: quickturn canary --resume. Take it back: quickturn canary --abort.",
    );
  if (weighted.length > 0 && from !== "file" && !release?.canary)
    throw new UsageError(
      `The newest version of the ${weighted.join(" and the ")} has a weight that no canary gave it. ` +
        "Take it back first: quickturn canary --abort.",
    );
}

function describeNothingNew({ reachesAll }: CanaryPlan, { live, newest }: AppliedStack): string {
  const rolledBack = FUNCTIONS.filter((name) => newest[name] !== live[name]).map(
    (name) => `${newest[name]} of the ${name}`,
  );
  return [
    "No function has a new version, so there is nothing to try.",
    ...(rolledBack.length > 0
      ? [`Version ${rolledBack.join(" and ")} was rolled back; to try it again: --retry.`]
      : []),
    ...(reachesAll.length > 0
      ? [
          "The plan changes what reaches all callers at once, and quickturn apply does that:\n" +
            describeChanges(reachesAll),
        ]
      : []),
  ].join(" ");
}
