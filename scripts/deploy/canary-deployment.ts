import type { Whose } from "../kit/deployment-folder";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Release } from "../../stacks/contract/settings";
import { plannedNewest, reachesAll, liveArguments, settingsInEffect, wholeLiveFile } from "./release";
import { movedAliases, refuseDuringTuning } from "./tuning-guard";
import { appliedProvenance, type Values } from "./kept-values";
import { writeAtomically, ownFile } from "../kit/files";
import type { PlanInput, Terraform } from "../kit/terraform";
import { applyPlan } from "./apply-plan";
import type { Progress } from "../kit/context";
import { planOf, writePlan, type WrittenPlan } from "./write-plan";
import { writeLive } from "./live-file";
import type { CanaryPlan, Deployment, Outputs, PlanMode } from "./canary-ports";
import { ALIASES_OVERRIDE } from "./live-input";

const PLAN = "canary.tfplan";
const PLANNED = "live.planned.tfvars.json";
const IN_EFFECT = "applied.tfvars.json";

/** The functions as they are, whatever this checkout's code and options say: terraform then moves aliases alone. */
const FUNCTIONS_STAY = {
  resource: {
    aws_lambda_function: Object.fromEntries(
      ["worker_function", "api_function"].map((name) => [name, { lifecycle: { ignore_changes: "all" } }]),
    ),
  },
};

export interface Place {
  /** Whose the live file is. */
  readonly whose: Whose;
  /** Folder that terraform runs in. */
  readonly stackDirectory: string;
  /** What was given before and what the person gives now. */
  readonly input: PlanInput;
  /** What the person gives now. Default: the same. */
  readonly asked?: PlanInput;
  readonly progress: Progress;
}

/** The deployment of this project, by terraform. */
export class TerraformDeployment implements Deployment {
  private planned: CanaryPlan | undefined;

  constructor(
    private readonly terraform: Terraform,
    private readonly place: Place,
  ) {}

  private get planFile(): string {
    return ownFile(this.place.stackDirectory, PLAN);
  }

  outputs(): Promise<Outputs> {
    return this.terraform.output();
  }

  async plan(release: Release, mode: PlanMode): Promise<CanaryPlan> {
    const { stackDirectory, progress } = this.place;
    // What stands there was of the release before.
    writeLive(this.place.whose, stackDirectory, null);
    writeAtomically(join(stackDirectory, ownFile(stackDirectory, PLANNED)), wholeLiveFile(release));
    const input = mode === "aliases" ? await this.aliases(release) : this.publish(release);
    this.planned = await progress.step(mode === "aliases" ? "Plan the aliases" : "Plan the new versions", () =>
      this.made(input, mode),
    );
    return this.planned;
  }

  async apply(release: Release): Promise<void> {
    if (this.planned === undefined) throw new Error("There is no plan to apply");
    await this.keep(release);
    await applyPlan(this.terraform, this.planned, this.place.progress, this.planFile);
  }

  async keep(release: Release): Promise<void> {
    writeLive(this.place.whose, this.place.stackDirectory, release);
  }

  private async made(input: PlanInput, mode: PlanMode): Promise<CanaryPlan> {
    const override = join(this.place.stackDirectory, ALIASES_OVERRIDE);
    // A run that was killed may have left it.
    rmSync(override, { force: true });
    if (mode === "aliases") writeAtomically(override, JSON.stringify(FUNCTIONS_STAY));
    try {
      const written = await this.written(input, mode);
      // Read after the plan: where they are still the known ones, the plan was made against nothing newer; and
      // terraform refuses to apply it to anything newer.
      return {
        ...planOf(written),
        newest: plannedNewest(written.shown),
        reachesAll: reachesAll(written.shown),
        before: await this.outputs(),
      };
    } finally {
      rmSync(override, { force: true });
    }
  }

  /** Aliases alone move: what a killed run has not published is none of theirs. */
  private async written(input: PlanInput, mode: PlanMode): Promise<WrittenPlan> {
    if (mode === "publish")
      return writePlan(this.terraform, this.planFile, input, (text) => this.place.progress.note(text));
    const written = {
      changed: await this.terraform.plan(this.planFile, input),
      shown: await this.terraform.show(this.planFile),
    };
    // The alias of a function that is not pinned would follow to the newest version.
    await refuseDuringTuning(this.terraform, written.shown, movedAliases(written.shown), (text) =>
      this.place.progress.note(text),
    );
    return written;
  }

  /** As the person configures it, and what is live as it is. */
  private publish(release: Release, input = this.place.input): PlanInput {
    const { stackDirectory } = this.place;
    return {
      ...input,
      varFiles: [...(input.varFiles ?? []), join(stackDirectory, ownFile(stackDirectory, PLANNED))],
      vars: [...(input.vars ?? []), ...liveArguments(release)],
    };
  }

  /**
   * As it is applied: a canary goes on where nobody remembers its options. What was given still counts: no output has
   * secrets.
   */
  private async aliases(release: Release): Promise<PlanInput> {
    const applied = join(this.place.stackDirectory, ownFile(this.place.stackDirectory, IN_EFFECT));
    const outputs = await this.outputs();
    // All that is in effect stands there: what of it somebody has given is to be remembered.
    writeAtomically(
      applied,
      JSON.stringify({
        ...settingsInEffect((outputs["settings"] ?? {}) as Values),
        provenance: appliedProvenance(outputs),
      }),
    );
    const { varFiles = [], ...publish } = this.publish(release, this.place.asked ?? this.place.input);
    return { ...publish, varFiles: [applied, ...varFiles] };
  }
}
