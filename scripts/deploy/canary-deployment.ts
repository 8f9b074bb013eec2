import type { Whose } from "../kit/deployment-folder";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Release, Versions } from "../../stacks/contract/settings";
import { completeLiveDocument, liveArguments, settingsInEffect } from "./release";
import { changesForAllCallers, movedAliases, plannedNewest } from "./plan-functions";
import { refuseDuringTuning } from "./temporary-versions";
import { appliedProvenance } from "./kept-values";
import { writeAtomically, ownFile } from "../kit/files";
import type { PlanInput, Terraform } from "../kit/terraform";
import { applyPlan } from "./apply-plan";
import type { Progress } from "../kit/context";
import { readPlan, writePlan, type Plan, type WrittenPlan } from "./plan";
import { removeLiveCopy, settingsOutput, writeLiveFile, type Outputs } from "./live-file";
import { ALIASES_OVERRIDE } from "./live-input";

/** A plan of a canary. */
export interface CanaryPlan extends Plan {
  /** The newest version of each function as AWS has it now; null where the plan publishes one. */
  readonly newest: Versions;
  /** Changes that reach all callers at once. */
  readonly reachesAll: Plan["changes"];
  /** The outputs after the plan was made: those of the state it was made from, or of a later one. */
  readonly before: Outputs;
}

/**
 * `publish`: the present configuration and the release. `aliases`: the applied settings and the release, with the
 * functions left alone, so that it works from any checkout on any machine.
 */
export type PlanMode = "publish" | "aliases";

/** What is applied, and how it is changed. */
export interface Deployment {
  outputs(): Promise<Outputs>;
  plan(release: Release, mode: PlanMode): Promise<CanaryPlan>;
  /** Writes the live file, then applies exactly the last plan. */
  apply(release: Release): Promise<void>;
  /** Writes the live file alone. */
  keep(release: Release): Promise<void>;
}

/** Makes terraform leave the functions as they are, whatever this checkout's code and options say. */
const FUNCTIONS_STAY = {
  resource: {
    aws_lambda_function: Object.fromEntries(
      ["worker_function", "api_function"].map((name) => [name, { lifecycle: { ignore_changes: "all" } }]),
    ),
  },
};

export interface DeploymentPlace {
  /** Whose the live file is. */
  readonly whose: Whose;
  /** Folder that terraform runs in. */
  readonly stackDirectory: string;
  /** Earlier values, and what the person gives now. */
  readonly input: PlanInput;
  /** What the person gives now. Default: the same as `input`. */
  readonly asked?: PlanInput;
  readonly progress: Progress;
}

/** The deployment of this project, by terraform. */
export class TerraformDeployment implements Deployment {
  private planned: CanaryPlan | undefined;

  constructor(
    private readonly terraform: Terraform,
    private readonly place: DeploymentPlace,
  ) {}

  outputs(): Promise<Outputs> {
    return this.terraform.output();
  }

  async plan(release: Release, mode: PlanMode): Promise<CanaryPlan> {
    // The copy is that of the release before.
    removeLiveCopy(this.place.stackDirectory);
    const liveFile = this.writeVarFile("live.planned.tfvars.json", completeLiveDocument(release));
    const input =
      mode === "aliases"
        ? await this.aliasesInput(release, liveFile)
        : publishInput(this.place.input, release, liveFile);
    const title = mode === "aliases" ? "Plan the aliases" : "Plan the new versions";
    this.planned = await this.place.progress.step(title, () => this.planWithOverride(input, mode));
    return this.planned;
  }

  async apply(release: Release): Promise<void> {
    if (this.planned === undefined) throw new Error("There is no plan to apply");
    await this.keep(release);
    await applyPlan(this.terraform, this.planned, { progress: this.place.progress, file: this.planFile });
  }

  async keep(release: Release): Promise<void> {
    writeLiveFile(this.place.whose, this.place.stackDirectory, release);
  }

  private get planFile(): string {
    return ownFile(this.place.stackDirectory, "canary.tfplan");
  }

  private async planWithOverride(input: PlanInput, mode: PlanMode): Promise<CanaryPlan> {
    const override = join(this.place.stackDirectory, ALIASES_OVERRIDE);
    // A killed run may have left it.
    rmSync(override, { force: true });
    if (mode === "aliases") writeAtomically(override, JSON.stringify(FUNCTIONS_STAY));
    try {
      const written = await (mode === "publish"
        ? writePlan(this.terraform, input, { progress: this.place.progress, file: this.planFile })
        : this.planAliases(input));
      // Read after the plan: while they are the known ones, the plan was made from nothing newer. Terraform itself
      // refuses to apply it to anything newer.
      const before = await this.outputs();
      const { shown } = written;
      return { ...readPlan(written), newest: plannedNewest(shown), reachesAll: changesForAllCallers(shown), before };
    } finally {
      rmSync(override, { force: true });
    }
  }

  private async planAliases(input: PlanInput): Promise<WrittenPlan> {
    const { terraform, planFile } = this;
    const written = { changed: await terraform.plan(planFile, input), shown: await terraform.show(planFile) };
    // The alias of a function that is not pinned would follow to a temporary version.
    await refuseDuringTuning(terraform, {
      plan: written.shown,
      exposed: movedAliases(written.shown),
      progress: this.place.progress,
    });
    return written;
  }

  /**
   * Settings come from the applied state, so that a canary can be continued on another machine. The given values still
   * count, because secrets are never outputs.
   */
  private async aliasesInput(release: Release, liveFile: string): Promise<PlanInput> {
    const outputs = await this.outputs();
    const applied = this.writeVarFile("applied.tfvars.json", {
      ...settingsInEffect(settingsOutput(outputs)),
      // The file gives every setting; this says which of them somebody gave.
      provenance: appliedProvenance(outputs),
    });
    const input = publishInput(this.place.asked ?? this.place.input, release, liveFile);
    return { ...input, varFiles: [applied, ...(input.varFiles ?? [])] };
  }

  private writeVarFile(name: string, document: object): string {
    const path = join(this.place.stackDirectory, ownFile(this.place.stackDirectory, name));
    writeAtomically(path, JSON.stringify(document, null, 2));
    return path;
  }
}

/** The input with what is live as its last file. */
function publishInput(
  { vars = [], varFiles = [], ...input }: PlanInput,
  release: Release,
  liveFile: string,
): PlanInput {
  return { ...input, varFiles: [...varFiles, liveFile], vars: [...vars, ...liveArguments(release)] };
}
