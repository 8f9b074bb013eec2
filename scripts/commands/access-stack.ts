import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAgentServer, type AgentBehaviour, type AgentCall } from "../tools/agent-server";
import { LocalIssuer } from "../tools/local-issuer";
import { LocalStack, type LocalStackOptions } from "./local-stack";
import type { CommandContext } from "./context";

export interface AccessStackOptions extends Pick<LocalStackOptions, "vars" | "keep"> {
  /** What the only agent answers. */
  readonly agent: (call: AgentCall) => AgentBehaviour;
}

/**
 * Gives `use` a running stack that can be flipped to every access mode, and the issuer of its callers' tokens; nothing
 * of it stays.
 */
export async function withAccessStack<T>(
  context: CommandContext,
  { agent, ...options }: AccessStackOptions,
  use: (stack: LocalStack, issuer: LocalIssuer) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-issuer-"));
  const undo: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const server = await startAgentServer(agent);
    undo.push(() => server.stop());
    const issuer = await LocalIssuer.start({ directory: folder, env: context.environment });
    undo.push(() => issuer.stop());
    const agents = [{ name: "echo", kind: "http", target: `${server.url}/echo`, timeout_seconds: 10, phases: [1] }];
    const runtime = async () => ({ processVariables: { NODE_EXTRA_CA_CERTS: issuer.certificate } });
    return await LocalStack.with(context, { ...options, settings: { agents }, runtime }, (stack) => use(stack, issuer));
  } finally {
    for (const step of undo.reverse()) await step();
  }
}
