import { type Release, type Versions, PROFILES } from "../../stacks/contract/settings";
import {
  changeRelease,
  FUNCTIONS,
  functionsIn,
  mapVersions,
  NAMES_IN_STACK,
  NO_VERSIONS,
  type FunctionName,
  type Stamp,
} from "./release";
import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { Terraform } from "../kit/terraform";
import { isApproved, refuseWithoutAnswer, type ApplyOptions } from "./apply";
import { applyPlan, describeOutputs, refusedResult, refuseReplacement } from "./apply-plan";
import { describePins, liveRelease, readAppliedStack, unpinArguments } from "./live-file";
import { refuseOtherChanges, refuseOtherRelease } from "./canary-steps";
import { TerraformDeployment } from "./canary-target";
import { resolveInput, updateLiveFile, type ResolvedInput } from "./live-input";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { checkRollback, lookAtLive } from "./rollback-check";
import { hostname, userInfo } from "node:os";
import { canary } from "./canary";
import { makePlan, type Plan } from "./plan";
import { prepareTerraform } from "../kit/prepared-terraform";
import { rollBackToCommit } from "./rollback-commit";

export interface RollbackOptions extends ApplyOptions {
  /** A profile to go back to; `previous`: the versions that were live before; else a commit, tag or branch. */
  readonly to: string;
  /** Go on where the plan makes, replaces or deletes a resource that holds something. */
  readonly allowReplace: boolean;
  /** Check afterwards whether it worked. Default: true. */
  readonly verify?: boolean;
}

/**
 * Takes the optimizations or a version away, or goes back to a commit, and changes resources only in place. A canary on
 * its way is ended first, except before a commit, which may know nothing of canaries.
 */
export async function rollback(context: CommandContext, options: RollbackOptions): Promise<CommandResult> {
  refuseWithoutAnswer(options, "rollback");
  const { to, reset = [], vars = [] } = options;
  const { progress, signal, environment } = context;
  const isProfile = (PROFILES as readonly string[]).includes(to);
  if (reset.length > 0 && !isProfile)
    throw new UsageError(`--reset was given with --to ${to}, which changes no setting; allowed: with a profile.`);
  if (!isProfile && to !== "previous") return rollBackToCommit(context, options);
  const terraform = await prepareTerraform(context, options, "restore");
  const record = { to, at: new Date().toISOString(), by: findPerson(environment) };
  const wanted = isProfile ? { ...options, vars: [`profile=${to}`, ...vars], rollback: record } : options;
  let resolved = await resolveInput(context, terraform, wanted);
  if (resolved.release?.canary) {
    progress.note("A canary is on its way: it is taken back first.");
    const ended = await canary(context, { ...options, only: [], resume: false, abort: true, retry: false });
    if (ended.exitCode !== 0) return ended;
    if (isProfile) resolved = await resolveInput(context, terraform, wanted);
  }
  if (!isProfile) return rollBackToPrevious(context, terraform, options);
  if (resolved.origin !== undefined) progress.note(resolved.origin);
  const made = await makePlan(terraform, resolved.input, { progress });
  const refusal = findRefusal(made, resolved, options);
  if (refusal) return refusal;
  if (!(await isApproved(made, options, progress))) return refusedResult(made);
  const started = performance.now();
  const result = await applyPlan(terraform, made, { progress });
  updateLiveFile(context, resolved, result.json.outputs ?? {});
  return checkRollback(context, result, {
    ...options,
    seconds: (performance.now() - started) / 1_000,
    settings: { profile: to },
    look: () => lookAtLive(terraform, signal),
  });
}

/** Names the person: in a pipeline the one who started it, else `user@host`. */
function findPerson({ GITHUB_ACTOR: github, GITLAB_USER_LOGIN: gitlab }: NodeJS.ProcessEnv): string {
  return github || gitlab || `${userInfo().username}@${hostname()}`;
}

function findRefusal(
  made: Plan,
  { release }: ResolvedInput,
  { to, allowReplace }: RollbackOptions,
): CommandResult | undefined {
  const refusal = allowReplace ? undefined : refuseReplacement(made);
  if (refusal) return refusal;
  const held = findHeldBack(release, made.publishes);
  if (held.length === 0 || made.changes.some(({ type }) => type !== "aws_lambda_function")) return undefined;
  return refusedResult(
    { held, ...made },
    `This would publish a version of the ${held.join(" and the ")} that nobody gets, because ` +
      `${describePins(held, release?.pinned ?? NO_VERSIONS)} is pinned since an earlier rollback. ` +
      `Nothing was applied. Make it live at once: quickturn rollback --to ${to} ${unpinArguments(held)}; ` +
      `or step by step: quickturn canary --var profile=${to}.`,
  );
}

/** The functions whose pin keeps callers from a version that a plan publishes. */
export function findHeldBack(release: Release | null, publishing: readonly FunctionName[]): FunctionName[] {
  const pinned = release?.pinned ?? NO_VERSIONS;
  return FUNCTIONS.filter((name) => pinned[name] !== null && publishing.includes(name));
}

/** Makes the versions live that were live before the present ones: only aliases move, from any checkout. */
async function rollBackToPrevious(
  context: CommandContext,
  terraform: Terraform,
  options: RollbackOptions,
): Promise<CommandResult> {
  const { progress } = context;
  const outputs = await terraform.output();
  const { live, release: applied } = readAppliedStack(outputs);
  const { release } = liveRelease(context, outputs);
  const versions = release === null ? NO_VERSIONS : previousVersions(release, live);
  const moved = functionsIn(versions);
  if (release === null || moved.length === 0) {
    throw new UsageError(
      `No canary has made version ${live.worker} of the worker or ${live.api} of the front door live, so it is not ` +
        "known what was live before. Name the version: quickturn apply --var live_version=<n>, or api_live_version.",
    );
  }
  const next = pinVersions(release, { versions, live }, { at: new Date().toISOString(), writer: randomUUID() });
  const deployment = new TerraformDeployment(terraform, { whose: context, input: options, progress });
  const planned = await deployment.plan(next, "aliases");
  refuseOtherRelease([applied], planned);
  refuseOtherChanges(planned, {
    allowReplace: options.allowReplace,
    advice: "Nothing was applied. If this is what you want, add --allow-replace.",
  });
  if (!(await isApproved(planned, options, progress))) return refusedResult({});
  const started = performance.now();
  await deployment.apply(next);
  const seconds = (performance.now() - started) / 1_000;
  const after = await deployment.outputs();
  const result = { exitCode: 0, text: describeOutputs(after), json: { applied: true, outputs: after } };
  return checkRollback(context, result, {
    ...options,
    to: moved.map((name) => `version ${versions[name]} of the ${name}`).join(" and "),
    seconds,
    outputs: Object.fromEntries(moved.map((name) => [NAMES_IN_STACK[name].version, String(versions[name])])),
  });
}

/** The versions that were live before these, by the history; null for a function of which it knows none. */
export function previousVersions({ history }: Release, live: Versions): Versions {
  return mapVersions((name) => {
    const promotion = history.findLast(
      (entry) => entry.event === "promoted" && entry[name] !== null && entry[name] === live[name],
    );
    return promotion?.[`stable_${name}`] ?? null;
  });
}

/** Pins versions. A function without one stays as it is. */
export function pinVersions(
  release: Release,
  { versions, live }: { readonly versions: Versions; readonly live: Versions },
  stamp: Stamp,
): Release {
  return changeRelease(release, stamp, {
    pinned: mapVersions((name) => versions[name] ?? release.pinned[name]),
    event: {
      event: "rollback",
      candidate: versions,
      stable: mapVersions((name) => (versions[name] === null ? null : live[name])),
      reason: "to the versions before",
    },
  });
}
