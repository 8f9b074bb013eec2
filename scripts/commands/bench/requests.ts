import { setTimeout as wait } from "node:timers/promises";
import type { AgentApiClient } from "../../tools/agent-api-client";

/** Milliseconds between two looks at a request that has not ended. */
const POLL_MS = 500;

/** A request's answer once it has ended well, as the status route gives it. */
export interface CompletedRequest {
  readonly status: "completed";
  readonly result: unknown;
}

/** The setting `agents`, for an apply. */
export const agentsVar = (agents: readonly object[]): string => `agents=${JSON.stringify(agents)}`;

/** Begins a request. @returns its id @throws Error where it is not accepted */
export async function beginRequest(client: Pick<AgentApiClient, "invoke">, prompt: string): Promise<string> {
  const { status, body } = await client.invoke(prompt);
  const { request_id: id } = (body ?? {}) as { request_id?: string };
  if (id === undefined)
    throw new Error(`The invocation was answered ${status}: ${JSON.stringify(body)}; expected 202 with a request_id`);
  return id;
}

/** Polls until a request has completed. @throws Error where it ends otherwise */
export async function completed(
  client: Pick<AgentApiClient, "status">,
  id: string,
  sleep: (ms: number) => Promise<unknown> = wait,
): Promise<CompletedRequest> {
  for (;;) {
    const body = ((await client.status(id)).body ?? {}) as { status?: string; result?: unknown };
    if (body.status === "completed") return body as CompletedRequest;
    if (body.status !== "queued" && body.status !== "processing")
      throw new Error(`Request ${id} ended ${String(body.status)}; expected completed`);
    await sleep(POLL_MS);
  }
}
