import { setTimeout as sleep } from "node:timers/promises";
import type { CallerRequest } from "./rehearsal";
import { isTerminal } from "../soak/history";
import type { AgentApiClient } from "../../../scripts/kit/api-client";

interface SteadyLoadOptions {
  /** In turn. */
  readonly clients: readonly AgentApiClient[];
  /** Requests that begin each second, at most: none while {@link MAX_OPEN} are open. */
  readonly requestsPerSecond: number;
  /** Milliseconds after which a caller gives up on a request. */
  readonly patienceMs: number;
  /** Milliseconds between two polls. */
  readonly pollMs: number;
}

/**
 * Callers at once. Each waits for its answer before somebody else asks: on a slow machine there are fewer requests
 * instead of ever longer queues, which would say something about the machine and nothing about the release.
 */
const MAX_OPEN = 8;

/**
 * Callers that go on and on: each posts once, and polls until its request has ended. Nothing is sent twice: what fails,
 * failed.
 */
export class SteadyLoad {
  /** Those that have ended. */
  readonly requests: CallerRequest[] = [];
  /** When it began, in milliseconds since 1970. */
  readonly begunAtMs = Date.now();
  private readonly open = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly began = performance.now();
  private readonly beginning: Promise<void>;
  private number = 0;

  constructor(private readonly options: SteadyLoadOptions) {
    this.beginning = this.run();
  }

  /** Milliseconds since the load began: the clock of its requests. */
  get nowMs(): number {
    return performance.now() - this.began;
  }

  /** Begins no more, and waits until each open request has its end. */
  async stop(): Promise<readonly CallerRequest[]> {
    this.stopping.abort();
    await this.beginning;
    await Promise.all(this.open);
    return this.requests;
  }

  private async run(): Promise<void> {
    const everyMs = 1_000 / this.options.requestsPerSecond;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if (this.open.size < MAX_OPEN) this.begin();
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private begin(): void {
    const { clients } = this.options;
    const client = clients[this.number % clients.length]!;
    const number = (this.number += 1);
    const one: Promise<void> = this.request(client, number).then((request) => {
      this.requests.push(request);
      this.open.delete(one);
    });
    this.open.add(one);
  }

  private async request(client: AgentApiClient, number: number): Promise<CallerRequest> {
    const startedMs = this.nowMs;
    const accepted = await client.invoke(`Question ${number}`).catch(() => undefined);
    const id = (accepted?.body as { request_id?: unknown } | undefined)?.request_id;
    const requestId = accepted?.status === 202 && typeof id === "string" ? id : undefined;
    const outcome =
      requestId === undefined
        ? `refused (${accepted?.status ?? "no answer"})`
        : await this.follow(client, requestId, startedMs);
    return { requestId, startedMs, durationMs: this.nowMs - startedMs, outcome };
  }

  /** Polls until the end; an answer that is none says nothing about the request. */
  private async follow(client: AgentApiClient, requestId: string, startedMs: number): Promise<string> {
    const { patienceMs, pollMs } = this.options;
    while (this.nowMs - startedMs < patienceMs) {
      await sleep(pollMs);
      const answer = await client.status(requestId).catch(() => undefined);
      const status = answer?.status === 200 ? (answer.body as { status?: string }).status : undefined;
      if (status !== undefined && isTerminal(status)) return status;
    }
    return "no end";
  }
}
