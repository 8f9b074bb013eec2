import { NoCanary } from "../../../scripts/deploy/canary-run";
import { emptyRelease } from "../../../scripts/deploy/release";
import type { KillPoint, AfterKill, Recovery } from "../kills/kill-points";
import { SILENT, type CommandContext } from "../../../scripts/kit/context";
import { aliasVersions, type AliasVersions } from "../../support/alias-versions";
import { emulatorInventory, type Inventory } from "../../support/emulator-inventory";
import { restoreState } from "../../../scripts/kit/local-state";
import { appliedRelease } from "../../../scripts/deploy/live-file";
import { TerraformDeployment } from "../../../scripts/deploy/canary-target";
import type { LocalStack } from "../../../scripts/local/local-stack";
import { sandboxEnvironment } from "../../../scripts/emulator/moto";
import { KILLED_CANARY, KillableCanaries, type Killing } from "./killable-canary";
import {
  optionsOf,
  placeOn,
  runCanary,
  type Act,
  type MetricsTime,
  type RunPlace,
  type RunResult,
} from "./local-canary";
import { leaveSpellingAlone } from "./rehearse";

/** A local stack on which canaries are killed. */
export class KillableStack {
  private readonly canaries = new KillableCanaries(() => this.stack.serveApplied());

  private constructor(
    private readonly context: CommandContext,
    private readonly stack: LocalStack,
    private readonly start: {
      readonly place: RunPlace;
      /** What the emulator held before the first canary. */
      readonly before: Inventory;
    },
  ) {}

  static async open(context: CommandContext, stack: LocalStack, time: MetricsTime): Promise<KillableStack> {
    leaveSpellingAlone(stack.directory);
    const before = await emulatorInventory(stack.emulator);
    return new KillableStack(context, stack, { place: placeOn(stack, context, time), before });
  }

  /** The version behind the worker's alias, as the emulator has it. */
  async live(): Promise<string> {
    return (await this.alias()).version;
  }

  /** Starts a canary, and kills it with its terraform and its provider. */
  kill(point: KillPoint, vars: readonly string[], signal: AbortSignal): Promise<Killing> {
    const terraformEnvironment = sandboxEnvironment(this.context.environment, this.stack.emulator, this.stack.folder);
    const input = { place: this.start.place, vars: [...this.stack.vars, ...vars], terraformEnvironment };
    return this.canaries.killAt(point, input, signal);
  }

  /** Resumes or aborts the canary, as a person would after a kill. A canary that had not begun is started again. */
  private async recover(
    { how }: KillPoint,
    vars: readonly string[],
  ): Promise<Pick<AfterKill, "recovery" | "exitCode">> {
    await restoreState(this.stack.directory);
    if (how === "abort") {
      const { exitCode, json } = await this.run("abort", []);
      return { recovery: json.ending === null ? "nothing to take back" : "taken back", exitCode };
    }
    const recovered = async (act: Act, recovery: Recovery) => {
      const { exitCode } = await this.run(act, vars);
      return { recovery, exitCode };
    };
    return recovered("resume", "resumed").catch((error: unknown) => {
      if (!(error instanceof NoCanary)) throw error;
      return recovered("start", "started again");
    });
  }

  /** Recovers from a kill, and reads what is there afterwards. @param stable the version live before the canary */
  async recoverAndInspect(point: KillPoint, stable: string, vars: readonly string[]): Promise<AfterKill> {
    const recovered = await this.recover(point, vars);
    const { terraform, folder: projectDirectory, vars: always, emulator } = this.stack;
    const outputs = await terraform.output();
    const release = appliedRelease(outputs);
    const isResumed = point.how === "resume";
    const deployment = new TerraformDeployment(terraform, {
      whose: { projectDirectory },
      input: { vars: [...always, ...(isResumed ? vars : [])] },
      progress: SILENT,
    });
    // After an abort nothing waits to be published; only the aliases must match the pinned versions.
    const { changes: further } = await deployment.plan(
      release ?? emptyRelease(String(outputs["deployment_name"])),
      isResumed ? "publish" : "aliases",
    );
    return {
      point,
      stable,
      further,
      ...recovered,
      newest: String(outputs["newest_version"]),
      alias: await this.alias(),
      pinned: release?.pinned.worker ?? null,
      onItsWay: (release?.canary ?? null) !== null,
      before: this.start.before,
      now: await emulatorInventory(emulator),
    };
  }

  private run(act: Act, vars: readonly string[]): Promise<RunResult> {
    const { stack, start, context } = this;
    const options = optionsOf(act, [...stack.vars, ...vars], KILLED_CANARY);
    return runCanary({ terraform: stack.terraform, place: start.place }, options, {
      applied: () => stack.serveApplied(),
      progress: SILENT,
      signal: context.signal,
    });
  }

  private alias(): Promise<AliasVersions> {
    return aliasVersions(this.stack.emulator, String(this.stack.output("worker_function_name")), "live");
  }
}
