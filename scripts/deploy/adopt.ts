import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Import, collisions, knownImports, type Collision, refusedImports, plannedResources } from "./adoption";
import { writeAtomically } from "../kit/files";
import type { Held } from "./twins";
import { countChanges } from "../kit/plan-changes";
import { queueUrl, lookUpTwins, regionOf } from "./held-resources";
import type { PlanInput, Terraform } from "../kit/terraform";
import { TerraformFailed } from "../kit/terraform-messages";
import { adoptedText, importsText, refusedText } from "./adoption-text";
import { applyMade, type ApplyResult } from "./apply-plan";
import { UsageError, type Progress } from "../kit/context";
import { ownPlanFile, planOf, showPlan, type Plan } from "./write-plan";

/** Read by terraform beside the configuration; its own name, so that a synth does not overwrite it. */
const FILE = "adopt.tf.json";

/**
 * Has the next plan in a folder take these over: Terraform's own import blocks. Of what is in the state already nothing
 * comes.
 */
export function writeImports(directory: string, imports: readonly Import[]): void {
  if (imports.length === 0) return removeImports(directory);
  writeAtomically(
    join(directory, FILE),
    `${JSON.stringify({ import: imports.map(({ to, id }) => ({ to, id })) }, null, 2)}\n`,
  );
}

/** Takes them away. Without any it does nothing. */
export function removeImports(directory: string): void {
  rmSync(join(directory, FILE), { force: true });
}

/** How an apply that adopts is done. */
export interface Adopting {
  /** Shows a plan, and says whether to apply it; asked anew for each, as each takes over more. */
  readonly approve: (plan: Plan) => Promise<boolean>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Rounds until it is given up. A round can find what depends on what the round before took over; the stack's longest
 * such chain is role, function, alias, permission, deployment, stage, plan, key.
 */
const MAX_ROUNDS = 12;

/**
 * Plans and applies, and takes over into the state what a killed apply has made and terraform does not know: first what
 * AWS would make twice, then in rounds what it refuses to make. Deletes nothing. Deployments of the API are left alone:
 * they cost nothing, and older ones are what a stage can be set back to.
 */
export async function applyAdopting(terraform: Terraform, input: PlanInput, adopting: Adopting): Promise<ApplyResult> {
  // One that was killed itself may have left its own.
  removeImports(terraform.directory);
  try {
    return await new Adoption(terraform, input, adopting).run();
  } finally {
    removeImports(terraform.directory);
  }
}

class Adoption {
  private readonly imports = new Map<string, Import>();
  private surplus: readonly Held[] = [];

  constructor(
    private readonly terraform: Terraform,
    private readonly input: PlanInput,
    private readonly adopting: Adopting,
  ) {}

  async run(): Promise<ApplyResult> {
    for (let round = 1; ; round++) {
      const { made, plan } = await this.plan();
      if (!(await this.adopting.approve(made)))
        return {
          exitCode: 1,
          text: "Nothing was applied.",
          json: { applied: false, ...made, warnings: this.terraform.warnings },
        };
      try {
        return this.result(await applyMade(this.terraform, made, this.adopting.progress));
      } catch (error) {
        const found =
          error instanceof TerraformFailed ? await this.located(collisions(error.failures, plan), plan) : [];
        this.forgetReplaced(plan);
        if (!this.add(knownImports(found)) || round === MAX_ROUNDS) throw error;
      }
    }
  }

  /** A plan that takes over all that is known to be there, and makes nothing of it twice. */
  private async plan(): Promise<{ made: Plan; plan: unknown }> {
    for (;;) {
      const found = await this.planOnce();
      const refused = refusedImports(found.plan);
      if (refused.length > 0) throw new UsageError(refusedText(refused));
      const { imports, surplus } = await lookUpTwins(this.terraform, found.plan, "all", this.adopting.signal);
      this.surplus = surplus;
      if (!this.add(imports)) return found;
    }
  }

  private async planOnce(): Promise<{ made: Plan; plan: unknown }> {
    const { terraform, input, adopting } = this;
    const imports = [...this.imports.values()];
    writeImports(terraform.directory, imports);
    if (imports.length > 0) adopting.progress.note(importsText(imports));
    const written = await showPlan(
      terraform,
      input,
      adopting.progress,
      ownPlanFile(terraform),
      (plan) => `${countChanges(planOf(plan).changes)}, ${imports.length} adopted`,
    );
    return { made: planOf(written), plan: written.shown };
  }

  /** A queue is imported from its address, which AWS tells by its name alone. */
  private async located(found: readonly Collision[], plan: unknown): Promise<Collision[]> {
    const place = { environment: this.terraform.environment, region: regionOf(plan, this.terraform) };
    return Promise.all(
      found.map(async (one) =>
        one.type === "aws_sqs_queue" ? { ...one, id: await queueUrl(one.name, place, this.adopting.signal) } : one,
      ),
    );
  }

  /**
   * What a failed apply replaces it may have deleted already, and terraform refuses to import what is gone. What is
   * still there is found again.
   */
  private forgetReplaced(plan: unknown): void {
    for (const { address, action } of plannedResources(plan)) if (action === "replace") this.imports.delete(address);
  }

  /** @returns whether any is new */
  private add(imports: readonly Import[]): boolean {
    const fresh = imports.filter(({ to, id }) => this.imports.get(to)?.id !== id);
    for (const one of fresh) this.imports.set(one.to, one);
    return fresh.length > 0;
  }

  private result(applied: ApplyResult): ApplyResult {
    const adopted = [...this.imports.values()];
    return {
      ...applied,
      text: `${adoptedText(adopted, this.surplus)}\n${applied.text}`,
      json: { ...applied.json, adopted, surplus: this.surplus },
    };
  }
}
