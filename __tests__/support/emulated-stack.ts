import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxEnvironment, startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { makeThrowAway } from "../../scripts/kit/loopback";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { Terraform, type PlanInput, type PlannedChange } from "../../scripts/kit/terraform";
import { appliedAccount, copyAccount, movedState } from "./applied-account";
import { STACK_DIRECTORY } from "./stack-json";

const PLAN = "test.tfplan";

interface StateFile {
  readonly resources: readonly {
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly {
      readonly index_key?: string | number;
      readonly attributes: Record<string, unknown>;
    }[];
  }[];
}

const directoryIn = (folder: string): string => join(folder, "stack");

/** The synthesized stack in a folder of its own, applied by the real terraform to an emulator of its own. */
export class EmulatedStack {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly terraform: Terraform;

  private constructor(
    readonly folder: string,
    readonly emulator: Emulator,
    sandbox: NodeJS.ProcessEnv,
    private readonly provider: KeptProvider,
  ) {
    this.directory = directoryIn(folder);
    this.environment = { ...sandbox, ...provider.variables };
    this.terraform = new Terraform({ directory: this.directory, env: this.environment });
  }

  /**
   * @param settings structured settings of every apply
   * @param through gives the address that terraform is to call instead of the emulator's, such as a fault proxy's.
   * Default: the emulator's
   */
  static async start(
    settings: Readonly<Record<string, unknown>> = {},
    through: (endpoint: string) => Promise<string> = async (endpoint) => endpoint,
  ): Promise<EmulatedStack> {
    const folder = mkdtempSync(join(tmpdir(), "quickturn-test-"));
    const directory = directoryIn(folder);
    cpSync(STACK_DIRECTORY, directory, { recursive: true, filter: (path) => !path.includes(".terraform") });
    makeThrowAway(directory, settings);
    const emulator = await startEmulator({ directory: folder, env: process.env });
    const sandbox = sandboxEnvironment(process.env, await through(emulator.endpoint), folder);
    await new Terraform({ directory, env: sandbox }).init();
    const provider = await keepProvider({ directory, env: sandbox });
    return new EmulatedStack(folder, emulator, sandbox, provider);
  }

  /**
   * The stack as it is applied with its defaults, in an account of its own all the same: a copy of the one that is
   * applied once for all files of a run.
   * @param settings structured settings of every further apply; the first of them changes in place what they change
   * @param more `firewall`: the web firewall can be switched on. Default: it is left out of the stack, which then is
   * planned in three quarters of the time
   */
  static async applied(
    settings: Readonly<Record<string, unknown>> = {},
    { firewall = false } = {},
  ): Promise<EmulatedStack> {
    const account = await appliedAccount();
    const folder = mkdtempSync(join(tmpdir(), "quickturn-test-"));
    const directory = directoryIn(folder);
    cpSync(account.directory, directory, {
      recursive: true,
      filter: (path) => !path.includes(".terraform/") && !path.endsWith(".terraform") && !path.includes("tfstate"),
    });
    if (firewall) cpSync(join(STACK_DIRECTORY, "cdk.tf.json"), join(directory, "cdk.tf.json"));
    symlinkSync(join(account.directory, ".terraform"), join(directory, ".terraform"));
    const emulator = await copyAccount(account);
    writeFileSync(join(directory, "terraform.tfstate"), movedState(account, emulator));
    makeThrowAway(directory, settings);
    const sandbox = sandboxEnvironment(process.env, emulator.endpoint, folder);
    const provider = await keepProvider({ directory, env: sandbox });
    return new EmulatedStack(folder, emulator, sandbox, provider);
  }

  /** The plan as JSON; nothing is applied. @param file that it is saved in, in the stack's folder */
  async plan(input: PlanInput, file = PLAN): Promise<unknown> {
    await this.terraform.plan(file, input);
    return this.terraform.show(file);
  }

  /**
   * Applies, and yields what the plan was to change. Without a refresh, because the emulator gives some attributes
   * back in its own spelling, which the test of the second plan deals with.
   */
  flip(vars: readonly string[], input: PlanInput = {}): Promise<PlannedChange[]> {
    return this.terraform.apply({ refresh: false, ...input, vars });
  }

  /** Attributes in the state, by resource; read from its file, because asking terraform takes seconds. */
  attributes(): Record<string, Record<string, unknown>> {
    const { resources } = JSON.parse(readFileSync(join(this.directory, "terraform.tfstate"), "utf8")) as StateFile;
    return Object.fromEntries(
      resources
        .filter(({ mode }) => mode === "managed")
        .flatMap(({ type, name, instances }) =>
          instances.map(({ index_key: key, attributes }) => [
            `${type}.${name}${key === undefined ? "" : `[${JSON.stringify(key)}]`}`,
            attributes,
          ]),
        ),
    );
  }

  async stop(): Promise<void> {
    await this.provider.stop();
    await this.emulator.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
