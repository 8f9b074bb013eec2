import { SILENT } from "../../../scripts/kit/context";
import { keepProvider } from "../../../scripts/emulator/kept-provider";
import { killTree } from "../../../scripts/kit/process";
import { Terraform } from "../../../scripts/kit/terraform";
import { optionsOf, runCanary } from "./killable-run";
import type { FromCanary, ToCanary, CanaryProcessInput } from "./killable-canary";

/**
 * The entry of a process that runs one canary, and that can be killed with all that it starts: terraform, and a
 * provider of its own. It is given a {@link CanaryProcessInput} as its one argument.
 */
async function main({ place, vars, terraformEnvironment: env }: CanaryProcessInput): Promise<void> {
  const directory = place.stackDirectory;
  const provider = await keepProvider({ directory, env });
  try {
    const terraform = new Terraform({ directory, env: { ...env, ...provider.variables } });
    const hooks = {
      at: (phase: string) => tell({ at: phase } as FromCanary),
      applied,
      progress: SILENT,
      signal: new AbortController().signal,
    };
    const { exitCode, text } = await runCanary(place, optionsOf("start", vars), terraform, hooks);
    tell({ exitCode, text });
  } finally {
    await provider.stop();
  }
}

/** The local runtime serves what was applied; AWS would by itself. */
function applied(): Promise<void> {
  const served = new Promise<void>((resolve) =>
    process.once("message", (message: ToCanary) => void (message.served && resolve())),
  );
  tell({ applied: true });
  return served;
}

function tell(message: FromCanary): void {
  process.send?.(message);
}

// Nobody waits for it any more: nothing of it may stay.
process.once("disconnect", () => killTree(process.pid));
void main(JSON.parse(process.argv[2] ?? "{}") as CanaryProcessInput)
  .catch((error: unknown) => tell({ failed: error instanceof Error ? error.message : String(error) }))
  .finally(() => process.removeAllListeners("disconnect").disconnect());
