import { rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError, type CommandContext, type CommandResult, type Progress } from "../kit/context";
import { writeAtomically } from "../kit/files";
import { countChanges, plannedResources } from "../kit/plan-changes";
import { prepareTerraform, type StackOptions } from "../kit/prepared-terraform";
import type { PlanInput, Terraform } from "../kit/terraform";
import { TerraformFailed } from "../kit/terraform-messages";
import {
  findCollisions,
  isReplaced,
  plannedRegion,
  refusedImports,
  type Collision,
  type HeldResource,
  type Import,
  type LookedUp,
} from "./adoption";
import { applyPlan, applyUnchecked, refusedResult, type ApplyResult } from "./apply-plan";
import { lookUpTwins, queueUrl } from "./held-resources";
import { refuseDuringCanary, resolveInput, updateLiveFile, type GivenBefore } from "./live-input";
import {
  explainStalePlan,
  makePlan,
  planText,
  readPlan,
  readSavedPlan,
  refuseOtherInput,
  showPlan,
  type Plan,
  type WrittenPlan,
} from "./plan";

export interface ApplyOptions extends PlanInput, StackOptions, GivenBefore {
  /** Apply without a question. */
  readonly autoApprove: boolean;
  /** Asks the person; undefined where there is no terminal to ask at. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

export interface SavedPlanOptions extends ApplyOptions {
  /** Absolute path of what `plan --out` wrote. Default: a plan is made now. */
  readonly plan?: string;
  /** Take over into the state what a killed apply has made. Default: fail where something exists already. */
  readonly adopt?: boolean;
}

/** Plans, shows the plan, and applies exactly that plan; or one that was saved. */
export async function apply(context: CommandContext, options: SavedPlanOptions): Promise<CommandResult> {
  refuseWithoutAnswer(options, "apply");
  const { plan: file, adopt } = options;
  if (file !== undefined && adopt)
    throw new UsageError("--adopt plans anew, and --plan applies what was planned before; allowed: one of them.");
  if (file !== undefined) refuseOtherInput(file, options);
  const { progress, signal } = context;
  const terraform = await prepareTerraform(context, options, "restore");
  const resolved = await resolveInput(context, terraform, options);
  const { input, origin, note } = resolved;
  if (file === undefined && origin !== undefined) progress.note(origin);
  if (note !== undefined) progress.note(note);
  const approve = async (made: Plan) => {
    refuseDuringCanary(resolved, made);
    return isApproved(made, options, progress);
  };
  const applyOnce = async () => {
    const made =
      file === undefined
        ? await makePlan(terraform, input, { progress })
        : await readSavedPlan(context, terraform, { ...options, file });
    if (!(await approve(made))) return refusedResult({ ...made, warnings: terraform.warnings });
    return applyPlan(terraform, made, { progress, file });
  };
  const result = await (adopt ? applyAdopting(terraform, input, { approve, progress, signal }) : applyOnce()).catch(
    (error: unknown) => {
      throw file === undefined ? error : explainStalePlan(file, error);
    },
  );
  const { outputs } = result.json;
  if (outputs === undefined) return result;
  updateLiveFile(context, resolved, outputs);
  return note === undefined ? result : { ...result, text: `${result.text}\n${note}` };
}

/** Refuses to begin where nobody can approve. */
export function refuseWithoutAnswer({ autoApprove, confirm }: ApplyOptions, command: string): void {
  if (!autoApprove && !confirm)
    throw new UsageError(
      "There is no terminal to ask at. Look at `quickturn plan`, " +
        `then run \`quickturn ${command} --auto-approve\`.`,
    );
}

/** Shows a plan, and asks whether to apply it where it changes anything. */
export async function isApproved(
  { changed, changes }: Plan,
  { autoApprove, confirm }: ApplyOptions,
  progress: Progress,
): Promise<boolean> {
  progress.note(planText(changed, changes));
  if (!changed || autoApprove) return true;
  return (await confirm?.("Apply this plan?")) ?? false;
}

interface AdoptOptions {
  /** Shows a plan and asks whether to apply it; called for each plan, because each adopts more. */
  readonly approve: (plan: Plan) => Promise<boolean>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Number of plans before it gives up. An apply can find what depends on what the one before adopted; the longest such
 * chain of the stack is role, function, alias, permission, deployment, stage, plan, key.
 */
const MAX_ROUNDS = 12;

/**
 * Plans and applies, and adopts into the state what a killed apply has made and terraform does not know: first what AWS
 * would make twice, then in rounds what it refuses to make. Deletes nothing. Deployments of the API are left alone:
 * they cost nothing, and a stage can be set back to older ones.
 */
export async function applyAdopting(
  terraform: Terraform,
  input: PlanInput,
  options: AdoptOptions,
): Promise<ApplyResult> {
  const adoption = new Adoption(terraform, input, options);
  try {
    return await adoption.run();
  } finally {
    adoption.removeFile();
  }
}

class Adoption {
  private readonly imports = new Map<string, Import>();
  private surplus: readonly HeldResource[] = [];
  /** Import blocks that terraform reads beside the configuration. A synth does not overwrite this file. */
  private readonly file: string;

  constructor(
    private readonly terraform: Terraform,
    private readonly input: PlanInput,
    private readonly options: AdoptOptions,
  ) {
    this.file = join(terraform.directory, "adopt.tf.json");
  }

  async run(): Promise<ApplyResult> {
    for (let round = 1; ; round++) {
      const written = await this.planWithTwins();
      const made = readPlan(written);
      if (!(await this.options.approve(made))) return refusedResult({ ...made, warnings: this.terraform.warnings });
      try {
        return this.addAdopted(await applyUnchecked(this.terraform, made, this.options));
      } catch (error) {
        const failures = error instanceof TerraformFailed ? error.failures : [];
        const collisions = await this.locateQueues(findCollisions(failures, written.shown), written.shown);
        this.forgetReplaced(written.shown);
        const known = collisions.flatMap(({ address, id }) => (id === undefined ? [] : [{ to: address, id }]));
        if (!this.addImports(known) || round === MAX_ROUNDS) throw error;
      }
    }
  }

  removeFile(): void {
    rmSync(this.file, { force: true });
  }

  /** Plans until the plan adopts everything that is known to exist, and makes nothing of it twice. */
  private async planWithTwins(): Promise<WrittenPlan> {
    for (;;) {
      const written = await this.plan();
      refuseForeignImports(written.shown);
      const { imports, surplus } = await lookUpTwins(this.terraform, written.shown, {
        which: "all",
        signal: this.options.signal,
      });
      this.surplus = surplus;
      if (!this.addImports(imports)) return written;
    }
  }

  private async plan(): Promise<WrittenPlan> {
    const { terraform, input, options } = this;
    const imports = [...this.imports.values()];
    // An adoption that was killed may have left its file.
    this.removeFile();
    if (imports.length > 0) {
      writeAtomically(this.file, `${JSON.stringify({ import: imports }, null, 2)}\n`);
      options.progress.note(listImports(imports));
    }
    return showPlan(terraform, input, {
      progress: options.progress,
      summary: (written) => `${countChanges(readPlan(written).changes)}, ${imports.length} adopted`,
    });
  }

  /** A queue is imported by its URL, which SQS returns for its name. */
  private async locateQueues(collisions: readonly Collision[], plan: unknown): Promise<Collision[]> {
    const { environment } = this.terraform;
    const locate = async ({ name }: Collision) =>
      queueUrl(name, { environment, region: plannedRegion(plan, this.terraform) }, this.options.signal);
    return Promise.all(
      collisions.map(async (each) => (each.type === "aws_sqs_queue" ? { ...each, id: await locate(each) } : each)),
    );
  }

  /** A failed apply may have deleted what it replaces, and terraform cannot import that. The rest is found again. */
  private forgetReplaced(plan: unknown): void {
    for (const { address } of plannedResources(plan).filter(isReplaced)) this.imports.delete(address);
  }

  /** @returns whether any is new */
  private addImports(imports: readonly Import[]): boolean {
    const fresh = imports.filter(({ to, id }) => this.imports.get(to)?.id !== id);
    for (const each of fresh) this.imports.set(each.to, each);
    return fresh.length > 0;
  }

  private addAdopted(applied: ApplyResult): ApplyResult {
    const adopted = [...this.imports.values()];
    const lines = [
      adopted.length === 0 ? "Nothing had to be adopted." : `Adopted ${adopted.length}:\n${listImports(adopted)}`,
      ...(this.surplus.length === 0
        ? []
        : [
            "There once too often, under this deployment's name and tags; nobody deletes it but you:",
            ...this.surplus.map((held) => `  ${held.name} ${held.id}: ${deletingCommand(held)}`),
          ]),
      applied.text,
    ];
    return { ...applied, text: lines.join("\n"), json: { ...applied.json, adopted, surplus: this.surplus } };
  }
}

const listImports = (imports: readonly Import[]): string =>
  imports.map(({ to, id }) => `    = ${to}  (adopted: ${id})`).join("\n");

function refuseForeignImports(plan: unknown): void {
  const refused = refusedImports(plan);
  if (refused.length === 0) return;
  const lines = refused.map(({ address, id, reason }) => `  ${address} (${id}): ${reason}`);
  throw new UsageError(
    `Not to be adopted:\n${lines.join("\n")}\nNothing was applied of this plan. Look whose it is; delete it by hand ` +
      "where it is of no use, or give this deployment another name (--var name=… or --var environment=…).",
  );
}

/** Commands of the AWS CLI that delete a surplus resource, before and after its id. */
const DELETIONS: Readonly<Partial<Record<LookedUp, readonly [string, string]>>> = {
  aws_api_gateway_rest_api: ["apigateway delete-rest-api --rest-api-id", ""],
  aws_api_gateway_api_key: ["apigateway delete-api-key --api-key", ""],
  aws_api_gateway_usage_plan: ["apigateway delete-usage-plan --usage-plan-id", ""],
  aws_cloudfront_distribution: ["cloudfront delete-distribution --id", " --if-match <its ETag>, once it is disabled"],
  aws_lambda_event_source_mapping: ["lambda delete-event-source-mapping --uuid", ""],
};

/** The command that deletes a surplus resource: only a person does that. */
export function deletingCommand({ type, id }: Pick<HeldResource, "type" | "id">): string {
  const deletion = DELETIONS[type];
  if (deletion === undefined) throw new Error(`There cannot be a second ${type} ${id}`);
  return `aws ${deletion[0]} ${id}${deletion[1]}`;
}
