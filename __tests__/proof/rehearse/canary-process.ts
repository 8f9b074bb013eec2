import { SILENT } from "../../../scripts/kit/context";
import { keepProvider } from "../../../scripts/emulator/kept-provider";
import { killTree } from "../../support/process-tree";
import { Terraform } from "../../../scripts/kit/terraform";
import { optionsOf, runCanary } from "./local-canary";
import { KILLED_CANARY, type FromCanary, type ToCanary, type CanaryProcessInput } from "./killable-canary";

/**
 * The entry of a process that runs one canary, and that can be killed with all that it starts: terraform, and a
 * provider of its own. It is given a {@link CanaryProcessInput} as its one argument.
 */
async function main({ place, vars, terraformEnvironment: env }: CanaryProcessInput): Promise<void> {
  const directory = place.stackDirectory;
  const provider = await keepProvider({ directory, env });
  try {
    const terraform = new Terraform({ directory, env: { ...env, ...provider.variables } });
    const { exitCode, text } = await runCanary({ terraform, place }, optionsOf("start", vars, KILLED_CANARY), {
      at: (phase) => send({ at: phase }),
      applied,
      progress: SILENT,
      signal: new AbortController().signal,
    });
    send({ exitCode, text });
  } finally {
    await provider.stop();
  }
}

/** The local runtime serves what was applied; AWS would by itself. */
function applied(): Promise<void> {
  const served = new Promise<void>((resolve) =>
    process.once("message", (message: ToCanary) => void (message.served && resolve())),
  );
  send({ applied: true });
  return served;
}

function send(message: FromCanary): void {
  process.send?.(message);
}

// The parent has gone: end terraform and the provider too.
process.once("disconnect", () => killTree(process.pid));
void main(JSON.parse(process.argv[2] ?? "{}") as CanaryProcessInput)
  .catch((error: unknown) => send({ failed: error instanceof Error ? error.message : String(error) }))
  .finally(() => process.removeAllListeners("disconnect").disconnect());
