import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient, ApiResponse } from "../kit/api-client";

/** The question that the local runtime is shown with. */
export const PROMPT = "Flight EY123 delayed 3 hours";

/**
 * Seven agents with delays like those of a small model, in two phases, each phase all at once where that is allowed.
 */
export const AGENTS = [
  ["flight_operations", 900, "New departure 17:45; slot confirmed, crew duty time ends 21:30."],
  ["rebooking", 1_200, "42 passengers miss a connection; 38 seats held on EY125."],
  ["passenger_care", 700, "Meal vouchers for 186; lounge for 14."],
  ["baggage", 600, "31 bags to be moved to EY125."],
  ["crew", 800, "Crew stays legal until 21:30; reserve captain on call."],
  ["compensation", 500, "Below the threshold of EU 261 for 183 passengers; 3 to review."],
  ["communication", 1_000, "SMS in 4 languages ready to send."],
].map(([name, milliseconds, answer]) => ({
  name: String(name),
  kind: "scripted",
  target: `${milliseconds}ms ${answer}`,
  timeout_seconds: 60,
  phases: [1, 2],
}));

/** Milliseconds between two polls: far below the cache's TTL, so that the cache has something to do. */
const POLL_MS = 250;

/** No demonstration takes longer; a request that does has gone wrong. */
const DEADLINE_MS = 90_000;

export interface Trial {
  readonly requestId: string;
  /** HTTP status of the invocation: 202. */
  readonly accepted: number;
  /** Milliseconds until the invocation was answered. */
  readonly acceptedMs: number;
  readonly status: string;
  /** What the worker needed for all agents, in milliseconds. */
  readonly agentsMs: number;
  readonly agents: readonly {
    readonly name: string;
    readonly phase: number;
    readonly status: string;
    readonly duration_ms: number;
    readonly answer?: string;
  }[];
  readonly polls: number;
  /** Polls that the cache answered. */
  readonly cacheHits: number;
}

/** Posts a request and polls until it has ended. */
export async function trial(
  client: AgentApiClient,
  cacheHeader: string,
  seen: (status: string) => void,
): Promise<Trial> {
  const started = performance.now();
  const accepted = await client.invoke(PROMPT);
  const acceptedMs = Math.round(performance.now() - started);
  const { request_id: requestId } = accepted.body as { request_id?: string };
  if (accepted.status !== 202 || requestId === undefined)
    throw new Error(`The invocation was answered ${accepted.status} instead of 202: ${JSON.stringify(accepted.body)}`);
  let [polls, cacheHits] = [0, 0];
  for (;;) {
    await sleep(POLL_MS);
    const answer = await client.status(requestId);
    polls += 1;
    if (answer.headers.get(cacheHeader) === "hit") cacheHits += 1;
    const { status } = statusOf(answer);
    seen(status);
    if (status === "completed" || status === "failed")
      return { requestId, accepted: accepted.status, acceptedMs, polls, cacheHits, ...ended(answer) };
    if (performance.now() - started > DEADLINE_MS)
      throw new Error(`Request ${requestId} is still ${status} after ${DEADLINE_MS / 1_000} s`);
  }
}

/** Polls an ended request again: every poll within the cache's TTL is a hit. @returns the hits */
export async function pollAgain(
  client: AgentApiClient,
  requestId: string,
  cacheHeader: string,
  times: number,
): Promise<number> {
  let hits = 0;
  for (let poll = 0; poll < times; poll++) {
    const answer = await client.status(requestId);
    if (answer.headers.get(cacheHeader) === "hit") hits += 1;
  }
  return hits;
}

function ended(answer: ApiResponse): Pick<Trial, "status" | "agents" | "agentsMs"> {
  const { status, result } = answer.body as {
    status: string;
    result?: { agents?: Trial["agents"]; duration_ms?: number };
  };
  return { status, agents: result?.agents ?? [], agentsMs: Math.round(result?.duration_ms ?? 0) };
}

function statusOf({ status, body }: ApiResponse): { status: string } {
  if (status !== 200) throw new Error(`A poll was answered ${status} instead of 200: ${JSON.stringify(body)}`);
  return body as { status: string };
}
