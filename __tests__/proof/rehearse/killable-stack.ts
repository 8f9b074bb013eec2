import { NoCanary } from "../../../scripts/deploy/canary-run";
import { emptyRelease } from "../../../scripts/deploy/release";
import type { KillPoint, AfterKill, Recovery } from "../kills/kill-points";
import { SILENT, type CommandContext, type CommandResult } from "../../../scripts/kit/context";
import { aliasVersions, type AliasVersions } from "../../support/alias-versions";
import { emulatorInventory, type Inventory } from "../../support/emulator-inventory";
import { restoreState } from "../../../scripts/kit/local-state";
import { appliedRelease } from "../../../scripts/deploy/live-file";
import { TerraformDeployment } from "../../../scripts/deploy/canary-target";
import type { LocalStack } from "../../../scripts/local/local-stack";
import { bareEnvironment, sandboxEnvironment } from "../../../scripts/emulator/moto";
import { KillableCanaries, type Killing } from "./killable-canary";
import { metricsEnvironment, optionsOf, runCanary, type Act, type RunPlace } from "./local-canary";
import { leaveSpellingAlone } from "./rehearse";

/** How a canary that was killed was brought to its end. */
interface Recovered {
  readonly recovery: Recovery;
  readonly exitCode: number;
}

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

  static async open(
    context: CommandContext,
    stack: LocalStack,
    time: Pick<RunPlace, "factor" | "originMs">,
  ): Promise<KillableStack> {
    leaveSpellingAlone(stack.directory);
    const environment = { ...bareEnvironment(context.environment, stack.folder), ...metricsEnvironment(stack) };
    const place = { projectDirectory: stack.folder, stackDirectory: stack.directory, environment, ...time };
    return new KillableStack(context, stack, { place, before: await emulatorInventory(stack.emulator) });
  }

  /** The version behind the worker's alias, as the emulator has it. */
  async live(): Promise<string> {
    return (await this.alias()).version;
  }

  /** Starts a canary, and kills it with its terraform and its provider. */
  kill(point: KillPoint, vars: readonly string[], signal: AbortSignal): Promise<Killing> {
    const terraformEnvironment = sandboxEnvironment(this.context.environment, this.stack.emulator, this.stack.folder);
    return this.canaries.killAt(
      point,
      { place: this.start.place, vars: [...this.stack.vars, ...vars], terraformEnvironment },
      signal,
    );
  }

  /**
   * Resumes or aborts the canary, as a person would after a kill. A canary that had not begun is started again.
   */
  private async recover({ how }: KillPoint, vars: readonly string[]): Promise<Recovered> {
    await restoreState(this.stack.directory);
    if (how === "abort") {
      const { exitCode, json } = await this.run("abort", []);
      return {
        recovery: (json as { ending: unknown }).ending === null ? "nothing to take back" : "taken back",
        exitCode,
      };
    }
    try {
      return { recovery: "resumed", exitCode: (await this.run("resume", vars)).exitCode };
    } catch (error) {
      if (!(error instanceof NoCanary)) throw error;
      return { recovery: "started again", exitCode: (await this.run("start", vars)).exitCode };
    }
  }

  /** Recovers from a kill, and reads what is there afterwards. @param stable the version live before the canary */
  async recoverAndInspect(point: KillPoint, stable: string, vars: readonly string[]): Promise<AfterKill> {
    const recovered = await this.recover(point, vars);
    const { terraform, folder: projectDirectory, vars: always, emulator } = this.stack;
    const outputs = await terraform.output();
    const release = appliedRelease(outputs);
    // After an abort nothing waits to be published; only the aliases must match the pinned versions.
    const [given, mode] =
      point.how === "resume" ? ([[...always, ...vars], "publish"] as const) : ([always, "aliases"] as const);
    const deployment = new TerraformDeployment(terraform, {
      whose: { projectDirectory },
      input: { vars: given },
      progress: SILENT,
    });
    const { changes: further } = await deployment.plan(
      release ?? emptyRelease(String(outputs["deployment_name"])),
      mode,
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

  private run(act: Act, vars: readonly string[]): Promise<CommandResult> {
    const { signal } = this.context;
    const { terraform } = this.stack;
    return runCanary({ terraform, place: this.start.place }, optionsOf(act, [...this.stack.vars, ...vars]), {
      at: () => undefined,
      applied: () => this.stack.serveApplied(),
      progress: SILENT,
      signal,
    });
  }

  private alias(): Promise<AliasVersions> {
    return aliasVersions(this.stack.emulator, String(this.stack.output("worker_function_name")), "live");
  }
}
