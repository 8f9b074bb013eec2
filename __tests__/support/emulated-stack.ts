import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planChanges, type ResourceChange } from "../../scripts/judges/plan-changes";
import { sandboxEnvironment } from "../../scripts/commands/sandbox";
import { startEmulator, type Emulator } from "../../scripts/tools/emulator";
import { Terraform, type PlanInput } from "../../scripts/tools/terraform";
import { makeThrowAway } from "../../scripts/tools/throw-away";
import { STACK_DIRECTORY } from "./stack-json";

const PLAN = "test.tfplan";

/** The synthesized stack in a folder of its own, applied by the real terraform to an emulator of its own. */
export class EmulatedStack {
  private constructor(
    readonly folder: string,
    readonly directory: string,
    readonly emulator: Emulator,
    readonly environment: NodeJS.ProcessEnv,
    readonly terraform: Terraform,
  ) {}

  static async start(settings: Readonly<Record<string, unknown>> = {}): Promise<EmulatedStack> {
    const folder = mkdtempSync(join(tmpdir(), "quickturn-test-"));
    const directory = join(folder, "stack");
    cpSync(STACK_DIRECTORY, directory, { recursive: true, filter: (path) => !path.includes(".terraform") });
    makeThrowAway(directory, settings);
    const emulator = await startEmulator({ directory: folder });
    const environment = sandboxEnvironment(process.env, emulator.endpoint, folder);
    const terraform = new Terraform({ directory, env: environment });
    await terraform.init();
    return new EmulatedStack(folder, directory, emulator, environment, terraform);
  }

  /** The plan as JSON; nothing is applied. */
  async plan(input: PlanInput): Promise<unknown> {
    await this.terraform.plan(PLAN, input);
    return this.terraform.show(PLAN);
  }

  /**
   * Plans, applies that plan, and yields what it changed. Without a refresh, because the emulator gives some
   * attributes back in its own spelling, which the test of the second plan deals with.
   */
  async apply(vars: readonly string[], input: PlanInput = {}): Promise<{ changes: ResourceChange[]; plan: unknown }> {
    const plan = await this.plan({ refresh: false, ...input, vars });
    await this.terraform.applyPlan(PLAN);
    return { changes: planChanges(plan), plan };
  }

  async stop(): Promise<void> {
    await this.emulator.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
