import { setTimeout as sleep } from "node:timers/promises";
import type { Observation, RequestHistory } from "../judges/history";
import type { AgentApiClient, ApiResponse } from "../tools/agent-api-client";

/** How the callers behave. */
export interface LoadOptions {
  readonly clients: readonly AgentApiClient[];
  readonly requests: number;
  /** How many callers ask at once. */
  readonly concurrency: number;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /** Milliseconds after which a caller gives up on a request: it is stuck. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  /** Told how many requests have ended. */
  readonly onEnded: (ended: number) => void;
}

/** Share of requests that belong to one of {@link SESSIONS} conversations. */
const SESSION_SHARE = 0.1;
const SESSIONS = 20;
/** Share of requests that are sent twice at the same time, as an impatient caller does. */
const TWICE_SHARE = 0.05;

const POST_TRIES = 20;
const POLL_MS = 1_000;
/** Polls after the end: it must stay what it is. */
const POLLS_AFTER_END = 1;

interface Recorded {
  readonly nonce: string;
  readonly ids: string[];
  readonly seen: Observation[];
  readonly refusals: string[];
}

/**
 * Sends requests as careful callers do: each with a key, again where the answer is lost or says so, and polls until the
 * end.
 */
export async function runLoad(options: LoadOptions): Promise<RequestHistory[]> {
  const histories: RequestHistory[] = [];
  let next = 0;
  let ended = 0;
  const caller = async (client: AgentApiClient) => {
    while (next < options.requests && !options.signal.aborted) {
      histories.push(await one(client, (next += 1), options));
      options.onEnded((ended += 1));
    }
  };
  await Promise.all(
    Array.from({ length: options.concurrency }, (_, index) => caller(options.clients[index % options.clients.length]!)),
  );
  return histories;
}

async function one(client: AgentApiClient, number: number, options: LoadOptions): Promise<RequestHistory> {
  const { random } = options;
  const recorded: Recorded = {
    nonce: `nonce-${number}-${Math.floor(random() * 1e9).toString(36)}`,
    ids: [],
    seen: [],
    refusals: [],
  };
  const sessionId = random() < SESSION_SHARE ? `talk-${Math.floor(random() * SESSIONS)}` : undefined;
  const post = () => accept(client, recorded, sessionId, options);
  await (random() < TWICE_SHARE ? Promise.all([post(), post()]) : post());
  if (recorded.ids.length > 0) await poll(client, recorded, options);
  return recorded;
}

async function accept(
  client: AgentApiClient,
  recorded: Recorded,
  sessionId: string | undefined,
  { random, signal }: LoadOptions,
): Promise<void> {
  const { nonce, ids, refusals } = recorded;
  for (let tried = 1; tried <= POST_TRIES && !signal.aborted; tried++) {
    const answer = await attempt(() =>
      client.invoke(`Say ${nonce}`, { idempotencyKey: nonce, ...(sessionId !== undefined && { sessionId }) }),
    );
    const id = (answer?.body as { request_id?: string } | undefined)?.request_id;
    if (answer?.status === 202 && id !== undefined) {
      ids.push(id);
      return;
    }
    refusals.push(String(answer?.status ?? "no answer"));
    await sleep((0.5 + random()) * Number(answer?.headers.get("retry-after") ?? 1) * 1_000);
  }
}

async function poll(
  client: AgentApiClient,
  { nonce, ids, seen }: Recorded,
  { random, patienceMs, signal }: LoadOptions,
): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  let afterEnd = 0;
  while (afterEnd <= POLLS_AFTER_END && performance.now() < giveUpAt && !signal.aborted) {
    await sleep((0.5 + random()) * POLL_MS);
    const answer = await attempt(() => client.status(ids[0]!));
    // 429 and 5xx say nothing about the request.
    if (answer === undefined || answer.status === 429 || answer.status >= 500) continue;
    const observation = observe(answer, nonce);
    seen.push(observation);
    if (["completed", "failed", "expired"].includes(observation.status)) afterEnd += 1;
  }
}

function observe({ status, body }: ApiResponse, nonce: string): Observation {
  if (status !== 200) return { status: String(status) };
  const {
    status: state,
    result,
    error,
  } = body as {
    status: string;
    result?: { answer?: string; agents?: readonly { status: string; answer?: string }[] };
    error?: { code: string };
  };
  const answers = (result?.agents ?? []).flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  const own = result?.answer?.includes(nonce) === true && answers.every((answer) => answer.includes(nonce));
  return { status: state, ...(error && { errorCode: error.code }), ...(state === "completed" && { holdsNonce: own }) };
}

/** Undefined where there is no answer at all. */
async function attempt(call: () => Promise<ApiResponse>): Promise<ApiResponse | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}
