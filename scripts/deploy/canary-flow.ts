import type { Release } from "../../stacks/contract/settings";
import { begun, candidates, shifted, taken, takenBack, takenBackByHand, type CanaryWish } from "./canary-machine";
import { emptyRelease, isShifted, versionsBy, type FunctionName, type ChosenRelease } from "./release";
import { changesThatReplace, describeChanges } from "../kit/plan-changes";
import { UsageError } from "../kit/context";
import { advance, back, messageOf, tell, type Ended, Ours, put } from "./canary-advance";
import { appliedOf, type Applied, stampOf, type CanaryPlan, type Outputs, type Ports } from "./canary-ports";

/** What a person decides about a canary. */
export interface How {
  /** Shows the plan and asks. */
  readonly approve: (planned: CanaryPlan, moving: readonly FunctionName[], applied: Applied) => Promise<boolean>;
  /** Throws where the deployment cannot be judged as the person wants it. */
  readonly check: (outputs: Outputs) => void;
  /** Of the live file and the state. */
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

/** Starts a canary: publishes the new versions, gives them the first step's share, and goes on from there. */
export async function start(ports: Ports, wish: CanaryWish, how: How): Promise<Ended | NotDone> {
  const { applied, chosen } = await known(ports, how);
  refuseWhileOnItsWay(applied, chosen);
  const base = chosen.release ?? emptyRelease(applied.deployment);
  const first = begun(base, wish, applied, stampOf(ports));
  const ours = new Ours(applied.release);
  const { planned, there, moving } = await planNew(ports, first, { base, applied, retry: how.retry });
  ours.check(planned);
  if (moving.length === 0) return { ending: null, exitCode: 0, reason: nothingNew(planned, there) };
  refuseReplaced(planned, how);
  if (!(await how.approve(planned, moving, applied)))
    return { ending: null, exitCode: 1, reason: "Nothing was applied." };
  ours.add(first);
  await publish(ports, first, planned);
  const after = appliedOf(await ports.deployment.outputs());
  const next = shifted(first, after, candidates(base, after, { retry: how.retry }), stampOf(ports));
  if (!next?.canary)
    throw new Error(
      `The apply was to publish a version of the ${planned.publishes.join(" and the ")}, and the newest is still the live one. Look at quickturn plan.`,
    );
  tell(ports, { ...next.canary, phase: "publish" }, "published", "nobody gets the new versions yet");
  return advance({ ports, ours, allowReplace: how.allowReplace }, next);
}

interface Planned {
  readonly planned: CanaryPlan;
  /** With the newest versions as AWS has them now. */
  readonly there: Applied;
  readonly moving: readonly FunctionName[];
}

async function planNew(
  ports: Ports,
  release: Release,
  { base, applied, retry }: { base: Release; applied: Applied; retry: boolean },
): Promise<Planned> {
  const planned = await ports.deployment.plan(release, "publish");
  const there: Applied = { ...applied, newest: versionsBy((name) => planned.newest[name] ?? applied.newest[name]) };
  return { planned, there, moving: candidates(base, there, { retry, publishing: planned.publishes }) };
}

async function publish(ports: Ports, release: Release, planned: CanaryPlan): Promise<void> {
  try {
    await (planned.changed ? ports.deployment.apply(release) : ports.deployment.keep(release));
  } catch (error) {
    if (ports.signal.aborted) throw error;
    throw new Error(
      `The apply that was to publish the new versions failed. What was live is live and pinned. Start again once the cause is gone, with the same options; or take the pins away: quickturn apply.\n${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Goes on with a canary where its release says that it is. */
export async function resume(ports: Ports, how: How): Promise<Ended | NotDone> {
  const { applied, chosen } = await known(ports, how);
  const { release } = chosen;
  const ours = new Ours(applied.release);
  if (!release?.canary) {
    if (release !== null && (await caughtUp(ports, chosen, release, ours, how)))
      return {
        ending: null,
        exitCode: 0,
        reason: `What the last run had decided is applied: ${release.history.at(-1)?.event.replaceAll("_", " ") ?? "nothing"}.`,
      };
    throw new UsageError(
      `No canary of ${applied.deployment} is on its way.${applied.weighted.length > 0 ? " A weight was set by hand: quickturn canary --abort takes it back." : " Start one: quickturn canary."}`,
    );
  }
  // Before any share was given: which versions are published only a plan of the configuration says.
  if (release.canary.phase === "publish") return start(ports, release.canary, how);
  return advance({ ports, ours, allowReplace: how.allowReplace }, taken(release, stampOf(ports)));
}

/** Takes a canary back: the stable versions get everything, and are pinned. */
export async function abort(ports: Ports, how: How): Promise<Ended | NotDone> {
  const { applied, chosen } = await known(ports, how);
  const [release, stamp] = [chosen.release ?? emptyRelease(applied.deployment), stampOf(ports)];
  const run = { ports, ours: new Ours(applied.release), allowReplace: how.allowReplace };
  const reason = "a person took it back";
  if (release.canary !== null)
    return back(run, release, takenBack(release, "aborted", reason, stamp), "aborted", reason, 0);
  if (chosen.from !== "file" && applied.weighted.length > 0)
    return back(
      run,
      release,
      takenBackByHand(release, applied, applied.weighted, stamp),
      "aborted",
      "the weights were set by hand",
      0,
    );
  const ended = chosen.release !== null && (await caughtUp(ports, chosen, release, run.ours, how));
  return {
    ending: null,
    exitCode: 0,
    reason: ended
      ? "The last run had ended the canary, and what it had decided is applied."
      : `No canary of ${applied.deployment} is on its way.`,
  };
}

/**
 * A run that was killed may have written what it decided, and not have applied it: only a plan tells.
 * @returns whether that was so
 */
async function caughtUp(
  ports: Ports,
  { from }: ChosenRelease,
  release: Release,
  ours: Ours,
  { allowReplace }: How,
): Promise<boolean> {
  const { changes } = await ports.deployment.plan(release, "aliases");
  if (from !== "file" && changes.length === 0) return false;
  await put(ports, taken(release, stampOf(ports)), ours, allowReplace);
  return true;
}

async function known(ports: Ports, how: How): Promise<{ readonly applied: Applied; readonly chosen: ChosenRelease }> {
  const outputs = await ports.deployment.outputs();
  const applied = appliedOf(outputs);
  how.check(outputs);
  return { applied, chosen: how.choose(outputs) };
}

function refuseWhileOnItsWay({ weighted, deployment }: Applied, { release, from }: ChosenRelease): void {
  if (isShifted(release))
    throw new UsageError(
      `A canary of ${deployment} is on its way since ${release?.canary?.started_at}. Go on with it: quickturn canary --resume. Take it back: quickturn canary --abort.`,
    );
  if (weighted.length > 0 && from !== "file" && !release?.canary)
    throw new UsageError(
      `The newest version of the ${weighted.join(" and the ")} has a weight that no canary gave it. Take it back first: quickturn canary --abort.`,
    );
}

function refuseReplaced({ changes }: CanaryPlan, { allowReplace }: How): void {
  const replaced = changesThatReplace(changes);
  if (replaced.length === 0 || allowReplace) return;
  throw new UsageError(
    `A canary publishes versions in place, and this plan does more:\n${describeChanges(replaced)}\nNothing was applied. Apply that first: quickturn apply; or add --allow-replace.`,
  );
}

function nothingNew({ reachesAll }: CanaryPlan, { live, newest }: Applied): string {
  const refused = (["worker", "api"] as const).filter((name) => newest[name] !== live[name]);
  const again =
    refused.length > 0
      ? ` Version ${refused.map((name) => `${newest[name]} of the ${name}`).join(" and ")} was rolled back; to try it again: --retry.`
      : "";
  const others =
    reachesAll.length > 0
      ? ` The plan changes what reaches all callers at once, and quickturn apply does that:\n${describeChanges(reachesAll)}`
      : "";
  return `No function has a new version, so that there is nothing to try.${again}${others}`;
}
