import { join } from "node:path";
import { DEFAULT_ENVIRONMENT } from "../../stacks/contract/outputs";
import { findProviderSource, providerVariables } from "../kit/terraform-environment";
import { FOR_EMULATOR, isLoopback } from "../kit/loopback";
import { provideTools } from "../kit/toolchain/toolchain";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { deploymentFolder } from "../kit/deployment-folder";

interface EnvOptions {
  /** Loopback address of an emulator for terraform to use. Default: the account of the environment's credentials. */
  readonly emulator?: string;
}

/** Prints the variables that let `terraform` and `npx cdktf` run by themselves, as a shell takes them. */
export async function env(context: CommandContext, { emulator }: EnvOptions): Promise<CommandResult> {
  const { env: name = DEFAULT_ENVIRONMENT } = context;
  if (emulator !== undefined && !isLoopback(emulator))
    throw new UsageError(
      `--emulator is ${JSON.stringify(emulator)}; allowed: an address of this machine, such as ` +
        "http://127.0.0.1:5000, so that no account is meant.",
    );
  const search = emulator === undefined ? {} : { search: true };
  const environment = await provideTools(["terraform", "provider"], context, search);
  const source = findProviderSource(environment, search);
  const variables: Record<string, string> = {
    ...providerVariables(source, join(deploymentFolder(context), ".quickturn")),
    // What was fetched is on no PATH yet.
    ...(environment["PATH"] !== context.environment["PATH"] && { PATH: environment["PATH"] }),
    CHECKPOINT_DISABLE: "1",
    ...(name === DEFAULT_ENVIRONMENT ? {} : { QUICKTURN_ENV: name }),
    // With a mirror, cdktf would still ask the public registry for checksums.
    ...(source.kind === "registry" ? {} : { CDKTF_SKIP_PROVIDER_LOCK: "true" }),
    ...(emulator
      ? {
          AWS_ENDPOINT_URL: emulator,
          AWS_ACCESS_KEY_ID: "test",
          AWS_SECRET_ACCESS_KEY: "test",
          AWS_REGION: "us-east-1",
          ...Object.fromEntries(
            Object.entries(FOR_EMULATOR).map(([setting, value]) => [`TF_VAR_${setting}`, JSON.stringify(value)]),
          ),
        }
      : {}),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  return { exitCode: 0, text: lines.join("\n"), json: variables };
}

function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
