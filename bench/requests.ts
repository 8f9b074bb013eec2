import { setTimeout as wait } from "node:timers/promises";
import type { AgentApiClient } from "../scripts/kit/api-client";

/** Milliseconds between two polls of a request that has not ended. */
const POLL_MS = 500;

/** An agent that answers at once. */
export const ECHO = { name: "echo", kind: "scripted", target: "1ms done", phases: [1] };

/** The setting `agents`, for an apply. */
export const agentsSetting = (agents: readonly object[]): string => `agents=${JSON.stringify(agents)}`;

/** Sends a prompt. @returns the id of its request @throws Error where it is not accepted */
export async function beginRequest(client: Pick<AgentApiClient, "invoke">, prompt: string): Promise<string> {
  const { status, body } = await client.invoke(prompt);
  const { request_id: id } = (body ?? {}) as { request_id?: string };
  if (id === undefined)
    throw new Error(`The invocation was answered ${status}: ${JSON.stringify(body)}; expected 202 with a request_id`);
  return id;
}

/** Polls until a request has completed. @returns its result @throws Error where it ends otherwise */
export async function awaitResult(
  client: Pick<AgentApiClient, "status">,
  id: string,
  sleep: (ms: number) => Promise<unknown> = wait,
): Promise<unknown> {
  for (;;) {
    const { status, result } = ((await client.status(id)).body ?? {}) as { status?: string; result?: unknown };
    if (status === "completed") return result;
    if (status !== "queued" && status !== "processing")
      throw new Error(`Request ${id} ended ${String(status)}; expected completed`);
    await sleep(POLL_MS);
  }
}
