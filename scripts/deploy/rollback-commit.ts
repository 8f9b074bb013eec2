import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { PROFILES, type Release } from "../../stacks/contract/settings";
import { variableName } from "../kit/given-setting";
import { changed, NO_VERSIONS, remembered, type Stamp, wholeLiveFile } from "./release";
import { describeEarlierInput, earlierInput, type Configuration, type EarlierInput } from "./earlier-configuration";
import { changesThatReplace, describeChanges } from "../kit/plan-changes";
import { checkOutCommit, type EarlierSource } from "../kit/git";
import { writeAtomically, ownFile } from "../kit/files";
import { copyErroredState } from "../kit/local-state";
import { usePresentBackend } from "../kit/state-backend";
import { ProgramFailed, run } from "../kit/process";
import { Terraform, type PlanInput } from "../kit/terraform";
import { approved } from "./apply";
import { applyPlan, type ApplyResult } from "./apply-plan";
import { liveRelease, writeLive } from "./live-file";
import type { Whose } from "../kit/deployment-folder";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { makePlan } from "./plan";
import { prepareTerraform } from "../kit/prepared-terraform";
import type { RollbackOptions } from "./rollback";
import { lookAtLive, verifiedRollback } from "./rollback-verified";
import { stackDirectory } from "../kit/synth";

/** Such as `HEAD~1 (0a1b2c3d4)`. */
const nameOf = (to: string, { commit }: Pick<EarlierSource, "commit">): string => `${to} (${short(commit)})`;
const short = (commit: string): string => commit.slice(0, 9);

/**
 * Applies the configuration and the code of a commit against the present state: what callers get is that commit's code.
 */
export async function rollbackToCommit(context: CommandContext, options: RollbackOptions): Promise<CommandResult> {
  // Before all that takes long: a wrong name is told at once.
  const earlier = await sourceOf(context, options.to);
  try {
    // Which variables there are, that commit says.
    const terraform = await prepareTerraform(context, { ...options, vars: [] }, "restore");
    const outputs = await terraform.output();
    const next = releasedBy(context, outputs, nameOf(options.to, earlier), {
      at: new Date().toISOString(),
      writer: randomUUID(),
    });
    const directory = await synthesized(context, options.to, earlier);
    const input = inputOf({ outputs, next, options, now: terraform.directory, then: directory });
    return await apply(context, { options, earlier, terraform, directory, input, next });
  } finally {
    earlier.remove();
  }
}

async function sourceOf({ projectDirectory, environment, signal }: CommandContext, to: string): Promise<EarlierSource> {
  const earlier = await checkOutCommit({ project: projectDirectory, ref: to, env: environment, signal }).catch(
    (cause: Error) => {
      throw new UsageError(
        `--to ${JSON.stringify(to)} is no profile (${PROFILES.join(", ")}) and not previous, so it is taken for a commit. ${cause.message.replace(/\.?$/, ".")}`,
        { cause },
      );
    },
  );
  const missing = [join("stacks", "app.ts"), join("scripts", "bin", "quickturn.js")].filter(
    (path) => !existsSync(join(earlier.directory, path)),
  );
  if (missing.length === 0) return earlier;
  earlier.remove();
  throw new UsageError(
    `--to ${nameOf(to, earlier)} has no ${missing.join(" and no ")}, so that its stack cannot be synthesized. Give a later commit.`,
  );
}

/**
 * The release after a rollback to a commit: nothing is pinned, because the commit's code becomes the newest version.
 * Throws {@link UsageError} while a canary is on its way, and where nothing is applied.
 * @returns null where nothing was ever pinned or released
 */
export function releasedBy(
  whose: Whose,
  outputs: Readonly<Record<string, unknown>>,
  name: string,
  stamp: Stamp,
): Release | null {
  if (outputs["settings"] === undefined)
    throw new UsageError(
      `Nothing is applied, or by a release without the output settings, so that there is nothing to go back from. Check ${name} out and apply it: quickturn apply.`,
    );
  const { release } = liveRelease(whose, outputs);
  if (release === null) return null;
  if (release.canary !== null)
    throw new UsageError(
      `A canary is on its way since ${release.canary.started_at}, and ${name} may know nothing of it. Nothing was changed. Take it back first: quickturn canary --abort.`,
    );
  const entry = {
    at: stamp.at,
    event: "rollback",
    worker: null,
    api: null,
    stable_worker: null,
    stable_api: null,
    weight: 0,
    reason: `to ${name}`,
  } as const;
  return changed(release, stamp, { pinned: NO_VERSIONS, history: remembered(release, entry) });
}

/** By that commit's own commands, which package its own functions. @returns the stack's folder */
async function synthesized(
  { environment, progress, signal }: CommandContext,
  to: string,
  { directory }: EarlierSource,
): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...environment, QUICKTURN_STACKS: "agent-api" };
  // Where the state is, the present configuration says; the commit may not know how that is written.
  delete env["QUICKTURN_BACKEND"];
  delete env["QUICKTURN_ENV"];
  return progress.step(`Package and synthesize ${to}`, async () => {
    try {
      await run(process.execPath, [join("scripts", "bin", "quickturn.js"), "--json", "synth"], {
        cwd: directory,
        env,
        signal,
      });
    } catch (cause) {
      if (!(cause instanceof ProgramFailed)) throw cause;
      throw new Error(
        `${to} cannot be synthesized with the packages that are installed now. Nothing was changed. ${cause.message}`,
        { cause },
      );
    }
    return stackDirectory(join(directory, "cdktf.out"), "agent-api");
  });
}

interface InputQuestion {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly next: Release | null;
  readonly options: RollbackOptions;
  /** Folder of the present configuration, and of the commit's. */
  readonly now: string;
  readonly then: string;
}

function inputOf({
  outputs,
  next,
  options,
  now,
  then,
}: InputQuestion): EarlierInput & { readonly knowsRelease: boolean } {
  const [present, earlier] = [now, then].map(
    (folder) => JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as Configuration,
  ) as [Configuration, Configuration];
  const given = (options.vars ?? []).map(variableName);
  const live = next === null ? {} : (JSON.parse(wholeLiveFile(next)) as Readonly<Record<string, unknown>>);
  const input = earlierInput({
    settings: outputs["settings"] as Readonly<Record<string, unknown>>,
    live,
    given,
    now: present,
    then: earlier,
  });
  if (input.refused.length > 0)
    throw new UsageError(
      `--var gives ${input.refused.join(", ")}, and ${options.to} has no such setting; allowed: ${Object.keys(
        earlier.variable ?? {},
      )
        .sort()
        .join(", ")}.`,
    );
  return { ...input, knowsRelease: Object.hasOwn(earlier.variable ?? {}, "release") };
}

interface Prepared {
  readonly options: RollbackOptions;
  readonly earlier: EarlierSource;
  /** In the present configuration's folder. */
  readonly terraform: Terraform;
  /** Folder of the commit's configuration. */
  readonly directory: string;
  readonly input: ReturnType<typeof inputOf>;
  readonly next: Release | null;
}

async function apply(context: CommandContext, prepared: Prepared): Promise<CommandResult> {
  const { progress } = context;
  const { options, earlier, terraform: present, directory, input } = prepared;
  const terraform = await initialized(context, prepared);
  for (const line of describeEarlierInput(input)) progress.note(line);
  const made = await makePlan(terraform, planInput(directory, options, input), progress);
  const replaced = changesThatReplace(made.changes);
  if (replaced.length > 0 && !options.allowReplace) {
    const text = `A rollback changes resources in place, and this plan does more:\n${describeChanges(replaced)}\nWhat it deletes came after ${nameOf(options.to, earlier)}, and what it makes has gone since. Nothing was applied. If this is what you want, add --allow-replace.`;
    return { exitCode: 1, text, json: { applied: false, refused: replaced, ...made } };
  }
  if (!(await approved(made, options, progress)))
    return { exitCode: 1, text: "Nothing was applied.", json: { applied: false, ...made } };
  const started = performance.now();
  const result = await applyPlan(terraform, made, progress).finally(() => {
    const kept = copyErroredState(directory, present.directory);
    if (kept !== undefined)
      progress.note(
        `Terraform could not write the state. It is in ${kept}: push it (terraform state push) before anything else.`,
      );
  });
  return finished(context, prepared, result, (performance.now() - started) / 1_000);
}

async function initialized(
  { progress, signal }: CommandContext,
  { terraform: present, directory, options: { lockTimeout } }: Prepared,
): Promise<Terraform> {
  usePresentBackend(present.directory, directory);
  return progress.step("Initialize terraform for it", async (detail) => {
    const terraform = new Terraform({
      directory,
      env: present.environment,
      signal,
      onLine: detail,
      ...(lockTimeout !== undefined && { lockTimeout }),
    });
    await terraform.init();
    return terraform;
  });
}

function planInput(
  directory: string,
  { vars = [], varFiles = [], refresh }: RollbackOptions,
  { values }: EarlierInput,
): PlanInput {
  const path = join(directory, ownFile(directory, "earlier.tfvars.json"));
  writeAtomically(path, JSON.stringify(values));
  return { vars, varFiles: [path, ...varFiles], ...(refresh !== undefined && { refresh }) };
}

/** Written once it is so: until then the pins keep callers where they are. */
async function finished(
  context: CommandContext,
  { options, earlier, terraform, next, input }: Prepared,
  result: ApplyResult,
  seconds: number,
): Promise<CommandResult> {
  const { projectDirectory, environment, signal } = context;
  if (next !== null) writeLive(context, terraform.directory, next);
  const { outputs = {} } = result.json;
  const given = (options.vars ?? []).map(variableName);
  // The commit's code is the newest version, and callers are to get it.
  const newest = [
    ["live_version", "newest_version"],
    ["api_live_version", "api_newest_version"],
  ].filter(([live = "", last = ""]) => last in outputs && !given.includes(live));
  const expected = Object.fromEntries(newest.map(([live = "", last = ""]) => [live, outputs[last]]));
  const verified = await verifiedRollback(context, result, {
    to: nameOf(options.to, earlier),
    seconds,
    verify: options.verify ?? true,
    outputs: expected,
    look: () => lookAtLive(terraform, signal),
  });
  const { stdout } = await run("git", ["rev-parse", "HEAD"], { cwd: projectDirectory, env: environment, signal });
  const [head, there] = [short(stdout.trim()), short(earlier.commit)];
  const still =
    head === there
      ? []
      : [
          `The checkout is still at ${head}: the next apply from it makes its code live again; revert it (git revert ${there}..${head}) or check the commit out (git checkout ${there}).`,
        ];
  const forgotten =
    next === null || input.knowsRelease
      ? []
      : [
          "This commit has no setting release, so that the state has forgotten what was pinned: live.tfvars.json alone has it. In other checkouts delete that file.",
        ];
  return {
    ...verified,
    text: [verified.text, ...forgotten, ...still].join("\n"),
    json: {
      ...verified.json,
      commit: earlier.commit,
      head: stdout.trim(),
      dropped: input.dropped,
      defaults: input.defaults,
    },
  };
}
