import { rmSync } from "node:fs";
import { join } from "node:path";
import { FRONT_DOOR_KPIS, type CanaryRecord, type Release, type Versions } from "../../stacks/contract/settings";
import { NoWindow, openGate, describeOpenKpi, type Clock, type Gate } from "../gate/gate";
import { type GateVerdict, type KpiVerdict, type Verdict, worstVerdict } from "../gate/judge";
import { selectedKpis, hasVersions } from "../gate/reads";
import type { VerifyOptions } from "../gate/verify";
import type { CommandContext, Progress } from "../kit/context";
import { parseDeployedStack } from "../kit/deployed-stack";
import type { Whose } from "../kit/deployment-folder";
import { writeAtomically, ownFile } from "../kit/files";
import type { PlanInput, Terraform } from "../kit/terraform";
import { applyPlan } from "./apply-plan";
import { appliedProvenance } from "./kept-values";
import { removeLiveCopy, settingsOutput, writeLiveFile, type Outputs } from "./live-file";
import { ALIASES_OVERRIDE } from "./live-input";
import { readPlan, writePlan, type Plan, type WrittenPlan } from "./plan";
import { changesForAllCallers, movedAliases, plannedNewest } from "./plan-functions";
import {
  completeLiveDocument,
  functionsIn,
  liveArguments,
  settingsInEffect,
  weightOf,
  type FunctionName,
} from "./release";
import { refuseDuringTuning } from "./temporary-versions";

/** What a canary works on. A test gives its own. */
export interface CanaryTarget {
  readonly deployment: Deployment;
  readonly judge: Judge;
  readonly clock: Clock;
}

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

interface DeploymentPlace {
  /** Identifies the live file. */
  readonly whose: Whose;
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
    // The copy holds the previous release.
    removeLiveCopy(this.terraform.directory);
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
    writeLiveFile(this.place.whose, this.terraform.directory, release);
  }

  private get planFile(): string {
    return ownFile(this.terraform.directory, "canary.tfplan");
  }

  private async planWithOverride(input: PlanInput, mode: PlanMode): Promise<CanaryPlan> {
    const override = join(this.terraform.directory, ALIASES_OVERRIDE);
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
    const { directory } = this.terraform;
    const path = join(directory, ownFile(directory, name));
    writeAtomically(path, JSON.stringify(document, null, 2));
    return path;
  }
}

/** Adds the file that says what is live, as the last one. */
function publishInput(
  { vars = [], varFiles = [], ...input }: PlanInput,
  release: Release,
  liveFile: string,
): PlanInput {
  return { ...input, varFiles: [...varFiles, liveFile], vars: [...vars, ...liveArguments(release)] };
}

/** What a look at the metrics found. */
export interface Look {
  readonly verdict: Verdict;
  /** The figures behind the verdict, for a person. */
  readonly reason: string;
}

/** Says whether the candidates are good. */
export interface Judge {
  /** Opens the judgement of the step that is in effect; each look has more evidence. */
  open(canary: CanaryRecord, outputs: Outputs): Promise<{ look(): Promise<Look> }>;
}

/** The KPIs by which a canary of a function is judged, all of them measured by version. */
export function kpisOf(name: FunctionName, only: readonly string[]): readonly string[] {
  const all = name === "api" ? FRONT_DOOR_KPIS : selectedKpis([]).filter(hasVersions);
  const wanted = all.filter((kpi) => only.includes(kpi.name));
  // An empty list would mean the KPIs of the whole deployment.
  return (wanted.length === 0 ? all : wanted).map((kpi) => kpi.name);
}

/** Judges by CloudWatch's metrics, as `quickturn verify` does. */
export function metricsJudge(context: CommandContext, clock: Pick<Clock, "nowMs">): Judge {
  return {
    open: async (canary, outputs) => {
      const gates = await Promise.all(
        functionsIn(canary.candidate).map(async (name) => ({
          name,
          gate: await openGate({
            context,
            stack: parseDeployedStack(outputs),
            options: gateOptions(name, canary),
            clock,
          }),
        })),
      );
      return {
        look: async () => {
          const looks = await Promise.all(gates.map(async ({ name, gate }) => ({ name, ...(await lookAt(gate)) })));
          return {
            verdict: worstVerdict(looks.map(({ verdict }) => verdict)),
            reason: looks.map(({ name, reason }) => (looks.length > 1 ? `${name}: ${reason}` : reason)).join("; "),
          };
        },
      };
    },
  };
}

async function lookAt(gate: Gate): Promise<Look> {
  try {
    const { verdict } = await gate.look();
    return { verdict: verdict.verdict, reason: describeVerdict(verdict) };
  } catch (error) {
    if (!(error instanceof NoWindow)) throw error;
    return { verdict: "inconclusive", reason: error.waitsFor };
  }
}

/**
 * While both versions have traffic, the candidate is judged by its own metrics, compared with the stable version's.
 * With all of the traffic it is judged by everything since then: Lambda reports no version of an alias without weights.
 */
export function gateOptions(name: FunctionName, canary: CanaryRecord): VerifyOptions {
  const [version, baseline] = [canary.candidate[name], canary.stable[name]];
  const weighted = weightOf(canary) < 100;
  return {
    smoke: false,
    only: kpisOf(name, canary.only),
    since: canary.since,
    // The longest window there may be, because everything since `since` counts.
    window: "1d",
    wait: `${canary.deadline_seconds}s`,
    maxLatencyRatio: String(canary.max_latency_ratio),
    version: weighted && version !== null ? String(version) : undefined,
    baseline: weighted && baseline !== null ? String(baseline) : undefined,
  };
}

/** Names the KPIs that decided, with their figures. */
function describeVerdict(verdict: GateVerdict): string {
  if (verdict.verdict === "inconclusive") return describeOpenKpi(verdict);
  const describe = ({ name, reason, samples }: KpiVerdict) =>
    verdict.verdict === "pass" ? `${name}${samples === null ? "" : ` of ${samples} samples`}` : `${name}: ${reason}`;
  const decisive = verdict.kpis.filter((kpi) => kpi.verdict === verdict.verdict);
  return decisive.map(describe).join(verdict.verdict === "pass" ? ", " : "; ");
}
