import { chmodSync, existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { StackName } from "../../stacks/outputs";
import { restoreState } from "../tools/local-state";
import { ProgramFailed } from "../tools/process";
import { Terraform } from "../tools/terraform";
import { findProviderSource, terraformEnvironment } from "../tools/terraform-environment";
import { restoredText } from "./adoption-text";
import { UsageError, type CommandContext } from "./context";
import { stackDirectory, synth } from "./synth";

/** Which stack a command works on, and how it meets other runs. */
export interface StackOptions {
  /** Default: the API. */
  readonly stack?: StackName;
  /** How long plan and apply wait for a lock that another run holds, such as `10m`. Default: they fail at once. */
  readonly lockTimeout?: string;
}

/** Synthesizes the stack and initializes terraform in its folder. */
export async function preparedTerraform(context: CommandContext, { stack = "agent-api", lockTimeout }: StackOptions = {}): Promise<Terraform> {
  const { projectDirectory, environment, progress, signal } = context;
  await synth(context, { stack });
  protectState(projectDirectory, stack);
  const directory = stackDirectory(join(projectDirectory, "cdktf.out"), stack);
  const restored = await restoreState(directory);
  if (restored !== undefined) progress.note(restoredText(restored));
  const env = terraformEnvironment(environment, findProviderSource(environment), join(projectDirectory, ".quickturn"));
  return progress.step("Initialize terraform", async (detail) => {
    const terraform = new Terraform({ directory, env, signal, onLine: detail, ...(lockTimeout !== undefined && { lockTimeout }) });
    await terraform.init().catch((error: unknown) => Promise.reject(explainBackend(error, relative(projectDirectory, directory))));
    return terraform;
  });
}

/** What cdktf or terraform itself has written is readable by all, and holds every value in clear. */
function protectState(projectDirectory: string, stack: StackName): void {
  const files = [`terraform.${stack}.tfstate`, `terraform.${stack}.tfstate.backup`].map((name) => join(projectDirectory, name));
  for (const file of files) if (existsSync(file)) chmodSync(file, 0o600);
}

/** Terraform remembers in the folder where it found the state, and asks where that changes; a pipeline has nobody to ask. */
function explainBackend(error: unknown, directory: string): unknown {
  if (!(error instanceof ProgramFailed) || !/Backend configuration changed|Migrating (the )?state|HCP Terraform configuration changed|Backend type changed/i.test(`${error.result.stdout}\n${error.result.stderr}`)) return error;
  return new UsageError(
    `QUICKTURN_BACKEND, or quickturn:backend in cdktf.json, names another place for the state than when ${directory} was last used. Nothing was changed.\n` +
      `To take the state there: eval "$(quickturn env)" && terraform -chdir=${directory} init -migrate-state\n` +
      `Where it is there already: the same with init -reconfigure. Else go back to the former backend.`,
    { cause: error },
  );
}
