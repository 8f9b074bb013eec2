import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What an agent does with one call. */
export type AgentBehaviour =
  | { readonly kind: "answer"; readonly delayMs: number; readonly text: string }
  /** Answers with an HTTP error. */
  | { readonly kind: "refuse"; readonly status: number; readonly retryAfterSeconds?: number }
  /** Resets the connection. */
  | { readonly kind: "reset" }
  /** Never answers. */
  | { readonly kind: "hang" };

/** A call of an agent. */
export interface AgentCall {
  /** Last part of the path that was called. */
  readonly agent: string;
  readonly prompt: string;
  /** Names of the agents whose answers it was given. */
  readonly answersOf: readonly string[];
  /** Header Authorization: the agent's secret, where it has one. */
  readonly authorization: string | undefined;
}

/** Counts of an {@link AgentServer}. */
export interface AgentServerStatistics {
  readonly calls: number;
  /** Calls that were answered to the end. */
  readonly answered: number;
  /** Calls whose caller closed the connection first. */
  readonly aborted: number;
  /** Calls that are open now. */
  readonly open: number;
}

/** Agents of kind `http` on loopback: `<url>/<name>` is one. */
export interface AgentServer {
  readonly url: string;
  statistics(): AgentServerStatistics;
  stop(): Promise<void>;
}

/** Starts agents that do as `behave` says, once it says so. */
export async function startAgentServer(
  behave: (call: AgentCall) => AgentBehaviour | Promise<AgentBehaviour>,
): Promise<AgentServer> {
  const counts = { calls: 0, answered: 0, aborted: 0, open: 0 };
  const server = createServer((request, response) => {
    counts.calls += 1;
    counts.open += 1;
    response.once("close", () => {
      counts.open -= 1;
      if (response.writableFinished) counts.answered += 1;
      else counts.aborted += 1;
    });
    void readCall(request)
      .then(behave)
      .then(
        (behaviour) => perform(behaviour, request, response),
        () => request.destroy(),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    statistics: () => ({ ...counts }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readCall(request: IncomingMessage): Promise<AgentCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { prompt, context } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
    prompt: string;
    context: { answers: readonly { name: string }[] };
  };
  return {
    agent: decodeURIComponent(request.url?.split("/").at(-1) ?? ""),
    prompt,
    answersOf: context.answers.map(({ name }) => name),
    authorization: request.headers.authorization,
  };
}

function perform(behaviour: AgentBehaviour, request: IncomingMessage, response: ServerResponse): void {
  if (behaviour.kind === "hang") return;
  if (behaviour.kind === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  if (behaviour.kind === "refuse") {
    const { status, retryAfterSeconds } = behaviour;
    response
      .writeHead(status, retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) })
      .end();
    return;
  }
  const timer = setTimeout(() => {
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ answer: behaviour.text, usage: { inputTokens: 10, outputTokens: 5 } }));
  }, behaviour.delayMs);
  response.once("close", () => clearTimeout(timer));
}
