import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError, type CommandContext } from "./context";
import { deploymentFolder } from "./deployment-folder";
import { readJson } from "./files";
import { prepareTerraform } from "./prepared-terraform";
import { Terraform } from "./terraform";
import { findProviderSource, terraformEnvironment } from "./terraform-environment";
import { provideTools } from "./toolchain/toolchain";

/** The outputs of an applied stack. */
export interface DeployedStack {
  /** Every output, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Values in effect, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly region: string;
}

/** Reads the outputs of the project's stack, or of what `--state` names: a stack's folder, or a file of terraform. */
export async function readDeployedStack(context: CommandContext, state?: string): Promise<DeployedStack> {
  return parseDeployedStack(await outputsOf(context, state));
}

/** Finds settings and region in outputs. */
export function parseDeployedStack(outputs: Readonly<Record<string, unknown>>): DeployedStack {
  const settings = outputs["settings"];
  if (typeof settings !== "object" || settings === null)
    throw new UsageError("There is no output settings: nothing is applied there. Apply first: quickturn apply.");
  const region = (settings as Record<string, unknown>)["aws_region"];
  if (typeof region !== "string")
    throw new UsageError(
      `The output settings has the aws_region ${JSON.stringify(region) ?? "missing"}; allowed: a region. Apply ` +
        "this release first: quickturn apply.",
    );
  return { outputs, settings: settings as Record<string, unknown>, region };
}

async function outputsOf(context: CommandContext, state: string | undefined): Promise<Record<string, unknown>> {
  if (state === undefined) return (await prepareTerraform(context)).output();
  const given = await openGivenState(context, state, "what terraform output -json printed");
  return given.kind === "stack" ? given.terraform.output() : fromFile(given.document, state);
}

/** `terraform output -json` has outputs by name; `terraform show -json` has them below `values`. */
function fromFile(document: unknown, path: string): Record<string, unknown> {
  const shown = (document as { values?: { outputs?: unknown } } | null)?.values?.outputs;
  const outputs = shown ?? document;
  const entries =
    typeof outputs === "object" && outputs !== null ? Object.entries(outputs as Record<string, unknown>) : [];
  if (
    entries.length === 0 ||
    entries.some(([, output]) => typeof output !== "object" || output === null || !("value" in output))
  ) {
    throw new UsageError(
      `--state is ${path}, which holds no outputs; allowed: what terraform output -json or terraform show -json ` +
        "printed.",
    );
  }
  return Object.fromEntries(entries.map(([name, output]) => [name, (output as { value: unknown }).value]));
}

/**
 * Opens what `--state` names: terraform in the folder of an initialized stack, or a file that terraform printed.
 * @param printed what a file may hold, such as `what terraform output -json printed`
 * @throws UsageError where there is nothing, or no JSON
 */
export async function openGivenState(
  context: CommandContext,
  state: string,
  printed: string,
): Promise<
  { readonly kind: "stack"; readonly terraform: Terraform } | { readonly kind: "file"; readonly document: unknown }
> {
  const path = resolve(state);
  if (!existsSync(path))
    throw new UsageError(
      `--state is ${state}, and there is no such file or folder; allowed: the folder of an initialized stack, or ` +
        `a file with ${printed}.`,
    );
  if (!statSync(path).isDirectory()) return { kind: "file", document: readJson(path, "state") };
  const environment = await provideTools(["terraform", "provider"], context);
  const folder = join(deploymentFolder(context), ".quickturn");
  const env = terraformEnvironment(environment, findProviderSource(environment), folder);
  return { kind: "stack", terraform: new Terraform({ directory: path, env, signal: context.signal }) };
}
