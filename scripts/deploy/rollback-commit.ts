import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { PROFILES, type Release } from "../../stacks/contract/settings";
import { variableName } from "../kit/given-setting";
import { changeRelease, completeLiveDocument, FUNCTIONS, NAMES_IN_STACK, NO_VERSIONS, type Stamp } from "./release";
import { describeEarlierInput, earlierInput, type Configuration, type EarlierInput } from "./kept-values";
import { checkOutCommit, type EarlierSource } from "../kit/git";
import { writeAtomically, ownFile } from "../kit/files";
import { copyErroredState } from "../kit/local-state";
import { usePresentBackend } from "../kit/state-backend";
import { ProgramFailed, run } from "../kit/process";
import { Terraform } from "../kit/terraform";
import { isApproved } from "./apply";
import { applyPlan, refusedResult, refuseReplacement, type ApplyResult } from "./apply-plan";
import { liveRelease, settingsOutput, writeLiveFile, type Outputs } from "./live-file";
import type { Whose } from "../kit/deployment-folder";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { makePlan } from "./plan";
import { prepareTerraform } from "../kit/prepared-terraform";
import type { RollbackOptions } from "./rollback";
import { checkRollback, lookAtLive } from "./rollback-check";
import { stackDirectory } from "../kit/synth";

/** A rollback to a commit, as far as it is prepared. */
interface CommitRollback {
  readonly options: RollbackOptions;
  readonly earlier: EarlierSource;
  /** The commit, for messages, such as `HEAD~1 (0a1b2c3d4)`. */
  readonly label: string;
  /** In the present configuration's folder. */
  readonly present: Terraform;
  /** Folder of the commit's configuration. */
  readonly directory: string;
  readonly input: EarlierInput;
  /** The release afterwards; null where nothing was ever pinned or released. */
  readonly next: Release | null;
}

const shorten = (commit: string): string => commit.slice(0, 9);

/** Applies the configuration and the code of a commit to the present state: callers then get that commit's code. */
export async function rollBackToCommit(context: CommandContext, options: RollbackOptions): Promise<CommandResult> {
  // First, because a wrong name should fail at once.
  const earlier = await readSource(context, options.to);
  try {
    const label = `${options.to} (${shorten(earlier.commit)})`;
    checkSource(earlier, label);
    // Without the variables, because the commit says which ones there are.
    const present = await prepareTerraform(context, { lockTimeout: options.lockTimeout }, "restore");
    const outputs = await present.output();
    const stamp = { at: new Date().toISOString(), writer: randomUUID() };
    const next = releaseAfterRollback(context, outputs, { label, stamp });
    const directory = await synthesizeSource(context, options.to, earlier);
    const input = makeInput({ outputs, next, options, folders: [present.directory, directory] });
    return await applySource(context, { options, earlier, label, present, directory, input, next });
  } finally {
    earlier.remove();
  }
}

async function readSource(
  { projectDirectory, environment, signal }: CommandContext,
  to: string,
): Promise<EarlierSource> {
  const options = { project: projectDirectory, ref: to, env: environment, signal };
  return checkOutCommit(options).catch((cause: Error) => {
    throw new UsageError(
      `--to ${JSON.stringify(to)} is no profile (${PROFILES.join(", ")}) and not previous, so it is taken for a ` +
        `commit. ${cause.message.replace(/\.?$/, ".")}`,
      { cause },
    );
  });
}

function checkSource({ directory }: EarlierSource, label: string): void {
  const needed = [join("stacks", "app.ts"), join("scripts", "bin", "quickturn.js")];
  const missing = needed.filter((path) => !existsSync(join(directory, path)));
  if (missing.length > 0)
    throw new UsageError(
      `--to ${label} has no ${missing.join(" and no ")}, so that its stack cannot be synthesized. Give a later commit.`,
    );
}

/**
 * The release after a rollback to a commit: nothing is pinned, because the commit's code becomes the newest version.
 * @returns null where nothing was ever pinned or released
 * @throws UsageError while a canary is on its way, and where nothing is applied
 */
export function releaseAfterRollback(
  whose: Whose,
  outputs: Outputs,
  { label, stamp }: { readonly label: string; readonly stamp: Stamp },
): Release | null {
  if (outputs["settings"] === undefined)
    throw new UsageError(
      "Nothing is applied, or by a release without the output settings, so there is nothing to go back from. " +
        `Check ${label} out and apply it: quickturn apply.`,
    );
  const { release } = liveRelease(whose, outputs);
  if (release === null) return null;
  if (release.canary !== null)
    throw new UsageError(
      `A canary is on its way since ${release.canary.started_at}, and ${label} may know nothing of it. ` +
        "Nothing was changed. Take it back first: quickturn canary --abort.",
    );
  return changeRelease(release, stamp, {
    pinned: NO_VERSIONS,
    event: { event: "rollback", candidate: NO_VERSIONS, stable: NO_VERSIONS, reason: `to ${label}` },
  });
}

/** Synthesizes by the commit's own command, which packages its own functions. @returns the stack's folder */
async function synthesizeSource(
  { environment, progress, signal }: CommandContext,
  to: string,
  { directory }: EarlierSource,
): Promise<string> {
  // The present configuration says where the state is; the commit may not know how that is written.
  const env: NodeJS.ProcessEnv = { ...environment, QUICKTURN_STACKS: "agent-api" };
  delete env["QUICKTURN_BACKEND"];
  delete env["QUICKTURN_ENV"];
  const command = [join("scripts", "bin", "quickturn.js"), "--json", "synth"];
  return progress.step(`Package and synthesize ${to}`, async () => {
    await run(process.execPath, command, { cwd: directory, env, signal }).catch((cause: unknown) => {
      if (!(cause instanceof ProgramFailed)) throw cause;
      throw new Error(
        `${to} cannot be synthesized with the packages that are installed now. Nothing was changed. ${cause.message}`,
        { cause },
      );
    });
    return stackDirectory(join(directory, "cdktf.out"), "agent-api");
  });
}

function makeInput({
  outputs,
  next,
  options: { vars = [], to },
  folders,
}: Pick<CommitRollback, "next" | "options"> & {
  readonly outputs: Outputs;
  /** Folders of the present configuration, and of the commit's. */
  readonly folders: readonly [string, string];
}): EarlierInput {
  const [now, then] = folders.map(
    (folder) => JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as Configuration,
  ) as [Configuration, Configuration];
  const input = earlierInput({
    settings: settingsOutput(outputs),
    live: next === null ? {} : completeLiveDocument(next),
    given: vars.map(variableName),
    now,
    then,
  });
  if (input.refused.length === 0) return input;
  throw new UsageError(
    `--var gives ${input.refused.join(", ")}, and ${to} has no such setting; ` +
      `allowed: ${Object.keys(then.variable ?? {})
        .sort()
        .join(", ")}.`,
  );
}

async function applySource(context: CommandContext, rollback: CommitRollback): Promise<CommandResult> {
  const { progress } = context;
  const { options, label, present, directory, input } = rollback;
  const terraform = await initializeSource(context, rollback);
  for (const line of describeEarlierInput(input)) progress.note(line);
  const values = join(directory, ownFile(directory, "earlier.tfvars.json"));
  writeAtomically(values, JSON.stringify(input.values));
  const { vars = [], varFiles = [], refresh } = options;
  const made = await makePlan(terraform, { vars, varFiles: [values, ...varFiles], refresh }, { progress });
  const explanation = `What it deletes was added after ${label}, and what it makes was removed since. `;
  const refusal = options.allowReplace ? undefined : refuseReplacement(made, explanation);
  if (refusal) return refusal;
  if (!(await isApproved(made, options, progress))) return refusedResult(made);
  const started = performance.now();
  const result = await applyPlan(terraform, made, { progress }).finally(() => {
    const kept = copyErroredState(directory, present.directory);
    if (kept !== undefined)
      progress.note(
        `Terraform could not write the state. It is in ${kept}: push it (terraform state push) before anything else.`,
      );
  });
  const seconds = (performance.now() - started) / 1_000;
  return finishRollback(context, rollback, { terraform, result, seconds });
}

async function initializeSource(
  { progress, signal }: CommandContext,
  { present, directory, options: { lockTimeout } }: CommitRollback,
): Promise<Terraform> {
  usePresentBackend(present.directory, directory);
  return progress.step("Initialize terraform for it", async (onLine) => {
    const terraform = new Terraform({ directory, env: present.environment, signal, onLine, lockTimeout });
    await terraform.init();
    return terraform;
  });
}

/** Writes the live file after the apply: until then the pins keep callers where they are. */
async function finishRollback(
  context: CommandContext,
  { options, earlier, label, present, input, next }: CommitRollback,
  { terraform, result, seconds }: { terraform: Terraform; result: ApplyResult; seconds: number },
): Promise<CommandResult> {
  const { projectDirectory: cwd, environment: env, signal } = context;
  if (next !== null) writeLiveFile(context, present.directory, next);
  const { outputs = {} } = result.json;
  const given = (options.vars ?? []).map(variableName);
  // The commit's code is the newest version, and callers should get it.
  const newest = FUNCTIONS.map((name) => NAMES_IN_STACK[name]).filter(
    (names) => names.newest in outputs && !given.includes(names.version),
  );
  const checked = await checkRollback(context, result, {
    ...options,
    to: label,
    seconds,
    outputs: Object.fromEntries(newest.map((names) => [names.version, outputs[names.newest]])),
    look: () => lookAtLive(terraform, signal),
  });
  const head = (await run("git", ["rev-parse", "HEAD"], { cwd, env, signal })).stdout.trim();
  const [here, there] = [head, earlier.commit].map(shorten);
  const lines = [
    checked.text,
    ...(next === null || !input.dropped.includes("release")
      ? []
      : [
          "This commit has no setting release, so that the state has forgotten what was pinned: live.tfvars.json " +
            "alone has it. In other checkouts delete that file.",
        ]),
    ...(here === there
      ? []
      : [
          `The checkout is still at ${here}: the next apply from it makes its code live again; ` +
            `revert it (git revert ${there}..${here}) or check the commit out (git checkout ${there}).`,
        ]),
  ];
  const { dropped, defaults } = input;
  return {
    ...checked,
    text: lines.join("\n"),
    json: { ...checked.json, commit: earlier.commit, head, dropped, defaults },
  };
}
