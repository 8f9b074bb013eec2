import { join } from "node:path";
import { findProviderSource, providerVariables } from "../tools/terraform-environment";
import { FOR_EMULATOR } from "../tools/throw-away";
import type { CommandContext, CommandResult } from "./context";

export interface EnvOptions {
  /** Loopback address of an emulator to point terraform at. Default: the account of the environment's credentials. */
  readonly emulator?: string;
}

/** Prints the variables that let `terraform` and `npx cdktf` run by themselves, as a shell takes them. */
export function env({ projectDirectory, environment }: CommandContext, { emulator }: EnvOptions): CommandResult {
  const source = findProviderSource(environment);
  const variables: Record<string, string> = {
    ...providerVariables(source, join(projectDirectory, ".quickturn")),
    CHECKPOINT_DISABLE: "1",
    // With a mirror, cdktf would still ask the public registry for checksums.
    ...(source.kind === "registry" ? {} : { CDKTF_SKIP_PROVIDER_LOCK: "true" }),
    ...(emulator ? { AWS_ENDPOINT_URL: emulator, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1", ...settingsFor(FOR_EMULATOR) } : {}),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  return { exitCode: 0, text: lines.join("\n"), json: variables };
}

function settingsFor(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`TF_VAR_${name}`, JSON.stringify(value)]));
}

function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
