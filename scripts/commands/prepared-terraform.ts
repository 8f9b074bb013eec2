import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Terraform } from "../tools/terraform";
import { findProviderSource, terraformEnvironment } from "../tools/terraform-environment";
import type { CommandContext } from "./context";
import { stackDirectory, synth } from "./synth";

/** The stack that the commands work on. */
const STACK = "agent-api";

/** Synthesizes the stack and initializes terraform in its folder. */
export async function preparedTerraform(context: CommandContext): Promise<Terraform> {
  const { projectDirectory, environment, progress, signal } = context;
  await synth(context);
  protectState(projectDirectory);
  const directory = stackDirectory(join(projectDirectory, "cdktf.out"), STACK);
  const env = terraformEnvironment(environment, findProviderSource(environment), join(projectDirectory, ".quickturn"));
  return progress.step("Initialize terraform", async (detail) => {
    const terraform = new Terraform({ directory, env, signal, onLine: detail });
    await terraform.init();
    return terraform;
  });
}

/** What cdktf or terraform itself has written is readable by all, and holds every value in clear. */
function protectState(projectDirectory: string): void {
  const files = [`terraform.${STACK}.tfstate`, `terraform.${STACK}.tfstate.backup`].map((name) => join(projectDirectory, name));
  for (const file of files) if (existsSync(file)) chmodSync(file, 0o600);
}
