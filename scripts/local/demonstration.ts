import { setTimeout as sleep } from "node:timers/promises";
import type { AgentApiClient, ApiResponse } from "../kit/api-client";

/** The prompt of the demonstration's requests. */
export const PROMPT = "Flight EY123 delayed 3 hours";

/** Seven agents with delays like a small model's, in two phases. The agents of a phase may run at once. */
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

/** Milliseconds between two polls: far below the cache's TTL, so that some polls hit the cache. */
const POLL_MS = 250;

/** Milliseconds after which a request counts as failed. */
const DEADLINE_MS = 90_000;

/** Polls of a request that has ended. */
const POLLS_AFTERWARDS = 10;

/** How one request went. */
export interface Trial {
  readonly requestId: string;
  /** HTTP status of the invocation: 202. */
  readonly accepted: number;
  /** Milliseconds until the invocation was answered. */
  readonly acceptedMs: number;
  readonly status: string;
  /** Milliseconds that the worker needed for all agents. */
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
  /** Hits among ten further polls after the end, each of which should be one within the cache's TTL. */
  readonly hitsAfterwards: number;
}

/**
 * Posts a request and polls until it has ended.
 * @param cacheHeader header that says whether the cache answered
 * @param onStatus is called with the status of each poll
 * @throws Error where an answer is unexpected, or the request does not end in time
 */
export async function runTrial(
  client: AgentApiClient,
  cacheHeader: string,
  onStatus: (status: string) => void,
): Promise<Trial> {
  const started = performance.now();
  const accepted = await client.invoke(PROMPT);
  const acceptedMs = Math.round(performance.now() - started);
  const { request_id: requestId } = accepted.body as { request_id?: string };
  if (accepted.status !== 202 || requestId === undefined)
    throw new Error(`The invocation was answered ${accepted.status} instead of 202: ${JSON.stringify(accepted.body)}`);
  const isHit = ({ headers }: ApiResponse) => headers.get(cacheHeader) === "hit";
  let [polls, cacheHits] = [0, 0];
  for (;;) {
    await sleep(POLL_MS);
    const answer = await client.status(requestId);
    polls += 1;
    if (isHit(answer)) cacheHits += 1;
    const progress = readProgress(answer);
    onStatus(progress.status);
    if (progress.status === "completed" || progress.status === "failed") {
      let hitsAfterwards = 0;
      for (let poll = 0; poll < POLLS_AFTERWARDS; poll++)
        if (isHit(await client.status(requestId))) hitsAfterwards += 1;
      return { requestId, accepted: accepted.status, acceptedMs, polls, cacheHits, hitsAfterwards, ...progress };
    }
    if (performance.now() - started > DEADLINE_MS)
      throw new Error(`Request ${requestId} is still ${progress.status} after ${DEADLINE_MS / 1_000} s`);
  }
}

function readProgress({ status: code, body }: ApiResponse): Pick<Trial, "status" | "agents" | "agentsMs"> {
  if (code !== 200) throw new Error(`A poll was answered ${code} instead of 200: ${JSON.stringify(body)}`);
  const { status, result } = body as {
    status: string;
    result?: { agents?: Trial["agents"]; duration_ms?: number };
  };
  return { status, agents: result?.agents ?? [], agentsMs: Math.round(result?.duration_ms ?? 0) };
}
