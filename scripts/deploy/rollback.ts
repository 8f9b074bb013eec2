import { type Release, type Versions, PROFILES } from "../../stacks/contract/settings";
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
import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { changesThatReplace, describeChanges } from "../kit/plan-changes";
import type { Terraform } from "../kit/terraform";
import { approved, refuseWithoutAnswer, type ApplyOptions } from "./apply";
import { liveText, applyPlan } from "./apply-plan";
import { liveRelease } from "./live-file";
import { appliedOf } from "./canary-ports";
import { Ours } from "./canary-advance";
import { TerraformDeployment } from "./canary-deployment";
import { liveStackDirectory, keptLive, withLive, type WithLive } from "./live-input";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { verifiedRollback, lookAtLive } from "./rollback-verified";
import { hostname, userInfo } from "node:os";
import { canary } from "./canary";
import { makePlan } from "./plan";
import { prepareTerraform } from "../kit/prepared-terraform";
import { rollbackToCommit } from "./rollback-commit";
import type { Plan } from "./write-plan";

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

/** Makes the versions live that were so before the present ones: only aliases move, whatever this checkout holds. */
export async function rollbackToPrevious(
  context: CommandContext,
  terraform: Terraform,
  options: RollbackOptions,
): Promise<CommandResult> {
  const { progress } = context;
  const outputs = await terraform.output();
  const applied = appliedOf(outputs);
  const { release } = liveRelease(context, outputs);
  const versions = release === null ? null : previousVersions(release, applied.live);
  if (release === null || versions === null || named(versions).length === 0) {
    throw new UsageError(
      `No canary has made version ${applied.live.worker} of the worker or ${applied.live.api} of the front door live, so that it is not known what was live before. Name the version: quickturn apply --var live_version=<n>, or api_live_version.`,
    );
  }
  const next = pinnedTo(release, versions, applied.live, "to the versions before", {
    at: new Date().toISOString(),
    writer: randomUUID(),
  });
  const deployment = new TerraformDeployment(terraform, {
    whose: context,
    stackDirectory: liveStackDirectory(context),
    input: options,
    progress,
  });
  const planned = await deployment.plan(next, "aliases");
  new Ours(applied.release).check(planned);
  const replaced = changesThatReplace(planned.changes);
  if (replaced.length > 0 && !options.allowReplace)
    throw new UsageError(
      `Only aliases are to move, and this plan does more:\n${describeChanges(replaced)}\nNothing was applied. If this is what you want, add --allow-replace.`,
    );
  if (!(await approved(planned, options, progress)))
    return { exitCode: 1, text: "Nothing was applied.", json: { applied: false } };
  const started = performance.now();
  await deployment.apply(next);
  const seconds = (performance.now() - started) / 1_000;
  const after = await deployment.outputs();
  const asked = {
    ...(versions.worker === null ? {} : { live_version: String(versions.worker) }),
    ...(versions.api === null ? {} : { api_live_version: String(versions.api) }),
  };
  const to = named(versions)
    .map((name) => `version ${versions[name]} of the ${name}`)
    .join(" and ");
  return verifiedRollback(
    context,
    { exitCode: 0, text: liveText(after), json: { applied: true, outputs: after } },
    { to, seconds, verify: options.verify ?? true, outputs: asked },
  );
}

export interface RollbackOptions extends ApplyOptions {
  /** Profile to go back to; `previous`: the versions that were live before; else a commit, tag or branch. */
  readonly to: string;
  /** Go on where the plan makes, replaces or deletes a resource that holds something. */
  readonly allowReplace: boolean;
  /** Look afterwards whether it is so. Default: true. */
  readonly verify?: boolean;
}

/**
 * Takes the optimizations or a version away, or goes back to a commit, and refuses to change anything other than in
 * place. A canary on its way is ended first, but before a commit, which may know nothing of canaries.
 */
export async function rollback(context: CommandContext, options: RollbackOptions): Promise<CommandResult> {
  refuseWithoutAnswer(options, "rollback");
  if ((options.reset ?? []).length > 0 && !(PROFILES as readonly string[]).includes(options.to))
    throw new UsageError(
      `--reset was given with --to ${options.to}, which changes no setting; allowed: with a profile.`,
    );
  if (![...PROFILES, "previous"].includes(options.to)) return rollbackToCommit(context, options);
  const terraform = await prepareTerraform(context, options, "restore");
  const vars = [...(options.to === "previous" ? [] : [`profile=${options.to}`]), ...(options.vars ?? [])];
  const asked = {
    ...options,
    vars,
    ...(options.to !== "previous" && {
      rollback: { to: options.to, at: new Date().toISOString(), by: whoIs(context.environment) },
    }),
  };
  const first = await withLive(context, terraform, asked);
  if (first.release?.canary) {
    context.progress.note("A canary is on its way: it is taken back first.");
    const ended = await canary(context, { ...options, only: [], resume: false, abort: true, retry: false });
    if (ended.exitCode !== 0) return ended;
  }
  if (options.to === "previous") return rollbackToPrevious(context, terraform, options);
  const live = first.release?.canary ? await withLive(context, terraform, asked) : first;
  if (live.origin !== undefined) context.progress.note(live.origin);
  const made = await makePlan(terraform, live.input, context.progress);
  const refused = refusal(made, live, options);
  if (refused) return refused;
  if (!(await approved(made, options, context.progress)))
    return { exitCode: 1, text: "Nothing was applied.", json: { applied: false, ...made } };
  const started = performance.now();
  const result = keptLive(context, live, await applyPlan(terraform, made, context.progress));
  return verifiedRollback(context, result, {
    to: options.to,
    seconds: (performance.now() - started) / 1_000,
    verify: options.verify ?? true,
    settings: { profile: options.to },
    look: () => lookAtLive(terraform, context.signal),
  });
}

/** Of a pipeline the person who started it; else as terraform names who holds a lock. */
function whoIs({ GITHUB_ACTOR: github, GITLAB_USER_LOGIN: gitlab }: NodeJS.ProcessEnv): string {
  return github || gitlab || `${userInfo().username}@${hostname()}`;
}

function refusal(made: Plan, { release }: WithLive, { to, allowReplace }: RollbackOptions): CommandResult | undefined {
  const replaced = changesThatReplace(made.changes);
  if (replaced.length > 0 && !allowReplace) {
    const text = `A rollback changes resources in place, and this plan does more:\n${describeChanges(replaced)}\nNothing was applied. If this is what you want, add --allow-replace.`;
    return { exitCode: 1, text, json: { applied: false, refused: replaced, ...made } };
  }
  const held = heldBack(release, made.publishes);
  const others = made.changes.filter(({ type }) => type !== "aws_lambda_function");
  if (held.length === 0 || others.length > 0) return undefined;
  const pins = held
    .map((name) => `${name === "worker" ? "live_version" : "api_live_version"}=${release?.pinned[name]}`)
    .join(", ");
  const free = held.map((name) => `--var ${name === "worker" ? "live_version" : "api_live_version"}=null`).join(" ");
  const text = `This would publish a version of the ${held.join(" and the ")} that nobody gets, because ${pins} is pinned since an earlier rollback. Nothing was applied. Make it live at once: quickturn rollback --to ${to} ${free}; or step by step: quickturn canary --var profile=${to}.`;
  return { exitCode: 1, text, json: { applied: false, held, ...made } };
}
