import { emptyRelease } from "../../../scripts/deploy/release";
import type { KillPoint, AfterKill, Recovery } from "../kills/kill-points";
import { SILENT, UsageError, type CommandContext, type CommandResult } from "../../../scripts/kit/context";
import { aliasVersions, type AliasVersions } from "../../support/alias-versions";
import { emulatorInventory, type Inventory } from "../../support/emulator-inventory";
import { restoreState } from "../../../scripts/kit/local-state";
import { appliedRelease } from "../../../scripts/deploy/live-file";
import { TerraformDeployment } from "../../../scripts/deploy/canary-deployment";
import type { LocalStack } from "../../../scripts/local/local-stack";
import { bareEnvironment, sandboxEnvironment } from "../../../scripts/emulator/sandbox";
import { KillableCanaries, type Killing } from "./killable-canary";
import { optionsOf, runCanary, type Act, type RunPlace } from "./killable-run";
import { leaveSpellingAlone } from "./rehearse";

/** How a canary that was killed was brought to its end. */
export interface Recovered {
  readonly recovery: Recovery;
  readonly exitCode: number;
}

/** A local stack on which canaries are killed. */
export class KillableStack {
  private readonly canaries = new KillableCanaries(() => this.stack.serveApplied());

  private constructor(
    private readonly context: CommandContext,
    private readonly stack: LocalStack,
    private readonly place: RunPlace,
    /** What the emulator held before the first canary. */
    private readonly before: Inventory,
  ) {}

  static async of(
    context: CommandContext,
    stack: LocalStack,
    time: Pick<RunPlace, "factor" | "originMs">,
  ): Promise<KillableStack> {
    leaveSpellingAlone(stack.directory);
    const { metricsUrl } = stack.runtime;
    if (metricsUrl === undefined) throw new Error("The local runtime records no metrics; start it with them");
    const addresses = {
      AWS_ENDPOINT_URL: metricsUrl,
      AWS_ENDPOINT_URL_CLOUDWATCH: metricsUrl,
      AWS_ENDPOINT_URL_LAMBDA: metricsUrl,
    };
    const environment = {
      ...bareEnvironment(context.environment, stack.folder),
      ...addresses,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
    };
    return new KillableStack(
      context,
      stack,
      { projectDirectory: stack.folder, stackDirectory: stack.directory, environment, ...time },
      await emulatorInventory(stack.emulator),
    );
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
      { place: this.place, vars: [...this.stack.vars, ...vars], terraformEnvironment },
      signal,
    );
  }

  /**
   * What a person does after a kill: goes on, or takes it back. Where nothing had begun there is nothing to go on with,
   * and they start again.
   */
  async recover({ how }: KillPoint, vars: readonly string[]): Promise<Recovered> {
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
      if (!(error instanceof UsageError) || !error.message.startsWith("No canary of ")) throw error;
      return { recovery: "started again", exitCode: (await this.run("start", vars)).exitCode };
    }
  }

  /** What is there after a recovery. */
  async after(point: KillPoint, stable: string, vars: readonly string[], recovered: Recovered): Promise<AfterKill> {
    const { terraform, directory: stackDirectory, folder: projectDirectory, vars: always, emulator } = this.stack;
    const outputs = await terraform.output();
    const release = appliedRelease(outputs);
    // Taken back, what was to be released is nobody's wish any more; only what is live must be as it is pinned.
    const [given, mode] =
      point.how === "resume" ? ([[...always, ...vars], "publish"] as const) : ([always, "aliases"] as const);
    const deployment = new TerraformDeployment(terraform, {
      whose: { projectDirectory },
      stackDirectory,
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
      before: this.before,
      now: await emulatorInventory(emulator),
    };
  }

  private run(act: Act, vars: readonly string[]): Promise<CommandResult> {
    const { signal } = this.context;
    return runCanary(this.place, optionsOf(act, [...this.stack.vars, ...vars]), this.stack.terraform, {
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
