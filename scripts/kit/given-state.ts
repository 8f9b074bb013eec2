import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Terraform } from "./terraform";
import { findProviderSource, terraformEnvironment } from "./terraform-environment";
import { provideTools } from "./toolchain/toolchain";
import { UsageError, type CommandContext } from "./context";
import { deploymentFolder } from "./deployment-folder";

/** What `--state` names. */
export type GivenState =
  | { /** Terraform in the folder of an initialized stack. */ readonly kind: "stack"; readonly terraform: Terraform }
  | { /** What terraform printed into a file, parsed. */ readonly kind: "printed"; readonly document: unknown };

/**
 * Looks at what `--state` names. Throws {@link UsageError} where there is nothing, or no JSON.
 * @param printed what a file may hold, such as `what terraform output -json printed`
 */
export async function openGivenState(context: CommandContext, state: string, printed: string): Promise<GivenState> {
  const { signal } = context;
  const path = resolve(state);
  if (!existsSync(path))
    throw new UsageError(
      `--state is ${state}, and there is no such file or folder; allowed: the folder of an initialized stack, or ` +
        `a file with ${printed}.`,
    );
  if (!statSync(path).isDirectory()) return { kind: "printed", document: readJson(path, "state") };
  const environment = await provideTools(["terraform", "provider"], context);
  const env = terraformEnvironment(
    environment,
    findProviderSource(environment),
    join(deploymentFolder(context), ".quickturn"),
  );
  return { kind: "stack", terraform: new Terraform({ directory: path, env, signal }) };
}

/** A JSON file of the person's. Throws {@link UsageError} where it cannot be read or is no JSON; `what` names it. */
export function readJson(path: string, what: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (cause) {
    throw new UsageError(
      `The ${what} ${path} cannot be read: ${(cause as Error).message}. Give the path of a JSON file`,
      { cause },
    );
  }
}
