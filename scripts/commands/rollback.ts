import { hostname, userInfo } from "node:os";
import { performance } from "node:perf_hooks";
import { PROFILES } from "../../stacks/settings";
import { heldBack } from "../judges/canary/previous";
import { changesThatReplace, describeChanges } from "../judges/plan-changes";
import { approved, refuseWithoutAnswer, type ApplyOptions } from "./apply";
import { applyPlan } from "./apply-plan";
import { canary } from "./canary/canary";
import { keptLive, withLive, type WithLive } from "./canary/with-live";
import { UsageError, type CommandContext, type CommandResult } from "./context";
import { makePlan } from "./plan";
import { preparedTerraform } from "./prepared-terraform";
import { rollbackToCommit } from "./rollback-commit";
import { rollbackToPrevious } from "./rollback-previous";
import { lookAtLive, verifiedRollback } from "./rollback-verified";
import type { Plan } from "./write-plan";

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
  const terraform = await preparedTerraform(context, options, "restore");
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
